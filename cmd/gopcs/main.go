// Gopcs is the command-line tools: it acts as the tool by whose name it is
// called, or as the one its first argument names.
package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/coro"
	"github.com/gocorosync/gocorosync/tool/crm"
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/tool/pcs"
	"github.com/gocorosync/gocorosync/version"
)

// tools are all tools by name.
func tools() map[string]tool.Func {
	all := make(map[string]tool.Func)
	maps.Copy(all, coro.Tools())
	maps.Copy(all, crm.Tools())
	all["pcs"] = pcs.Pcs
	return all
}

// pages are the manual pages of the tools.
func pages() (list []*manual.Page) {
	for _, p := range slices.Concat(coro.Programs(), crm.Programs(), []*option.Program{pcs.Program()}) {
		list = append(list, p.Page())
	}
	return list
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args, ""))
}

// run runs the tool that argv asks for, below root.
func run(ctx context.Context, argv []string, root string) int {
	all := tools()
	name, args := filepath.Base(argv[0]), argv[1:]
	if all[name] == nil && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	if name == "--names" { // what 'make build' makes links for
		for _, n := range slices.Sorted(maps.Keys(all)) {
			fmt.Println(n)
		}
		return tool.OK
	}
	if name == "--notices" {
		fmt.Print(version.Notices)
		return tool.OK
	}
	if name == "--man" && len(args) == 1 {
		if err := manual.Write(args[0], version.Version, pages()...); err != nil {
			fmt.Fprintln(os.Stderr, "gopcs:", err)
			return tool.Failed
		}
		return tool.OK
	}
	f, ok := all[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "gopcs: no tool %q; there are: %s\n", cmp.Or(name, "?"), strings.Join(slices.Sorted(maps.Keys(all)), " "))
		return tool.Usage
	}
	env := &tool.Env{
		Name: name, Args: args, Root: root, Version: version.Version,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}
	if err := env.LoadProfile(); err != nil {
		return env.Fail(tool.Failed, "%v", err)
	}
	return f(ctx, env)
}
