package status

import "strings"

// cgiHeader is what a web server wants above a page.
const cgiHeader = "Content-Type: text/html\n\n"

var htmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(text string) string { return htmlText.Replace(text) }

// headEL9 is all of a page of 2.1.5 above its body.
const headEL9 = `<!DOCTYPE html>
<html lang="en">
<head>
<title>Cluster Status</title>
<meta charset="utf-8">
<style>.bold { font-weight: bold }
.online { color: green }
.offline { color: red }
.maint { color: blue }
.standby { color: blue }
.health_red { color: red }
.health_yellow { color: GoldenRod }
.rsc-failed { color: red }
.rsc-failure-ignored { color: DarkGreen }
.rsc-managed { color: blue }
.rsc-multiple { color: orange }
.rsc-ok { color: green }
.warning { color: red; font-weight: bold }</style>
</head>
`

// An htmlNode is an element of such a page.
type htmlNode struct {
	name, class, text string
	children          []*htmlNode
}

func (n *htmlNode) add(name, class, text string) *htmlNode {
	child := &htmlNode{name: name, class: class, text: text}
	n.children = append(n.children, child)
	return child
}

// write breaks lines where libxml2 does: inside blocks with several children
// and between blocks.
func (n *htmlNode) write(b *strings.Builder) {
	b.WriteString("<" + n.name)
	if n.class != "" {
		b.WriteString(` class="` + n.class + `"`)
	}
	b.WriteString(">" + escape(n.text))
	broken := n.name != "span" && len(n.children) > 1
	if broken {
		b.WriteString("\n")
	}
	for i, child := range n.children {
		child.write(b)
		if child.name != "span" && i+1 < len(n.children) {
			b.WriteString("\n")
		}
	}
	if broken {
		b.WriteString("\n")
	}
	b.WriteString("</" + n.name + ">")
}
