package xml

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/antchfx/xpath"
)

const small = `<cib epoch="1"><configuration><resources><group id="g"><primitive id="a" class="ocf"/><primitive id="b" class="lsb"/></group>` +
	`<primitive id="c"/></resources></configuration><status/></cib>`

func mustParse(t testing.TB, s string) *Element {
	t.Helper()
	n, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ids(found []*Element) string {
	var s []string
	for _, n := range found {
		s = append(s, n.ID())
	}
	return strings.Join(s, " ")
}

func TestSelectOrder(t *testing.T) {
	doc := mustParse(t, small)
	for expr, want := range map[string]string{
		"//primitive[@id='c'] | //primitive[@id='a']":           "a c",
		"//primitive/@class | //group":                          "g a b",
		"//primitive[last()]":                                   "b c",
		"//primitive[@id='b']/preceding-sibling::node()":        "a",
		"//primitive[@id='a']/following-sibling::primitive":     "b",
		"//primitive[contains(concat(@id, 'matches('), 'c')]":   "a b c", // a name in a text is no function
		"//primitive[not(ancestor::group) and (@id = 'c')]":     "c",
		"//primitive[position() = 1]":                           "a c",
		"//group/descendant-or-self::node()[self::primitive]":   "a b",
		"/cib/configuration/resources//*[@id][count(../*) > 1]": "g a b c",
		"(//primitive[@id])[1]":                                 "a",
		"/cib/configuration/resources/*[@id][2]":                "c",
		"//primitive[@id!='[x][1]'][last()][@id='b']":           "b",
	} {
		found, err := doc.Select(expr)
		if err != nil || ids(found) != want {
			t.Errorf("%s: %q, %v; want %q", expr, ids(found), err, want)
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	doc := mustParse(t, small)
	for expr, want := range map[string]string{
		"//primitive[matches(@id, 'a')]":         "no function matches",
		"//primitive[string-join (@id, 'a')]":    "no function string-join",
		"count(//primitive)":                     ErrXPathNoNodes.Error(),
		"//primitive[":                           "xpath",
		"":                                       "xpath",
		"//a" + strings.Repeat("/b", MaxXPath/2): ErrXPathTooLong.Error(),
	} {
		if _, err := doc.Select(expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", expr, err, want)
		}
	}
}

// TestSelectSteps: an expression whose cost grows with a power of the
// document's size is given up, the same way every time.
func TestSelectSteps(t *testing.T) {
	var b strings.Builder
	b.WriteString("<cib>")
	for i := range 200 {
		fmt.Fprintf(&b, `<a id="x%d"/>`, i)
	}
	b.WriteString("</cib>")
	doc := mustParse(t, b.String())
	expr := "//a[count(../a[count(../a) > 0]) > 0]"
	if found, err := doc.Select("//a"); err != nil || len(found) != 200 {
		t.Fatalf("%d, %v", len(found), err)
	}
	if _, err := doc.selectWithin(expr, 50_000); !errors.Is(err, ErrXPathTooCostly) {
		t.Errorf("%v, want %v", err, ErrXPathTooCostly)
	}
}

// breaker is a cursor whose document breaks the evaluator, as a fault of the
// evaluator itself would.
type breaker struct{ cursor }

func (b *breaker) Copy() xpath.NodeNavigator { panic("injected") }

func TestSelectPanic(t *testing.T) {
	steps := 100
	_, err := evaluate(&breaker{cursor{doc: mustParse(t, small), steps: &steps}}, "//primitive")
	if !errors.Is(err, ErrXPathPanic) || !strings.Contains(err.Error(), "injected") {
		t.Errorf("%v, want %v", err, ErrXPathPanic)
	}
}

func FuzzSelect(f *testing.F) {
	for _, expr := range []string{
		"//primitive[@id='a']", "/cib/configuration/resources/*[1]", "//node_state[@uname='n1']/lrm//lrm_rsc_op[@rc-code != 0]",
		"//*[@id and not(@class)] | //group", "//primitive[position() = last()]/..", "//@id[starts-with(., 'a')]",
		"//primitive[substring-after(@id, 'x') = translate('A', 'A', 'a')]/ancestor::*[2]", "//group/following::*/preceding::node()",
	} {
		f.Add(expr)
	}
	doc := mustParse(f, small)
	f.Fuzz(func(t *testing.T, expr string) {
		before := string(doc.Compact())
		start := time.Now()
		found, err := doc.selectWithin(expr, 100_000)
		if err == nil && len(found) > 8 {
			t.Errorf("%q picks %d of 7 elements", expr, len(found))
		}
		again, err2 := doc.selectWithin(expr, 100_000)
		if (err == nil) != (err2 == nil) || ids(found) != ids(again) {
			t.Errorf("%q: %v %v, then %v %v", expr, ids(found), err, ids(again), err2)
		}
		if string(doc.Compact()) != before {
			t.Errorf("%q changed the document", expr)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q took %v", expr, took)
		}
	})
}
