package crm

import (
	"bytes"
	"context"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// What takes much away at once wants --force, and does not look for a cluster
// without. The statuses are those of 2.1.5.
func TestDangerous(t *testing.T) {
	for _, c := range []struct {
		run  func(context.Context, *tool.Env) int
		args []string
		want int
	}{
		{Node, []string{"-R", "node1"}, 64},
		{CIBAdmin, []string{"-d", "-A", "//node"}, 107},
		{CIBAdmin, []string{"--delete-all", "-X", "<node/>"}, 107},
		{CIBAdmin, []string{"-E"}, 107},
	} {
		var out, errs bytes.Buffer
		env := &tool.Env{Name: "tool", Args: c.args, Profile: conf.EL9, Stdout: &out, Stderr: &errs}
		if got := c.run(t.Context(), env); got != c.want || errs.String() != dangerous+"\n" {
			t.Errorf("%v: %d, %q", c.args, got, errs.String())
		}
	}
}
