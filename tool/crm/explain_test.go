package crm

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// explained is a configuration that is sound until something in it is replaced.
const explained = `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0" crm_feature_set="3.16.2">
  <configuration>
    <crm_config>
      <cluster_property_set id="opts"><nvpair id="opts-s" name="stonith-enabled" value="false"/></cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="alpha"/>
      <node id="2" uname="beta"/>
    </nodes>
    <resources>
      <primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
        <instance_attributes id="vip-ia">
          <nvpair id="vip-ip"
                  name="ip" value="10.0.0.1"/>
        </instance_attributes>
        <operations><op id="vip-mon" name="monitor" interval="10s"/></operations>
      </primitive>
      <clone id="ping-clone"><primitive id="ping" class="ocf" provider="pacemaker" type="ping"/></clone>
    </resources>
    <constraints>
      <rsc_location id="loc" rsc="vip" node="alpha" score="INFINITY"/>
      <rsc_colocation id="col" rsc="vip" with-rsc="ping-clone" score="INFINITY"/>
      <rsc_order id="ord"><resource_set id="set"><resource_ref id="vip"/></resource_set></rsc_order>
    </constraints>
    <fencing-topology/>
  </configuration>
  <status/>
</cib>
`

func explain(t *testing.T, text string, args ...string) (out, errs string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &tool.Env{Name: "crm_verify", Args: append([]string{"-p"}, args...), Profile: conf.EL9,
		Stdin: strings.NewReader(text), Stdout: &stdout, Stderr: &stderr}
	code = Verify(context.Background(), env)
	return stdout.String(), stderr.String(), code
}

func TestExplain(t *testing.T) {
	for _, tc := range []struct{ name, old, new, want string }{
		{"sound", "", "", ""},
		{"attribute", `name="ip" value=`, `name="ip" valu=`,
			`line 14:29: nvpair "vip-ip": "valu" is no attribute of "nvpair"; did you mean "value"?`},
		{"attribute of another kind", `type="ping"`, `type="ping" colour="red"`,
			`line 18:96: primitive "ping": "colour" is no attribute of "primitive"`},
		{"attribute before others", `<primitive id="ping" class="ocf"`, `<primitive id="ping" colour="red" class="ocf"`,
			`line 18:51: primitive "ping": "colour" is no attribute of "primitive"`},
		{"element", `<instance_attributes id="vip-ia">`, `<instance_atributes id="x"/><instance_attributes id="vip-ia">`,
			`line 12:9: instance_atributes "x": there is no element "instance_atributes"; did you mean "instance_attributes"?`},
		{"element in the wrong place", `<fencing-topology/>`, `<nvpair id="n" name="a" value="b"/>`,
			`line 25:5: nvpair "n": "nvpair" does not belong into "configuration"`},
		{"score", `node="alpha" score="INFINITY"`, `node="alpha" score="INFINTY"`,
			`line 21:53: rsc_location "loc": score may not be "INFINTY": it is to be a number, INFINITY or -INFINITY; did you mean "INFINITY"?`},
		{"word", `<rsc_order id="ord">`, `<rsc_order id="ord" kind="Manadtory">`,
			`line 23:27: rsc_order "ord": kind may not be "Manadtory": it is to be one of Optional, Mandatory, Serialize; did you mean "Mandatory"?`},
		{"resource", `rsc="vip" node`, `rsc="vipp" node`,
			`line 21:30: rsc_location "loc": there is nothing with the id "vipp"; did you mean "vip"?`},
		{"two at once", `rsc="vip" with-rsc="ping-clone" score="INFINITY"`, `rsc="vpi" with-rsc="pin-clone" score="INF"`,
			`line 22:32: rsc_colocation "col": there is nothing with the id "vpi"; did you mean "vip"?` + "\n" +
				`line 22:42: rsc_colocation "col": there is nothing with the id "pin-clone"; did you mean "ping-clone"?` + "\n" +
				`line 22:63: rsc_colocation "col": score may not be "INF": it is to be a number, INFINITY or -INFINITY`},
		{"member of a set", `<resource_ref id="vip"/>`, `<resource_ref id="vipp"/>`,
			`line 23:64: resource_ref "vipp": there is nothing with the id "vipp"; did you mean "vip"?`},
		{"id", `primitive id="ping"`, `primitive id="vip"`,
			`line 18:41: primitive "vip": the id "vip" is taken by a "primitive" in line 11`},
		{"no id", `<node id="2" uname="beta"/>`, `<node uname="beta"/>`,
			`line 8:7: node: the attribute "id" is missing`},
		{"within", `<operations><op id="vip-mon" name="monitor" interval="10s"/></operations>`, `<operations><op name="monitor" interval="10s"/></operations>`,
			`line 16:21: op in primitive "vip": the attribute "id" is missing`},
		{"agent", `provider="pacemaker" `, ``,
			`line 18:30: primitive "ping": an agent of class "ocf" needs a "provider"`},
		{"empty clone", `<primitive id="ping" class="ocf" provider="pacemaker" type="ping"/>`, ``,
			`line 18:7: clone "ping-clone": there is no resource in it`},
		{"node", `node="alpha"`, `node="alhpa"`,
			`line 21:40: rsc_location "loc": there is no node "alhpa"; did you mean "alpha"?`},
		{"device", `<fencing-topology/>`, `<fencing-topology><fencing-level id="l" target="beta" index="1" devices="vop"/></fencing-topology>`,
			`line 25:69: fencing-level "l": there is no device "vop"; did you mean "vip"?`},
		{"schema", `pacemaker-3.9`, `pacemaker-3.99`,
			`line 1:6: cib: there is no schema "pacemaker-3.99"; did you mean "pacemaker-3.9"?`},
		{"section", `<fencing-topology/>`, `<resorces/>`,
			`line 25:5: resorces: there is no element "resorces"; did you mean "resources"?`},
		{"root", ` epoch="1"`, ` epoch="one"`,
			`line 1:52: cib: "one" is no number`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := explained
			if tc.old != "" {
				if strings.Count(text, tc.old) != 1 {
					t.Fatalf("%q stands there %d times", tc.old, strings.Count(text, tc.old))
				}
				text = strings.Replace(text, tc.old, tc.new, 1)
			}
			_, plain, code := explain(t, text)
			_, errs, again := explain(t, text, "--explain")
			more, ok := strings.CutPrefix(errs, plain)
			if !ok || code != again {
				t.Fatalf("--explain changes what comes before, or the exit status (%d, %d):\n%s", code, again, errs)
			}
			if got := strings.TrimSuffix(more, "\n"); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestExplainForms reads the two forms for programs.
func TestExplainForms(t *testing.T) {
	text := strings.Replace(explained, `rsc="vip" node`, `rsc="vipp" node`, 1)
	out, _, code := explain(t, text, "--output-as=json")
	var result struct {
		Problems []finding
		Status   struct{ Code int }
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	want := finding{Line: 21, Column: 30, Element: "rsc_location", ID: "loc", Attribute: "rsc", Severity: "error",
		Text: `there is nothing with the id "vipp"`, DidYouMean: "vip"}
	if len(result.Problems) != 1 || result.Problems[0] != want || result.Status.Code != code || code != exitConfig {
		t.Errorf("exit %d, %+v", code, result)
	}
	out, _, _ = explain(t, text, "--output-as=xml", "--explain")
	doc, err := xml.Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if p := doc.Descend("problems", "problem"); p == nil || p.Get("did-you-mean") != "vip" || p.Get("column") != "30" || doc.Child("status").Get("code") != "78" {
		t.Errorf("%s", out)
	}
	out, _, _ = explain(t, text, "--output-as=xml")
	if strings.Contains(out, "problem") {
		t.Errorf("problems are an extension:\n%s", out)
	}
}

// TestExplainWhatTheSchemaRefuses measures the recorded configurations: what is
// refused is explained, what is taken gets no more than advice.
func TestExplainWhatTheSchemaRefuses(t *testing.T) {
	for _, file := range captures.Glob(t, "crm", "cibs/verify/*.xml") {
		src := readSource(file, captures.Read(t, "crm", file))
		if src.doc == nil || src.doc.Name != "cib" {
			continue
		}
		env := &tool.Env{Profile: conf.EL9}
		l, name := lineage(env, src.doc), src.doc.Get("validate-with")
		if name == "" || name == "none" {
			continue
		}
		refused, errors := !l.Has(name) || l.Check(src.doc, name) != nil, 0
		for _, f := range src.findings(env) {
			if f.Severity == "error" {
				errors++
			}
			if f.Line == 0 || strings.Contains(f.Text, "failed to validate") {
				t.Errorf("%s: %s", file, f)
			}
		}
		if refused != (errors > 0) {
			t.Errorf("%s: refused: %v, errors explained: %d", file, refused, errors)
		}
	}
}
