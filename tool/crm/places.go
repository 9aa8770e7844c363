package crm

import (
	"bytes"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// newPlaces tells in which line of src the start tag of each element of doc
// ends, which is how libxml2 counts. doc is src, parsed.
func newPlaces(src []byte, doc *xml.Element) map[*xml.Element]int {
	places := map[*xml.Element]int{}
	for n, tag := range tagsOf(src, doc) {
		places[n] = tag.line
	}
	return places
}

// A startTag is where one stands in a text.
type startTag struct {
	start, end int // offsets of '<' and behind '>'
	line       int // in which it ends
}

// tagsOf finds the start tag of each element of doc, which is src, parsed.
func tagsOf(src []byte, doc *xml.Element) map[*xml.Element]startTag {
	tags := startTags(src)
	of := make(map[*xml.Element]startTag, len(tags))
	i := 0
	for n := range doc.Walk() {
		if i < len(tags) {
			of[n] = tags[i]
		}
		i++
	}
	return of
}

// startTags lists the start tags of a well-formed document.
func startTags(src []byte) (tags []startTag) {
	line, whole := 1, len(src)
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
			return tags
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
			start := whole - len(src)
			skip(end)
			tags = append(tags, startTag{start, whole - len(src), line})
		}
	}
}
