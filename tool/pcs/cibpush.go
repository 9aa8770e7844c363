package pcs

import (
	"os"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// scopes are the sections that pcs pushes.
var scopes = []string{"acls", "alerts", "configuration", "constraints", "crm_config", "fencing-topology", "nodes", "op_defaults", "resources", "rsc_defaults", "tags"}

// clusterCIBPush replaces the CIB, or a section of it, by what is in a file, or
// applies the difference between two files. A whole CIB that is older than the
// one in force is refused by the cluster.
func (c *call) clusterCIBPush(words []string) error {
	var file, scope, against string
	if len(words) > 2 {
		return &errUsage{group: "cluster"}
	}
	for _, w := range words {
		name, value, named := strings.Cut(w, "=")
		switch {
		case !named:
			file = w
		case name == "scope" && c.opt.config:
			return failf("Cannot use both scope and --config")
		case name == "scope" && !slices.Contains(scopes, value):
			return failf("invalid CIB scope '%s'", value)
		case name == "scope":
			scope = value
		case name == "diff-against":
			against = value
		default:
			return &errUsage{group: "cluster"}
		}
	}
	if c.opt.config {
		scope = "configuration"
	}
	if against != "" && scope != "" {
		return failf("Cannot use both scope and diff-against")
	}
	if file == "" || c.opt.file != "" {
		return &errUsage{group: "cluster"}
	}
	next, err := c.readXML(file, "unable to parse new cib")
	if err != nil {
		return err
	}
	op := &cib.Op{Name: cib.OpReplace, Section: scope, Data: next}
	switch {
	case against != "":
		was, err := c.readXML(against, "unable to diff the CIBs")
		if err != nil {
			return err
		}
		patch := xml.Diff(unversioned(was), unversioned(next))
		if patch == nil {
			c.note("The new CIB is the same as the original CIB, nothing to push.")
			return nil
		}
		patch.Child("version").Remove()
		op = &cib.Op{Name: cib.OpApplyDiff, Data: patch}
	case scope != "" && next.Name == "cib":
		if op.Data = cib.Section(next, scope); op.Data == nil {
			return failf("unable to push cib, scope '%s' not present in new cib", scope)
		}
		op.Data = op.Data.Clone()
	}
	if _, err := c.open(); err != nil {
		return err
	}
	_, err = c.cib.db.Do(c.ctx, op)
	switch n := cib.Code(code(err)); {
	case err == nil:
	case n == cib.OldData && against == "":
		return failf("Unable to push to the CIB because pushed configuration is older than existing one. " +
			"If you are sure you want to push this configuration, try to use --config to replace only configuration part instead of whole CIB. " +
			"Otherwise get current configuration by running command 'pcs cluster cib' and update that.")
	default:
		return failf("unable to push cib\nCall %s failed (%d): %v", op.Name, int(n), err)
	}
	c.note("CIB updated")
	return nil
}

// note says how something went: pcs 0.11 does so on standard error.
func (c *call) note(text string) {
	if c.env.Profile == conf.EL9 {
		c.env.Errorf("%s\n", text)
		return
	}
	c.env.Printf("%s\n", text)
}

func (c *call) readXML(file, what string) (*xml.Element, error) {
	b, err := os.ReadFile(c.env.Path(file))
	if err != nil {
		return nil, failf("%s: %v", what, err)
	}
	n, err := xml.ParseKeepingComments(b)
	if err != nil {
		return nil, failf("%s: %s: %v", what, file, err)
	}
	return n, nil
}

// unversioned is a CIB without what says which version it is, as the pushed
// difference is for whatever is in force.
func unversioned(doc *xml.Element) *xml.Element {
	out := doc.Clone()
	for _, a := range []string{"admin_epoch", "epoch", "num_updates", "cib-last-written", "update-origin", "update-client", "update-user"} {
		out.Unset(a)
	}
	return out
}
