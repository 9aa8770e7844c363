package ipc

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A semaphore is a glibc sem_t in shared memory: 32 bytes.
//
//	offset size
//	     0    4  value
//	     4    4  number of waiters (glibc 2.21 and newer)
//	     8    4  128: shared between processes (glibc 2.21 and newer)
//	     8    8  number of waiters (older glibc)
//
// We write the newer form; the older reads it as one that has waiters, which
// only costs it a system call.
type semaphore struct{ p unsafe.Pointer }

const (
	semShared = 128
	futexWait = 0
	futexWake = 1
)

func (s semaphore) word(off uintptr) *uint32 { return (*uint32)(unsafe.Add(s.p, off)) }

func (s semaphore) init() {
	for off := uintptr(0); off < 32; off += 4 {
		atomic.StoreUint32(s.word(off), 0)
	}
	atomic.StoreUint32(s.word(8), semShared)
}

// post adds one and wakes a waiter. Where the count of waiters is depends on the
// other side's C library; only when both places say that there is none is the
// system call saved.
func (s semaphore) post() {
	atomic.AddUint32(s.word(0), 1)
	if atomic.LoadUint32(s.word(4)) != 0 || atomic.LoadUint32(s.word(8)) != semShared {
		s.wake()
	}
}

func (s semaphore) wake() {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(s.word(0))), futexWake, 1, 0, 0, 0)
}

// tryWait takes one without blocking.
func (s semaphore) tryWait() bool {
	for {
		v := atomic.LoadUint32(s.word(0))
		if v == 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(s.word(0), v, v-1) {
			return true
		}
	}
}

// sleep blocks until the value may have become non-zero, somebody calls wake,
// or d has passed.
func (s semaphore) sleep(d time.Duration) {
	waiters := s.word(4)
	if atomic.LoadUint32(s.word(8)) != semShared {
		waiters = s.word(8)
	}
	atomic.AddUint32(waiters, 1)
	ts := unix.NsecToTimespec(int64(d))
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(s.word(0))), futexWait, 0, uintptr(unsafe.Pointer(&ts)), 0, 0)
	atomic.AddUint32(waiters, ^uint32(0))
}
