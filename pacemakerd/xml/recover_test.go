package xml

import (
	"fmt"
	"strings"
	"testing"
)

// What libxml2 2.9.14 says of broken documents and what it makes of them, as
// crm_verify -V prints it.
func TestRecover(t *testing.T) {
	for _, c := range []struct{ in, want, defects string }{
		{"<a>\n <b>\n </c>\n</a>", "<a><b/></a>", "3:5 76 Opening and ending tag mismatch: b line 2 and c"},
		{"<a>\n <b x=>\n </b>\n</a>", "<a><b/></a>", `2:6 39 AttValue: " or ' expected`},
		{"<a x='1' x='2'/>", `<a x="1" x="2"/>`, "1:14 42 Attribute x redefined"},
		{`<a x="b&c"/>`, `<a x="b"/>`, "1:9 23 EntityRef: expecting ';'"},
		{"<a x/>", "<a/>", "1:4 41 Specification mandates value for attribute x"},
		{"<a/>\n<b/>", "<a/>", "2:0 5 Extra content at the end of the document"},
		{"<a><b>\n", "<a><b/></a>", "2:0 77 Premature end of data in tag b line 1"},
		{"<a x=\"1>", `<a x="1&gt;"/>`, "1:8 40 AttValue: ' expected|1:8 65 attributes construct error|1:8 73 Couldn't find end of Start Tag a line 1"},
		{"<a x=\"1\n<b/>", `<a x="1 "/>`, "2:0 38 Unescaped '<' not allowed in attributes values|2:0 65 attributes construct error|" +
			"2:0 73 Couldn't find end of Start Tag a line 1|2:0 5 Extra content at the end of the document"},
		{"<a>&foo;</a>", "<a/>", "1:8 26 Entity 'foo' not defined"},
		{"<a><!-- b -- c --></a>", "<a/>", "1:10 80 Double hyphen within comment: <!-- b "},
		{"hello", "", "1:0 4 Start tag expected, '<' not found"},
		{"", "", "1:0 4 Document is empty"},
		{"<a b=\"1\"><c/></a>", `<a b="1"><c/></a>`, ""},
	} {
		root, lines, defects := Recover([]byte(c.in))
		var got []string
		for _, d := range defects {
			got = append(got, fmt.Sprintf("%d:%d %d %s", d.Line, len(d.Mark)-1, d.Code, d.Text))
		}
		text := ""
		if root != nil {
			text = string(root.Compact())
			if lines[root] == 0 {
				t.Errorf("%q: the root has no line", c.in)
			}
		}
		if s := strings.Join(got, "|"); s != c.defects || text != c.want {
			t.Errorf("%q:\ngot  %s %s\nwant %s %s", c.in, text, s, c.want, c.defects)
		}
	}
}

// What Parse takes, Recover reads in the same way and finds nothing in it.
func FuzzRecover(f *testing.F) {
	f.Add([]byte(`<cib a="1&amp;"><b/><!-- c --></cib>`))
	f.Add([]byte("<a><b c=d><e></a>"))
	f.Add([]byte("<a>" + strings.Repeat("<b>", 300)))
	f.Fuzz(func(t *testing.T, b []byte) {
		root, _, defects := Recover(b)
		if doc, err := Parse(b); err == nil {
			for n := range doc.Walk() {
				n.Text = ""
			}
			if root == nil || len(defects) > 0 || string(root.Compact()) != string(doc.Compact()) {
				t.Errorf("%q: %v", b, defects)
			}
		}
	})
}
