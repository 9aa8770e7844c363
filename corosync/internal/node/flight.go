package node

import (
	"context"
	"slices"

	"github.com/gocorosync/gocorosync/ipc/coro"
)

// dumpFlightKey asks for the flight recorder to be written when it is changed.
const dumpFlightKey = "runtime.blackbox.dump_flight_data"

// dumpFlight writes the flight recorder beside the loop. Clients that asked for
// it find the file when they get their answer.
func (n *Node) dumpFlight() {
	if n.dumping || n.cfg.Places == nil {
		return
	}
	n.dumping = true
	dir := n.StateDir()
	n.aside(func(context.Context) {
		if err := n.cfg.Places.Dump(dir); err != nil {
			n.log.Log(LevelError, MAIN, "Could not write the flight recorder: %s", SysText(err))
		}
	}, func() {
		n.dumping = false
		for _, cl := range n.sortedClients() {
			if cl.service == "cmap" && slices.Contains(n.dumped, cl.c.ID()) {
				cl.status(coro.CMAPReqSet, coro.OK)
			}
		}
		n.dumped = nil
	})
}

// awaitDump reports whether a client that has set the key has to wait for the
// file.
func (n *Node) awaitDump(cl *client) bool {
	n.notify() // which begins it
	if n.dumping && !slices.Contains(n.dumped, cl.c.ID()) {
		n.dumped = append(n.dumped, cl.c.ID())
		return true
	}
	return false
}
