package ipc

import (
	"fmt"
	"runtime/debug"
)

// guarded runs f, which touches shared memory. The other side may truncate the
// file under the mapping; touching it then is a fault, which becomes an error
// here instead of ending the process.
func guarded(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if p := recover(); p != nil {
			if _, fault := p.(interface{ Addr() uintptr }); !fault {
				panic(p)
			}
			err = fmt.Errorf("ipc: shared memory went away: %v", p)
		}
	}()
	return f()
}

// Guard is guarded for those who share other memory with a client.
func Guard(f func() error) error { return guarded(f) }
