package rules_test

import (
	"maps"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func parse(t *testing.T, text string) *xml.Element {
	t.Helper()
	n, err := xml.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValues(t *testing.T) {
	for s, want := range map[string]int64{"": 0, "10": 10_000, "10s": 10_000, " 1.5 m": 60_000, "7ms": 7, "2H": 7_200_000, "PT1M": 60_000, "x": 0, "-3s": 0} {
		if got := rules.Interval(s); got != want {
			t.Errorf("Interval(%q) = %d, want %d", s, got, want)
		}
	}
	var said []string
	e := &rules.Evaluator{Colours: rules.Colours{Red: -rules.Infinity, Green: 5}, Report: func(p rules.Problem) { said = append(said, p.Text) }}
	for s, want := range map[string]int{"": 0, "7": 7, "+INFINITY": rules.Infinity, "-2000000": -rules.Infinity, "Red": -rules.Infinity, "green": 5} {
		if got := e.Score(s); got != want {
			t.Errorf("Score(%q) = %d, want %d", s, got, want)
		}
	}
	if len(said) > 0 {
		t.Errorf("said %q", said)
	}
	if got := e.Score("3 apples"); got != 3 || len(said) != 1 || said[0] != "Characters left over after parsing '3 apples': ' apples'" {
		t.Errorf("got %d and %q", got, said)
	}
	if got := rules.AddScores(rules.Infinity, -rules.Infinity); got != -rules.Infinity {
		t.Errorf("a ban is outweighed: %d", got)
	}
}

func TestHolds(t *testing.T) {
	now := time.Date(2024, 2, 1, 12, 0, 0, 0, time.UTC)
	f := &rules.Facts{Attrs: map[string]string{"a": "9", "v": "1.10", "disk-x": "1"}, Role: rules.RolePromoted,
		Agent: &rules.Agent{Class: "ocf", Provider: "p", Type: "T"}, Op: &rules.Operation{Name: "monitor", MS: 10_000}, Groups: []string{"rsc-x", "x"}}
	for text, want := range map[string]bool{
		``: true,
		`<expression attribute="a" operation="lt" value="10"/>`:                                         true,
		`<expression attribute="a" operation="lt" value="10" type="string"/>`:                           false,
		`<expression attribute="v" operation="gt" value="1.9" type="version"/>`:                         true,
		`<expression attribute="disk-%1" operation="defined"/>`:                                         true,
		`<expression attribute="none" operation="not_defined"/>`:                                        true,
		`<expression attribute="#role" operation="eq" value="Master"/>`:                                 true,
		`<rsc_expression class="ocf" provider="p" type="T"/>`:                                           true,
		`<rsc_expression class="ocf" provider="q"/>`:                                                    false,
		`<op_expression name="monitor" interval="10"/>`:                                                 true,
		`<date_expression operation="gt" start="2024-01-31"/>`:                                          true,
		`<date_expression operation="in_range" start="2024-02-02" end="2024-03-01"/>`:                   false,
		`<date_expression operation="date_spec"><date_spec months="2" hours="9-17"/></date_expression>`: true,
	} {
		e := &rules.Evaluator{Now: now}
		if got := e.Holds(parse(t, `<rule boolean-op="and">`+text+`</rule>`), f); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestRecheck(t *testing.T) {
	start := time.Date(2024, 2, 2, 0, 0, 0, 0, time.UTC)
	var told time.Time
	e := &rules.Evaluator{Now: start.Add(-time.Hour), Recheck: func(at time.Time) { told = at }}
	if e.Holds(parse(t, `<rule><date_expression start="2024-02-02"/></rule>`), &rules.Facts{}) || !told.Equal(start) {
		t.Errorf("told %v", told)
	}
}

// TestCircle: rules that refer to each other come to an end without a budget.
func TestCircle(t *testing.T) {
	conf := parse(t, `<configuration><rule id="r" boolean-op="or"><rule id-ref="r"/><rule id-ref="r"/></rule></configuration>`)
	e := &rules.Evaluator{Index: rules.NewIndex(conf)}
	if e.Holds(conf.Child("rule"), &rules.Facts{}) {
		t.Error("it holds")
	}
}

func TestUnpack(t *testing.T) {
	conf := parse(t, `<configuration><rsc_defaults>
		<m id="low"><nvpair id="1" name="a" value="low"/><nvpair id="2" name="b" value="low"/></m>
		<m id="high" score="5"><nvpair id="3" name="a" value="high"/><nvpair id-ref="shared"/></m>
		<m id="not" score="INFINITY"><rule><expression attribute="x" operation="defined"/></rule><nvpair id="4" name="a" value="not"/></m>
	</rsc_defaults><other><nvpair id="shared" name="c" value="shared"/></other></configuration>`)
	e := &rules.Evaluator{Index: rules.NewIndex(conf)}
	for first, want := range map[string]map[string]string{
		"":    {"a": "high", "b": "low", "c": "shared"},
		"low": {"a": "low", "b": "low", "c": "shared"},
	} {
		got := make(map[string]string)
		e.Unpack(conf.Child("rsc_defaults"), "m", first, &rules.Facts{}, got, rules.KeepFirst)
		if !maps.Equal(got, want) {
			t.Errorf("first %q: %v", first, got)
		}
	}
}
