package coro

import (
	"context"
	"os"

	"github.com/gocorosync/gocorosync/ipc"
)

// KeptCPG is what another process must know to go on as this member of a
// group when this process is dead: see [ipc.Client.Keep].
type KeptCPG struct {
	ipc.Kept
	Group string
	PID   uint32
}

// Keep is [ipc.Client.Keep] for a connection that has joined its group.
func (c *CPG) Keep() (KeptCPG, []*os.File, error) {
	k, files, err := c.c.Keep()
	return KeptCPG{k, c.group, c.pid}, files, err
}

// AdoptCPG goes on as a member that a dead process has left. It takes the files
// over. A message that came in parts, and of which the dead one had some, is
// lost.
func AdoptCPG(ctx context.Context, k KeptCPG, files []*os.File) (*CPG, error) {
	c, err := ipc.Adopt(ctx, k.Kept, files)
	if err != nil {
		return nil, err
	}
	return &CPG{client: client{"cpg", c}, group: k.Group, pid: k.PID, parts: make(map[cpgSender][]byte)}, nil
}
