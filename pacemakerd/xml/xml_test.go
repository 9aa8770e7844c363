package xml

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

var roundTrips = []struct{ name, in, want string }{
	{"attribute order", `<a z="1" b="2"/>`, `<a z="1" b="2"/>`},
	{"empty element", `<a></a>`, `<a/>`},
	{"white space dropped", "<a>\n  <b/>\n</a>\n", `<a><b/></a>`},
	{"entities", `<a v="&lt;&gt;&amp;&quot;&apos;&#65;&#x42;"/>`, `<a v="&lt;&gt;&amp;&quot;&apos;AB"/>`},
	{"single quotes", `<a v='say "x"'/>`, `<a v="say &quot;x&quot;"/>`},
	{"newline in value", "<a v=\"x\ny\"/>", `<a v="x y"/>`},
	{"escaped newline", `<a v="x&#10;y"/>`, `<a v="x\ny"/>`},
	{"declaration and doctype", `<?xml version="1.0"?><!DOCTYPE ra SYSTEM "ra.dtd"><a/>`, `<a/>`},
	{"comment dropped", `<!-- x --><a><!-- y --><b/></a>`, `<a><b/></a>`},
	{"text", `<a> one &amp; two </a>`, `<a>one &amp; two</a>`},
	{"cdata", `<a><![CDATA[<x>]]></a>`, `<a>&lt;x&gt;</a>`},
	{"other scripts", `<a v="café &amp; &lt;b&gt;"/>`, `<a v="café &amp; &lt;b&gt;"/>`},
}

func TestParseAndWrite(t *testing.T) {
	for _, tt := range roundTrips {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := n.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParseSaysWhere(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", ``, `1:1: no element in the document`},
		{"cut", "<a>\n<b>", `2:4: the document ends inside <b>`},
		{"twice", "<a\n x='1' x='2'/>", `2:9: attribute "x" of <a> given twice`},
		{"two roots", `<a/><b/>`, `1:5: second root element`},
		{"no quotes", `<a x=1/>`, `1:6: value of attribute "x" is not in quotes`},
		{"wrong end", `<a></b>`, `1:6: expected </a>`},
		{"longer end", `<a></ab>`, `1:6: expected </a>`},
		{"lt in value", `<a x="<"/>`, `1:7: '<' in the value of attribute "x"; write &lt;`},
		{"bare ampersand", `<a x="a&b"/>`, `1:8: '&' without an entity; write &amp;`},
		{"bad utf-8", "<a x=\"\xff\"/>", `1:7: byte 0xff is not UTF-8`},
		{"no blank", `<a x="1"y="2"/>`, `1:9: expected white space before the next attribute of <a>`},
		{"entity bomb", `<!DOCTYPE a [<!ENTITY x "y">]><a/>`, `1:1: a document type with declarations of its own is not supported`},
		{"depth", strings.Repeat("<a>", 300), `1:769: more than 256 elements inside each other`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.in))
			var se *SyntaxError
			if !errors.As(err, &se) || se.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// FuzzParse checks that no input panics, and that what parses comes back the
// same from its own text.
func FuzzParse(f *testing.F) {
	for _, tt := range roundTrips {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseKeepingComments(b)
		if err != nil {
			return
		}
		text := n.Compact()
		again, err := ParseKeepingComments(text)
		if err != nil {
			t.Fatalf("%q became %q: %v", b, text, err)
		}
		if second := again.Compact(); string(second) != string(text) {
			t.Errorf("%q became %q, then %q", b, text, second)
		}
	})
}

func TestSelect(t *testing.T) {
	doc, err := Parse([]byte(`<cib><configuration><resources><group id="g"><primitive id="a"/><primitive id="b" class="ocf"/></group></resources></configuration></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ expr, want string }{
		{"//primitive", "a b"},
		{"//primitive[@id='b']", "b"},
		{"/cib/configuration/resources/group", "g"},
		{"//group/primitive[@class]", "b"},
		{"//primitive[not(@class)]", "a"},
		{"//nothing", ""},
		{"//primitive[@id='a']/..", "g"},
	} {
		found, err := doc.Select(tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, n := range found {
			ids = append(ids, n.ID())
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s selects %q, want %q", tt.expr, got, tt.want)
		}
	}
	if _, err := doc.Select("//["); err == nil {
		t.Error("a broken expression compiled")
	}
}

// TestDiffThenApply makes random changes to a tree and expects the patch
// between the two versions to turn one into the other.
func TestDiffThenApply(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		old := New("cib", "epoch", "1")
		for i := range 8 {
			c := old.Append(New("e"+strconv.Itoa(i%2), "id", strconv.Itoa(i)))
			for j := range rng.IntN(4) {
				c.Append(New("nv", "id", strconv.Itoa(i)+"-"+strconv.Itoa(j), "v", strconv.Itoa(rng.IntN(3))))
			}
		}
		new := old.Clone()
		for range rng.IntN(6) {
			mutate(rng, new)
		}
		new.Set("epoch", "2")
		got := old.Clone()
		patch := Diff(old, new)
		if err := Apply(got, patch); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !Equal(got, new) {
			t.Fatalf("seed %d:\nold  %s\nnew  %s\ngot  %s\npatch %s", seed, old, new, got, patch)
		}
	}
}

func mutate(rng *rand.Rand, doc *Element) {
	var all []*Element
	for n := range doc.Walk() {
		if n != doc {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return
	}
	n := all[rng.IntN(len(all))]
	switch rng.IntN(4) {
	case 0:
		n.Remove()
	case 1:
		n.Set("v", strconv.Itoa(rng.IntN(100)))
	case 2:
		n.Insert(rng.IntN(3), New("nv", "id", "new"+strconv.Itoa(rng.IntN(1000000))))
	case 3:
		p := n.Parent
		n.Remove()
		p.Insert(rng.IntN(len(p.Children)+1), n)
	}
}

func TestDigests(t *testing.T) {
	// The values of pacemaker-cluster.md 7.2.
	if got := DigestParameters(nil); got != "f2317cad3d54cec5d7d7aa7d0bf35cf8" {
		t.Errorf("empty parameters: %s", got)
	}
	got := DigestParameters([]Attr{{"passwd", "pw"}, {"pcmk_host_list", "pk1 pk2"}, {"hosts", "pk1 pk2"}, {"CRM_meta_timeout", "20000"}})
	if got != "11de613e97981f9be59e507a9fb192eb" {
		t.Errorf("f1 monitor: %s", got)
	}
}
