package crm

import (
	"bytes"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// newPlaces tells in which line of src the start tag of each element of doc
// ends, which is how libxml2 counts. doc is src, parsed.
func newPlaces(src []byte, doc *xml.Node) map[*xml.Node]int {
	lines := startTags(src)
	places := make(map[*xml.Node]int, len(lines))
	i := 0
	var walk func(n *xml.Node)
	walk = func(n *xml.Node) {
		if i < len(lines) {
			places[n] = lines[i]
		}
		i++
		for _, k := range n.Children {
			walk(k)
		}
	}
	walk(doc)
	return places
}

// startTags lists the lines in which the start tags of a well-formed document
// end.
func startTags(src []byte) (lines []int) {
	line := 1
	skip := func(n int) {
		n = min(n, len(src))
		line += bytes.Count(src[:n], []byte{'\n'})
		src = src[n:]
	}
	past := func(end string) {
		if i := bytes.Index(src, []byte(end)); i >= 0 {
			skip(i + len(end))
		} else {
			skip(len(src))
		}
	}
	for {
		i := bytes.IndexByte(src, '<')
		if i < 0 {
			return lines
		}
		skip(i)
		switch {
		case bytes.HasPrefix(src, []byte("<!--")):
			past("-->")
		case bytes.HasPrefix(src, []byte("<![CDATA[")):
			past("]]>")
		case bytes.HasPrefix(src, []byte("<?")), bytes.HasPrefix(src, []byte("<!")), bytes.HasPrefix(src, []byte("</")):
			past(">")
		default:
			quote, end := byte(0), len(src)
			for j, ch := range src {
				if quote != 0 {
					if ch == quote {
						quote = 0
					}
				} else if ch == '"' || ch == '\'' {
					quote = ch
				} else if ch == '>' {
					end = j + 1
					break
				}
			}
			skip(end)
			lines = append(lines, line)
		}
	}
}
