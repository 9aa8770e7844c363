package coro

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/ipc/flight"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const flightFile = "/var/lib/corosync/fdata"

// Blackbox is corosync-blackbox: it has the daemon write its state to the log
// and its flight recorder to a file, and prints that. As an extension it prints
// the file that its argument names, and asks no daemon.
func Blackbox(ctx context.Context, env *tool.Env) int {
	p := blackbox()
	operands, err := p.Read(env.Profile, env.Args)
	if err != nil || len(operands) > 0 && operands[0] == "-" {
		env.Errorf("usage: %s %s\n", env.Name, p.Synopsis[0])
		return tool.Failed
	}
	return limited(ctx, env, false, func(ctx context.Context) int { return dump(ctx, env, operands) })
}

func blackbox() *option.Program {
	return &option.Program{
		Name: "corosync-blackbox", Section: 8, Purpose: "print the flight recorder of corosync", Synopsis: []string{"[FILE]"},
		About: []string{
			"The daemon keeps its last log records in memory, those of debug level too. This program makes it write its state to the log and these records to a file, and prints the file.",
			"With FILE it prints that file and asks no daemon. Files of the original corosync can be read, and qb-blackbox can read ours.",
		},
		Posix: true, Operands: option.Files(),
		Files: []string{"/var/lib/corosync/fdata: the file written last"},
		See:   []string{"corosync(8)", "corosync-cmapctl(8)"},
	}
}

func dump(ctx context.Context, env *tool.Env, operands []string) int {
	file := flightFile
	if len(operands) > 0 {
		file = operands[0]
	} else {
		for _, key := range []string{"runtime.blackbox.dump_state", "runtime.blackbox.dump_flight_data"} {
			askDump(ctx, env, key)
		}
	}
	env.Printf("Dumping the contents of %s\n", file)
	b, err := os.ReadFile(env.Path(file))
	if err != nil {
		env.Errorf("%s: %v\n", env.Name, err)
		return tool.OK // as qb-blackbox
	}
	d, err := flight.Decode(b)
	if d != nil {
		used := (d.Write + d.Words - d.Read) % d.Words * 4
		env.Printf("Ringbuffer: \n ->NORMAL\n ->write_pt [%d]\n ->read_pt [%d]\n ->size [%d words]\n =>free [%d bytes]\n =>used [%d bytes]\n",
			d.Write, d.Read, d.Words, d.Words*4-used-4, used)
		for _, r := range d.Records {
			env.Printf("%-7s %s %s(%d):%d: %s\n", priority(r.Priority), r.Time.Format("Jan 02 15:04:05.000"), r.Func, r.Line, r.Tags, r.Text)
		}
	}
	if err != nil {
		env.Errorf("%s: %s: %v\n", env.Name, file, err)
	}
	return tool.OK
}

// askDump sets a key of the daemon to the time, as the original does, and says
// what corosync-cmapctl would say if that fails.
func askDump(ctx context.Context, env *tool.Env, key string) {
	c, err := coro.DialCMAP(ctx)
	if err != nil {
		env.Errorf("Failed to initialize the cmap API. Error %s\n", errorText(env, coro.AsError(err)))
		return
	}
	defer c.Close()
	if err := c.Set(ctx, key, cmap.Str(fmt.Sprint(time.Now().Unix()))); err != nil {
		env.Errorf("Failed to set key %s. Error %s\n", key, errorText(env, coro.AsError(err)))
	}
}

// priority is the name of a syslog priority; libqb has one more.
func priority(p uint8) string {
	if int(p) < len(conf.Priorities) {
		return conf.Priorities[p]
	}
	return "trace"
}
