package crm

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// show7 runs the simulation and prints it as 1.1.20 does.
func (s *simulation) show7(cib *xml.Node) int { return s.show9(cib) }
