//go:build interop

package integration

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
)

// A message of a talker is numbered and carries its own check sum:
//
//	offset size
//	     0    4  life of the sender, unique in a test
//	     4    4  count, from 1 in each life
//	     8    4  size of all
//	    12    4  CRC-32 of what follows
const talkHeader = 16

// talk is a client of closed process groups that does what it is told on
// standard input and tells on standard output what it gets:
//
//	> send COUNT MIN MAX     messages of MIN to MAX bytes
//	< self NODE PID
//	< group JOINED           the processes that joined on this ring, each NODE:PID, with commas
//	< ring REP SEQ MEMBERS
//	< msg LIFE COUNT SIZE    from NODE:PID with a good sum
//	< sent COUNT             what the command has come to, in all
//	< bad WHY
func talk(life uint32) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	node, err := c.LocalNodeID(ctx)
	if err != nil {
		return err
	}
	out := &teller{w: bufio.NewWriter(os.Stdout)}
	out.say("self %d %d", node, c.PID())
	if err := c.Join(ctx, "talkers"); err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- hear(ctx, c, out) }()
	go func() { failed <- obey(ctx, c, out, life) }()
	for {
		select {
		case err := <-failed:
			out.flush()
			return err
		case <-time.After(20 * time.Millisecond):
			out.flush()
		}
	}
}

// A teller collects lines.
type teller struct {
	mu sync.Mutex
	w  *bufio.Writer
}

func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, format+"\n", args...)
}

func (t *teller) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.w.Flush()
}

func hear(ctx context.Context, c *coro.CPG, out *teller) error {
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *coro.CPGDeliver:
			if why := wrong(ev.Data); why != "" {
				out.say("bad message of %d:%d, %d bytes: %s", ev.Node, ev.PID, len(ev.Data), why)
				continue
			}
			out.say("msg %d %d %d", binary.LittleEndian.Uint32(ev.Data), binary.LittleEndian.Uint32(ev.Data[4:]), len(ev.Data))
		case *coro.CPGConfchg:
			out.say("group %s", joined(ev.Joined))
		case *coro.CPGTotemConfchg:
			out.say("ring %d %d %v", ev.Ring.Node, ev.Ring.Seq, ev.Members)
		}
	}
}

// joined lists the processes that joined by themselves: others came with their
// node.
func joined(list []coro.CPGAddress) string {
	s := "-"
	for _, a := range list {
		if a.Reason == coro.CPGJoined {
			s += fmt.Sprintf(",%d:%d", a.Node, a.PID)
		}
	}
	return s
}

func wrong(b []byte) string {
	switch {
	case len(b) < talkHeader:
		return "too short"
	case binary.LittleEndian.Uint32(b[8:]) != uint32(len(b)):
		return "another size"
	case crc32.ChecksumIEEE(b[talkHeader:]) != binary.LittleEndian.Uint32(b[12:]):
		return "another sum"
	}
	return ""
}

// obey carries out commands until standard input ends.
func obey(ctx context.Context, c *coro.CPG, out *teller, life uint32) error {
	var sent uint32
	for in := bufio.NewReader(os.Stdin); ; {
		var n, low, high int
		if _, err := fmt.Fscanf(in, "send %d %d %d\n", &n, &low, &high); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i := range n {
			size := max(low, talkHeader)
			if high > size {
				size += int(life*7919+sent*104729+uint32(i)) % (high - size + 1)
			}
			b := make([]byte, size)
			sent++
			binary.LittleEndian.PutUint32(b, life)
			binary.LittleEndian.PutUint32(b[4:], sent)
			binary.LittleEndian.PutUint32(b[8:], uint32(size))
			for i := talkHeader; i < size; i++ {
				b[i] = byte(i * int(sent))
			}
			binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[talkHeader:]))
			err := c.Multicast(ctx, b)
			for errors.Is(err, coro.ErrInterrupt) { // the membership changed between two parts
				err = c.Multicast(ctx, b)
			}
			if err != nil {
				return err
			}
		}
		out.say("sent %d", sent)
	}
}
