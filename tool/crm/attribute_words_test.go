package crm

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// wordsCIB is what the command lines of TestWordsOfTheRealOnes work on.
const wordsCIB = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0"><configuration><crm_config>` +
	`<cluster_property_set id="cib-bootstrap-options"><nvpair id="o-st" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
	`<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources/><constraints/></configuration><status/></cib>`

// TestWordsOfTheRealOnes: what 2.1.5 does with these command lines, without it at
// hand (TestLinesBesideTheRealOnes has it).
func TestWordsOfTheRealOnes(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("CIB_file", "c.xml")
	t.Setenv("OCF_RESOURCE_INSTANCE", "b:0")
	for _, tt := range []struct {
		line, out, errs string // errs is the end of it
		status          int
		file            string // is in the file then
	}{
		{line: "crm_attribute -p -N n1 -v 7", file: `name="master-b:0" value="7"`},
		{line: "crm_attribute -p a -N n1 -v 7", file: `name="master-a" value="7"`},
		{line: "crm_attribute -p a -N n1 -n t -v 7", file: `name="t" value="7"`},
		{line: "crm_attribute -t tickets -n x -v 1", file: `<status><tickets><instance_attributes id="status-tickets"><nvpair id="status-tickets-x" name="x" value="1"/>`},
		{line: "crm_attribute -t nosuch -n x -v 1 -N n1", errs: "crm_attribute: Error performing operation: No message of desired type\n", status: exitProtocol},
		{line: "crm_attribute -t rsc_defaults -n x -v 1 -N nosuch", errs: "crm_attribute: Could not map name=nosuch to a UUID\n", status: exitNoSuch},
		{line: "crm_attribute -t rsc_defaults -n x -v 1 -N n2", file: `<nvpair id="rsc_defaults-options-x" name="x" value="1"/>`},
		{line: "crm_attribute -n a,b -v 1", errs: "  16   <status/>\n  17 </cib>\n  18 \nError setting a,b=1 (section=crm_config, set=cib-bootstrap-options): Update does not conform to the configured schema\n" +
			"crm_attribute: Error performing operation: Unknown error 1016\n", status: exitConfig},
		{line: "crm_attribute -i o-st -n stonith-enabled -D", out: "Deleted crm_config option: id=(null) name=stonith-enabled\n"},
		{line: "crm_attribute -i o-st -D", errs: "crm_attribute: Error: must specify attribute name or pattern to delete\n", status: exitUsage2},
		{line: "crm_attribute -P [ -G"},
		{line: "crm_standby -N nosuch -D", errs: "crm_attribute: Could not map name=nosuch to a UUID\ncrm_attribute: Could not map name=nosuch to a UUID\n"},
		{line: "crm_attribute -n stonith-enabled -G --output-as=xml", out: "<pacemaker-result api-version=\"2.25\" request=\"crm_attribute -n stonith-enabled -G --output-as=xml\">\n" +
			"  <attribute name=\"stonith-enabled\" value=\"false\" scope=\"crm_config\"/>\n  <status code=\"0\" message=\"OK\"/>\n</pacemaker-result>\n"},
		{line: "crm_attribute -n x -G --output-as=xml", out: "<pacemaker-result api-version=\"2.25\" request=\"crm_attribute -n x -G --output-as=xml\">\n" +
			"  <status code=\"105\" message=\"No such object\">\n    <errors>\n      <error>crm_attribute: Error performing operation: No such device or address</error>\n    </errors>\n  </status>\n" +
			"</pacemaker-result>\n", status: exitNoSuch},
		{line: "crm_attribute -n x -G --output-as=foo", errs: "crm_attribute: Error creating output format foo: Unknown output format\n", status: exitError},
		{line: "cibadmin -C -o tags -X <tag/>", out: "<failed>\n  <failed_update object_type=\"tag\" operation=\"cib_create\" reason=\"Invalid argument\">\n    <tag/>\n  </failed_update>\n</failed>\n",
			errs: "Call failed: Invalid argument\n", status: exitSoftware},
		{line: "cibadmin -R -o tags -X <tags/>", errs: "Call failed: No such device or address\n", status: exitNoSuch},
		{line: "crm_standby -N n1 -G -l reboot", errs: "crm_attribute: Error performing operation: No such device or address\n", status: exitNoSuch},
		{line: "crm_failcount -v 5 -r a -N n1", errs: "warning: ignoring deprecated option '-v' with nonzero value\nerror: must specify a command\n", status: exitUsage2},
		{line: "crm_failcount -G", errs: "error: resource name required\n", status: exitUsage2},
		{line: "cibadmin -5 -X <a/>", out: "36f3fe87323978c81376fbe84b315483\n", errs: "Digest: "},
		{line: "cibadmin -6 -X <a/>", out: "36f3fe87323978c81376fbe84b315483\n", errs: "Versioned ((null)) digest: "},
		{line: "cibadmin -C -x nosuch.xml", errs: "Couldn't parse input from nosuch.xml.\n", status: exitConfig},
		{line: "crmadmin -Nxclusterx", out: "cluster node: n1 (1)\ncluster node: n2 (2)\n"},
		{line: "attrd_updater -U 1", errs: "attrd_updater: Command requires --name argument\n", status: exitUsage2},
	} {
		if err := os.WriteFile("c.xml", []byte(wordsCIB), 0o600); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(tt.line)
		var out, errs bytes.Buffer
		env := &tool.Env{Name: words[0], Args: words[1:], Profile: conf.EL9, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
		status := Tools()[words[0]](context.Background(), env)
		b, err := os.ReadFile("c.xml")
		if err != nil {
			t.Fatal(err)
		}
		if status != tt.status || out.String() != tt.out || !strings.HasSuffix(errs.String(), tt.errs) || tt.errs == "" && errs.Len() > 0 {
			t.Errorf("%s: %d, %q, %q; want %d, %q, %q", tt.line, status, out.String(), errs.String(), tt.status, tt.out, tt.errs)
		}
		if file := strings.ReplaceAll(strings.Join(strings.Fields(string(b)), " "), "> <", "><"); !strings.Contains(file, tt.file) {
			t.Errorf("%s: %s is not in the file:\n%s", tt.line, tt.file, b)
		}
	}
}
