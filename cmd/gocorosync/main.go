// Gocorosync is the daemons: it acts as corosync or pacemakerd by the name it
// is called by, or by its first argument.
package main

import (
	"context"
	"os"

	"github.com/gocorosync/gocorosync/corosync/daemon"
	"github.com/gocorosync/gocorosync/pacemakerd"
	"github.com/gocorosync/gocorosync/tool/box"
	"github.com/gocorosync/gocorosync/version"
)

func daemons() *box.Box {
	return &box.Box{
		Name: "gocorosync", Purpose: "the daemons of a cluster in one program", Kind: "daemon",
		Links: []string{"corosync", "pacemakerd"}, Words: []string{"check"},
		Programs: append(daemon.Programs(), pacemakerd.Program()), Pages: daemon.Pages(),
	}
}

func main() { os.Exit(run(os.Args)) }

func run(argv []string) int {
	name, args, done, status := daemons().Pick(argv, os.Stdout, os.Stderr)
	switch {
	case done:
		return status
	case name == "check":
		return daemon.Check(args, os.Stdout, os.Stderr)
	case name == "pacemakerd":
		return pacemakerd.Main(name, args, version.Version, os.Stdout, os.Stderr)
	}
	return daemon.Main(context.Background(), args, os.Stdout, os.Stderr)
}
