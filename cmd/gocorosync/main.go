// Gocorosync is the daemons: it acts as corosync or pacemakerd by the name it
// is called by, or by its first argument.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/corosync/daemon"
	"github.com/gocorosync/gocorosync/pacemakerd"
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/version"
)

// A program is a daemon: it runs until it is told to end and returns the exit
// status of the process.
type program func(ctx context.Context, args []string, stdout, stderr io.Writer) int

func daemons() map[string]program {
	return map[string]program{
		"corosync": daemon.Main,
		"pacemakerd": func(_ context.Context, args []string, stdout, stderr io.Writer) int {
			return pacemakerd.Main("pacemakerd", args, version.Version, stdout, stderr)
		},
	}
}

func main() { os.Exit(run(os.Args)) }

func run(argv []string) int {
	all := daemons()
	name, args := filepath.Base(argv[0]), argv[1:]
	if all[name] == nil && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	if name == "--names" { // what 'make build' makes links for
		for _, n := range slices.Sorted(maps.Keys(all)) {
			fmt.Println(n)
		}
		return 0
	}
	if name == "--notices" {
		fmt.Print(version.Notices)
		return 0
	}
	if name == "--man" && len(args) == 1 {
		if err := manual.Write(args[0], version.Version, daemon.Manuals()...); err != nil {
			fmt.Fprintln(os.Stderr, "gocorosync:", err)
			return 1
		}
		return 0
	}
	if name == "check" {
		return daemon.Check(args, os.Stdout, os.Stderr)
	}
	d, ok := all[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "gocorosync: no daemon %q; there are: %s check\n", cmp.Or(name, "?"), strings.Join(slices.Sorted(maps.Keys(all)), " "))
		return 64
	}
	return d(context.Background(), args, os.Stdout, os.Stderr)
}
