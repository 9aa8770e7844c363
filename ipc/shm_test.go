package ipc

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzShm lets the other side of two rings, one that we read and one that we
// write, do to the shared memory what it likes: eight bytes are one deed, a
// place and a value. Nothing panics, and nothing longer than allowed is read.
func FuzzShm(f *testing.F) {
	deed := func(where, value uint32) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, where), value)
	}
	f.Add(append(deed(0, 1<<31), deed(1, 0xffffffff)...))
	f.Add(append(append(deed(1<<30, 0xffffffff), deed(1<<30|1, markCommitted)...), deed(2<<30, 0)...)) // a chunk of 4 GiB
	f.Add(append(append(deed(1<<30, 100), deed(1<<30|1, markCommitted)...), deed(2<<30, 0)...))
	f.Add(append(deed(3<<30, 40), deed(1, 5000)...))
	f.Fuzz(func(t *testing.T, deeds []byte) {
		if len(deeds) > 1<<12 {
			return
		}
		dir := t.TempDir()
		owner := fileOwner{uid: os.Getuid(), gid: os.Getgid(), mode: 0o600}
		const most = 8192
		in, err := createShm(filepath.Join(dir, "in"), most, owner)
		if err != nil {
			t.Fatal(err)
		}
		defer in.close()
		out, err := createShm(filepath.Join(dir, "out"), most, owner)
		if err != nil {
			t.Fatal(err)
		}
		defer out.close()
		buf := make([]byte, 0, most)
		for ; len(deeds) >= 8; deeds = deeds[8:] {
			where, value := binary.LittleEndian.Uint32(deeds), binary.LittleEndian.Uint32(deeds[4:])
			i := where & (1<<30 - 1)
			switch where >> 30 {
			case 0: // the headers, semaphores included
				for _, r := range []*shm{in, out} {
					le.PutUint32(r.hdr[i%(ringHeaderSize/4)*4:], value)
				}
			case 1:
				le.PutUint32(in.data[int(i)*4%len(in.data):], value)
				le.PutUint32(out.data[int(i)*4%len(out.data):], value)
			case 2:
				in.sem.post()
				b, err := in.read(most, buf)
				if err == nil && len(b) > most {
					t.Fatalf("read %d bytes", len(b))
				}
			case 3:
				if err := out.write(make([]byte, value%(2*most))); err != nil && !errors.Is(err, errShmFull) && !errors.Is(err, errShmBad) {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestTruncatedChannel: a client that cuts the files of its channel short harms
// nobody but itself.
func TestTruncatedChannel(t *testing.T) {
	for i, channel := range []string{"request", "response", "events"} {
		for _, file := range []string{"-header", "-data"} {
			t.Run(channel+file, func(t *testing.T) {
				name := start(t, transport{}, &echo{})
				other, c := dial(t, name), dial(t, name)
				shm, ok := c.channel.(*shmClient)
				if !ok {
					t.Fatal("not over shared memory")
				}
				if err := os.Truncate(shm.base[i]+file, 0); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				for range 3 {
					c.Call(ctx, message(1, []byte("x")))
					c.Call(ctx, message(2, []byte("x")))
				}
				for range 3 {
					if b, err := other.Call(t.Context(), message(1, []byte("x"))); err != nil || string(b[ResponseHeaderSize:]) != "x" {
						t.Fatalf("then another client gets %q, %v", b, err)
					}
				}
			})
		}
	}
}
