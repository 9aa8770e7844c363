// Gopcs is the command-line tools: it acts as the tool by whose name it is
// called, or as the one its first argument names.
package main

import (
	"context"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/box"
	"github.com/gocorosync/gocorosync/tool/coro"
	"github.com/gocorosync/gocorosync/tool/crm"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/tool/pcs"
	"github.com/gocorosync/gocorosync/version"
)

// funcs are all tools by name.
func funcs() map[string]tool.Func {
	all := make(map[string]tool.Func)
	maps.Copy(all, coro.Tools())
	maps.Copy(all, crm.Tools())
	all["pcs"] = pcs.Pcs
	return all
}

func tools() *box.Box {
	return &box.Box{
		Name: "gopcs", Purpose: "the tools of a cluster in one program", Kind: "tool",
		Links:    slices.Sorted(maps.Keys(funcs())),
		Programs: slices.Concat(coro.Programs(), crm.Programs(), []*option.Program{pcs.Program()}),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args, ""))
}

// run runs the tool that argv asks for, below root.
func run(ctx context.Context, argv []string, root string) int {
	name, args, done, status := tools().Pick(argv, os.Stdout, os.Stderr)
	if done {
		return status
	}
	env := &tool.Env{
		Name: name, Args: args, Root: root, Version: version.Version,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}
	if err := env.LoadProfile(); err != nil {
		return env.Fail(tool.Failed, "%v", err)
	}
	return funcs()[name](ctx, env)
}
