package coro

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// cmapctl is one run of corosync-cmapctl.
type cmapctl struct {
	env                          *tool.Env
	el9                          bool
	binary                       bool
	quiet                        bool
	action, file, mapName, clear string
	c                            *coro.CMAP
}

func (c *cmapctl) table() *option.Program {
	of := func(action string) option.Target { return option.Mark(&c.action, action) }
	return &option.Program{
		Name: "corosync-cmapctl", Section: 8, Purpose: "read and change the keys of corosync", Synopsis: []string{"[OPTION...] [KEY...]"},
		About: []string{
			"Without an option that says otherwise the keys are printed, all of them or those that begin with one of KEY.",
			"A value has a type: i8, u8, i16, u16, i32, u32, i64, u64, flt, dbl, str or bin. What is set is kept until the daemon ends.",
		},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-m", Arg: "MAP", Text: "The map: icmap, with configuration and state, or stats, with counters.", Only: "el9", Values: option.Words("icmap", "stats"), To: option.Text(&c.mapName)},
			{Flags: "-h", Text: "Print the options and exit.", To: option.Help},
			{Flags: "-q", Text: "With -g: print values alone.", Only: "el9", To: option.On(&c.quiet)},
			{Flags: "-g", Text: "Print these keys.", To: of("g")},
			{Flags: "-s", Text: "Set a key: KEY TYPE VALUE. A value of type bin is the name of a file.", To: of("s")},
			{Flags: "-d", Text: "Delete these keys.", To: of("d")},
			{Flags: "-D", Text: "Delete the keys that begin with these.", To: of("D")},
			{Flags: "-t", Text: "Print changes of a key until a line is read that begins with q.", To: of("t")},
			{Flags: "-T", Text: "Print changes of the keys that begin with one.", To: of("T")},
			{Flags: "-C", Arg: "WHAT", Text: "Clear counters: knet, ipc, totem, schedmiss or all.", Only: "el9", Values: option.Words("knet", "ipc", "totem", "schedmiss", "all"), To: option.All(option.Text(&c.clear), of("C"))},
			{Flags: "-b", Text: "Print binary values.", To: option.On(&c.binary)},
			{Flags: "-p", Arg: "FILE", Text: "Do what the lines of a file say: KEY TYPE VALUE sets, ^KEY deletes, ^^KEY deletes what begins with it.", Values: option.Files(), To: option.All(option.Text(&c.file), of("p"))},
		}}},
		Usage:  usage(cmapUsage(false), cmapUsage(true)),
		Status: okOrNot(), See: []string{"corosync.conf(5)"},
	}
}

// Cmapctl is corosync-cmapctl.
func Cmapctl(ctx context.Context, env *tool.Env) int {
	c := &cmapctl{env: env, el9: env.Profile == conf.EL9}
	args, done, status := read(env, c.table())
	if done {
		return status
	}
	return limited(ctx, env, c.action == "t" || c.action == "T", func(ctx context.Context) int { return c.run(ctx, args) })
}

func (c *cmapctl) run(ctx context.Context, args []string) int {
	env := c.env
	switch {
	case c.mapName != "" && c.mapName != "icmap" && c.mapName != "default" && c.mapName != "stats":
		env.Errorf("invalid map name, must be 'default', 'icmap' or 'stats'\n")
		return tool.Failed
	case c.action == "C" && !strings.Contains(" knet totem ipc schedmiss all ", " "+c.clear+" "):
		env.Errorf("argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'\n")
		return tool.Failed
	case c.action != "" && c.action != "p" && c.action != "C" && len(args) == 0:
		env.Errorf("Expected key after options\n")
		return tool.Failed
	case c.action == "s" && len(args) < 3:
		env.Errorf("At least 3 parameters are expected for set\n")
		return tool.Failed
	}

	var err error
	if c.c, err = coro.DialCMAP(ctx); err == nil && (c.mapName == "stats" || c.action == "C") {
		err = c.c.UseStats(ctx)
	}
	if err != nil {
		env.Errorf("Failed to initialize the cmap API. Error %s\n", errorText(env, coro.AsError(err)))
		return tool.Failed
	}
	defer c.c.Close()
	switch c.action {
	case "":
		return c.list(ctx, args)
	case "g":
		return c.each(args, func(key string) error { return c.get(ctx, key) })
	case "d":
		return c.each(args, func(key string) error { return c.delete(ctx, key) })
	case "D":
		return c.each(args, func(key string) error { return c.deletePrefix(ctx, key) })
	case "s":
		return c.set(ctx, args[0], args[1], strings.Join(args[2:], " "))
	case "C":
		if err := c.c.Set(ctx, "stats.clear."+c.clear, cmap.U32(1)); err != nil {
			env.Errorf("Failed to set key stats.clear.%s. Error %s\n", c.clear, errorText(env, coro.AsError(err)))
			return tool.Failed
		}
		return tool.OK
	case "p":
		return c.load(ctx, c.file)
	}
	return c.track(ctx, args, c.action == "T")
}

// each runs f for each key. Corosync 2 takes no notice of what fails.
func (c *cmapctl) each(keys []string, f func(string) error) int {
	status := tool.OK
	for _, key := range keys {
		if f(key) != nil && c.el9 {
			status = tool.Failed
			break
		}
	}
	return status
}

// print prints a key as corosync does: the bytes of a binary one only on
// request.
func (c *cmapctl) print(name string, v cmap.Value) {
	if c.quiet {
		c.env.Printf("%s\n", v)
		return
	}
	c.env.Printf("%s (%s)", name, v.Type)
	if v.Type != cmap.Binary || c.binary {
		c.env.Printf(" = %s", v)
	}
	c.env.Printf("\n")
}

func (c *cmapctl) get(ctx context.Context, key string) error {
	v, err := c.c.Get(ctx, key)
	if err != nil {
		c.env.Errorf("Can't get key %s. Error %s\n", key, errorText(c.env, coro.AsError(err)))
		return err
	}
	c.print(key, v)
	return nil
}

func (c *cmapctl) delete(ctx context.Context, key string) error {
	err := c.c.Delete(ctx, key)
	if err != nil {
		c.env.Errorf("Can't delete key %s. Error %s\n", key, errorText(c.env, coro.AsError(err)))
	}
	return err
}

func (c *cmapctl) deletePrefix(ctx context.Context, prefix string) error {
	keys, err := c.c.Keys(ctx, prefix)
	if err != nil {
		c.env.Errorf("Can't get keys. Error %s\n", errorText(c.env, coro.AsError(err)))
		return err
	}
	for _, key := range keys {
		if derr := c.delete(ctx, key); derr != nil {
			err = derr
		}
	}
	return err
}

func (c *cmapctl) list(ctx context.Context, prefixes []string) int {
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	status := tool.OK
	for _, prefix := range prefixes {
		found := false
		err := c.c.Each(ctx, prefix, func(name string, _ cmap.Type) error {
			v, err := c.c.Get(ctx, name)
			if errors.Is(err, coro.ErrNotExist) {
				return nil // gone meanwhile
			}
			if err != nil {
				return err
			}
			found = true
			c.print(name, v)
			return nil
		})
		if err != nil {
			c.env.Errorf("Failed to iterate over keys. Error %s\n", errorText(c.env, coro.AsError(err)))
			return tool.Failed
		}
		if !found && c.el9 {
			status = tool.Failed
		}
	}
	return status
}

func (c *cmapctl) set(ctx context.Context, key, typ, text string) int {
	t, ok := cmap.ParseType(typ)
	if !ok {
		c.env.Errorf("Unknown type %s\n", typ)
		return tool.Failed
	}
	v, err := c.value(t, text)
	if err != nil {
		c.env.Errorf("%v\n", err)
		return tool.Failed
	}
	if err := c.c.Set(ctx, key, v); err != nil {
		c.env.Errorf("Failed to set key %s. Error %s\n", key, errorText(c.env, coro.AsError(err)))
		return tool.Failed
	}
	return tool.OK
}

// value reads a value as strtoll does: what follows the digits is ignored.
func (c *cmapctl) value(t cmap.Type, text string) (cmap.Value, error) {
	switch t {
	case cmap.String:
		return cmap.Str(text), nil
	case cmap.Binary:
		var b []byte
		var err error
		if text == "-" {
			b, err = io.ReadAll(c.env.Stdin)
		} else {
			b, err = os.ReadFile(c.env.Path(text))
		}
		if err != nil {
			return cmap.Value{}, fmt.Errorf("Can't open binary file %s. Error (%v)", text, err)
		}
		return cmap.Value{Type: t, Data: string(b)}, nil
	case cmap.Float, cmap.Double:
		v, err := cmap.Parse(t, text)
		if err != nil {
			return v, fmt.Errorf("%s is not valid %s", text, map[cmap.Type]string{cmap.Float: "float", cmap.Double: "double"}[t])
		}
		return v, nil
	}
	digits := text
	for i, r := range text {
		if !(r >= '0' && r <= '9' || i == 0 && (r == '-' || r == '+')) {
			digits = text[:i]
			break
		}
	}
	if digits == "" {
		digits = "0"
	}
	v, err := cmap.Parse(t, strings.TrimPrefix(digits, "+"))
	if err != nil {
		return v, fmt.Errorf("%s is not valid %s integer", text, t)
	}
	return v, nil
}

// load sets and deletes what a file says: "key type value", "^key", "^^prefix".
func (c *cmapctl) load(ctx context.Context, file string) int {
	var in io.Reader = c.env.Stdin
	if file != "-" {
		f, err := c.env.Open(file)
		if err != nil {
			c.env.Errorf("Can't open input file %s\n", file)
			return tool.Failed
		}
		defer f.Close()
		in = f
	}
	s := bufio.NewScanner(in)
	for line := 1; s.Scan(); line++ {
		words := strings.Fields(s.Text())
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case strings.HasPrefix(words[0], "^^"):
			c.deletePrefix(ctx, words[0][2:])
		case strings.HasPrefix(words[0], "^"):
			c.delete(ctx, words[0][1:])
		case len(words) < 3:
			c.env.Errorf("Error parsing line %d\n", line)
		default:
			c.set(ctx, words[0], words[1], words[2])
		}
	}
	return tool.OK
}

// track prints changes until a line that begins with q, the end of the input
// or the end of the daemon.
func (c *cmapctl) track(ctx context.Context, keys []string, prefix bool) int {
	ev := cmap.Add | cmap.Modify | cmap.Delete
	if prefix {
		ev |= cmap.Prefix
	}
	c.env.Printf("Type \"q\" to finish\n")
	for _, key := range keys {
		if _, _, err := c.c.Track(ctx, key, ev); err != nil {
			c.env.Errorf("Failed to add tracking function. Error %s\n", errorText(c.env, coro.AsError(err)))
			return tool.Failed
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process at the latest: a read of a terminal cannot be interrupted
		s := bufio.NewScanner(c.env.Stdin)
		for s.Scan() {
			if strings.HasPrefix(s.Text(), "q") {
				break
			}
		}
		cancel()
	}()
	for {
		n, err := c.c.Next(ctx)
		if ctx.Err() != nil {
			return tool.OK
		}
		if err != nil {
			return tool.Failed
		}
		switch n.Event {
		case cmap.Add:
			c.env.Printf("create> ")
			c.print(n.Name, n.New)
		case cmap.Modify:
			c.env.Printf("modify> ")
			c.print(n.Name, n.New)
		case cmap.Delete:
			c.env.Printf("delete> ")
			c.print(n.Name, n.Old)
		}
	}
}

func cmapUsage(el9 bool) string {
	line, mapHelp, mapNote, quiet := "[-b] [-DdghsTt] [-p filename] [params...]", "", "", ""
	if el9 {
		line = "[-b] [-DdghsqTCt] [-p filename] [-m map] [params...]"
		mapHelp = `
    -m select map to use
          The  default  map is 'icmap' which contains configuration information and some runtime variables used by corosync. 
          A 'stats' map is also available which displays network statistics - in great detail when knet is used as the transport.`
		mapNote = `
    map can be either 'icmap' (the default) which contains corosync
    configuration information, or 'stats' which contains statistics
    about the networking and IPC traffic in some detail.

Clear stats:
    corosync-cmapctl -C [knet|ipc|totem|schedmiss|all]
    The 'stats' map is implied
`
		quiet = `
Quiet mode:
    corosync-cmapctl [-b] -q -g key_name...
`
	}
	return `
usage:  corosync-cmapctl ` + line + `

    -b show binary values
` + mapHelp + `
Set key:
    corosync-cmapctl -s key_name type value

    where type is one of ([i|u][8|16|32|64] | flt | dbl | str | bin)
    for bin, value is file name (or - for stdin)
` + mapNote + `
Load settings from a file:
    corosync-cmapctl -p filename

    the format of the file is:
    [^[^]]<key_name>[ <type> <value>]
    Keys prefixed with single caret ('^') are deleted (see -d).
    Keys (actually prefixes) prefixed with double caret ('^^') are deleted by prefix (see -D).
    <type> and <value> are optional (not checked) in above cases.
    Other keys are set (see -s) so both <type> and <value> are required.

Delete key:
    corosync-cmapctl -d key_name...

Delete multiple keys with prefix:
    corosync-cmapctl -D key_prefix...

Get key:
    corosync-cmapctl [-b] -g key_name...
` + quiet + `
Display all keys:
    corosync-cmapctl [-b]

Display keys with prefix key_name:
    corosync-cmapctl [-b] key_name...

Track changes on keys with key_name:
    corosync-cmapctl [-b] -t key_name

Track changes on keys with key prefix:
    corosync-cmapctl [-b] -T key_prefix

`
}
