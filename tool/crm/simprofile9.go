package crm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// profile9 plans for each XML file of a folder, the last name first, and tells
// how long that took. A folder that cannot be read has no files.
func (s *simulation) profile9() int {
	s.when = time.Now()
	var files []string
	entries, _ := os.ReadDir(s.env.Path(s.folder)) // by name
	for _, e := range slices.Backward(entries) {
		if name := e.Name(); filepath.Ext(name) == ".xml" && name[0] != '.' {
			files = append(files, filepath.Join(s.env.Path(s.folder), name))
		}
	}
	e := xml.New("timings")
	w := &status.Writer9{W: s.env.Stdout, Fancy: s.fancy || !s.scores && !s.utilization}
	inXML := s.output == "xml"
	for i, file := range files {
		shown := s.folder + "/" + filepath.Base(file)
		took := s.profileOne(file, shown).Seconds()
		if inXML {
			e.Append(xml.New("timing", "file", shown, "duration", strconv.FormatFloat(took, 'f', 6, 64)))
			continue
		}
		if i == 0 {
			w.Begin("Timings")
		}
		w.Line("%s", fmt.Sprintf("Testing %s ... %.2f secs", shown, took))
	}
	if inXML {
		root := s.resultXML()
		if len(e.Children) > 0 {
			root.Append(e)
		}
		s.endXML(root, 0, "")
	}
	return 0
}

// profileOne plans for a file as often as asked for and returns how long the
// planning took. What is no CIB is passed over.
func (s *simulation) profileOne(file, shown string) time.Duration {
	begin := time.Now()
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	s.src = readSource(shown, b)
	s.src.tellDefects(s.env, s.verbose)
	if s.src.doc == nil || s.conforms(s.src.doc) != 0 {
		return time.Since(begin)
	}
	begin = time.Now()
	for range max(s.repeat, 1) {
		if _, err := pengine.Plan(s.src.doc, s.options()); err != nil {
			s.env.Errorf("%s: %v\n", shown, err)
			break
		}
	}
	return time.Since(begin)
}
