package crm

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// access shows a document with what a user may do with its elements.
type access struct {
	w    io.Writer
	form string // text, color or namespace
	of   map[*xml.Element]acl.Access
}

var (
	accessBanner = map[acl.Access]string{acl.Denied: "~DENIED~", acl.Readable: "READABLE", acl.Writable: "WRITABLE"}
	accessColor  = map[acl.Access]string{acl.Denied: "\x1b[31m", acl.Readable: "\x1b[34m", acl.Writable: "\x1b[32m"}
	accessPrefix = map[acl.Access]string{acl.Denied: "denied", acl.Readable: "readable", acl.Writable: "writable"}
)

const colorOff = "\x1b[0m"

func (a *access) show(n *xml.Element, depth int) {
	indent := strings.Repeat("  ", depth)
	if n.IsComment() {
		fmt.Fprintf(a.w, "%s", n.AppendFormat(nil, depth))
		return
	}
	mine := a.of[n]
	differs := depth == 0 || a.of[n.Parent] != mine
	name, on, off, more := n.Name, "", "", ""
	switch a.form {
	case "color":
		on, off = accessColor[mine], colorOff
	case "namespace":
		if differs {
			name = "pcmk-access-" + accessPrefix[mine] + ":" + name
		}
		if depth == 0 {
			used := map[acl.Access]bool{}
			for _, x := range a.of {
				used[x] = true
			}
			for _, x := range []acl.Access{acl.Writable, acl.Readable, acl.Denied} {
				if !used[x] {
					continue
				}
				p := accessPrefix[x]
				more += fmt.Sprintf(` xmlns:pcmk-access-%s="http://clusterlabs.org/ns/pacemaker/access/%s"`, p, p)
			}
		}
	default:
		if differs {
			if depth > 0 {
				fmt.Fprintf(a.w, "%s\n", indent)
			}
			fmt.Fprintf(a.w, "%svvv---[ %s ]---vvv\n", indent, accessBanner[mine])
		}
	}
	var tag strings.Builder
	tag.WriteString("<" + name)
	for _, at := range n.Attrs {
		fmt.Fprintf(&tag, ` %s="%s"`, at.Name, strings.ReplaceAll(string(xml.AppendEscaped(nil, at.Value)), "&apos;", "'"))
	}
	tag.WriteString(more)
	if len(n.Children) == 0 {
		fmt.Fprintf(a.w, "%s%s%s/>%s\n", indent, on, tag.String(), off)
		return
	}
	fmt.Fprintf(a.w, "%s%s%s>\n", indent, on, tag.String())
	for _, c := range n.Children {
		a.show(c, depth+1)
	}
	fmt.Fprintf(a.w, "%s%s</%s>%s\n", indent, on, name, off)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
