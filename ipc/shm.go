package ipc

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A shm is one shared-memory channel: a header file with the indexes and a
// semaphore, and a data file with the chunks. One process writes, one reads.
//
// Header file:
//
//	offset size
//	     0    4  write index, in 4-byte words
//	     4    4  read index, in words
//	     8    4  size of the data, in words
//	    12 4096  path of the header file
//	  4108 4096  path of the data file
//	  8204    4  number of users
//	  8208   32  semaphore: chunks committed and not yet read
//	  8240    4  flow control, in the request shared memory
//
// A chunk is its size, a mark, and the payload padded to whole words.
//
// The other side can write anything into the mapping, so the index we own is
// kept here and only published there, and theirs is checked on each use.
type shm struct {
	hdr, data []byte
	words     uint32
	sem       semaphore
	own       uint32 // our index: where we write, or where we read

	hdrPath, dataPath string
	creator           bool
}

const (
	ringHeaderSize = 8252
	ringMargin     = 12 // bytes that stay free, so that full and empty differ

	offWrite = 0
	offRead  = 4
	offWords = 8
	offPath1 = 12
	offPath2 = 4108
	offRefs  = 8204
	offSem   = 8208
	offFlow  = 8240

	markAlloc     = 0xA110CED0
	markCommitted = 0xA1A1A1A1
	markDead      = 0xD0D0D0D0
)

var (
	errShmFull  = errors.New("shared memory full")
	errShmEmpty = errors.New("shared memory empty")
	errShmBad   = errors.New("shared memory corrupted")
)

const shmDir = "/dev/shm"

// fileOwner is who gets the channel files, and with what mode.
type fileOwner struct {
	uid, gid int
	mode     os.FileMode
}

// createShm makes the two files of a shared memory channel that holds messages of up to max
// bytes.
func createShm(base string, max uint32, owner fileOwner) (r *shm, err error) {
	page := uint32(os.Getpagesize())
	size := (max + ringMargin + 1 + page - 1) / page * page
	r = &shm{hdrPath: base + "-header", dataPath: base + "-data", creator: true, words: size / 4}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.hdr, err = createMapped(r.hdrPath, ringHeaderSize, owner); err != nil {
		return r, err
	}
	if r.data, err = createMapped(r.dataPath, int(size), owner); err != nil {
		return r, err
	}
	le.PutUint32(r.hdr[offWords:], r.words)
	copy(r.hdr[offPath1:offPath1+4095], r.hdrPath)
	copy(r.hdr[offPath2:offPath2+4095], r.dataPath)
	le.PutUint32(r.hdr[offRefs:], 1)
	r.sem = semaphore{unsafe.Pointer(&r.hdr[offSem])}
	r.sem.init()
	return r, nil
}

// openShm maps a shared memory channel that the other side created.
func openShm(base string) (r *shm, err error) {
	r = &shm{hdrPath: base + "-header", dataPath: base + "-data"}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.hdr, err = openMapped(r.hdrPath, 8240, ringHeaderSize); err != nil {
		return r, err
	}
	r.words = le.Uint32(r.hdr[offWords:])
	if r.words < 1024 || r.words > (maxMaxMessage+8192)/4 {
		return r, fmt.Errorf("ipc: %s: %w: %d words", r.hdrPath, errShmBad, r.words)
	}
	if r.data, err = openMapped(r.dataPath, int(r.words)*4, int(r.words)*4); err != nil {
		return r, err
	}
	r.sem = semaphore{unsafe.Pointer(&r.hdr[offSem])}
	atomic.AddUint32(r.at(offRefs), 1)
	return r, nil
}

// createMapped creates a file that must not exist, allocates all of it and
// maps it.
func createMapped(path string, size int, owner fileOwner) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	defer unix.Close(fd)
	// All pages now, so that a full /dev/shm is an error here and not a
	// SIGBUS later.
	if err := unix.Fallocate(fd, 0, 0, int64(size)); err != nil {
		unix.Unlink(path)
		return nil, &os.PathError{Op: "allocate", Path: path, Err: err}
	}
	if err := owner.apply(fd); err != nil {
		unix.Unlink(path)
		return nil, &os.PathError{Op: "chown", Path: path, Err: err}
	}
	return unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func (o fileOwner) apply(fd int) error {
	if err := unix.Fchown(fd, o.uid, o.gid); err != nil && os.Geteuid() == 0 {
		return err
	}
	return unix.Fchmod(fd, uint32(o.mode.Perm()))
}

// shared reports whether more than one user may open the files.
func (o fileOwner) shared() bool { return o.mode&0o077 != 0 }

// hiddenDir makes a folder below shmDir for the files of a connection, which who may open the
// files can enter but not list.
func (o fileOwner) hiddenDir(pid int, serial uint64) (dir string, err error) {
	dir, err = os.MkdirTemp(shmDir, fmt.Sprintf("qb-%d-%d-%d-", os.Getpid(), pid, serial))
	if err != nil {
		return "", err
	}
	if err := os.Chown(dir, o.uid, o.gid); err != nil && os.Geteuid() == 0 {
		return dir, err
	}
	return dir, os.Chmod(dir, 0o710)
}

// openMapped maps an existing file of at least min bytes, want bytes of it. A
// mapping may reach past the end of the file within its last page.
func openMapped(path string, min, want int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Size < int64(min) {
		return nil, fmt.Errorf("ipc: %s: %w: %d bytes", path, errShmBad, st.Size)
	}
	return unix.Mmap(fd, 0, want, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// close unmaps the shared memory; its creator also removes the files.
func (r *shm) close() {
	if r.data != nil {
		atomic.AddUint32(r.at(offRefs), ^uint32(0))
		unix.Munmap(r.data)
	}
	if r.hdr != nil {
		unix.Munmap(r.hdr)
		if r.creator {
			os.Remove(r.hdrPath)
		}
	}
	if r.data != nil && r.creator {
		os.Remove(r.dataPath)
	}
	r.hdr, r.data = nil, nil
}

func (r *shm) at(off int) *uint32 { return (*uint32)(unsafe.Pointer(&r.hdr[off])) }

func (r *shm) word(i uint32) *uint32 {
	return (*uint32)(unsafe.Pointer(&r.data[uint64(i%r.words)*4]))
}

// write commits one chunk made of the parts and wakes the reader.
func (r *shm) write(parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	read := atomic.LoadUint32(r.at(offRead))
	if read >= r.words {
		return errShmBad
	}
	var free uint32
	switch {
	case r.own > read:
		free = read + r.words - r.own - 1
	case r.own < read:
		free = read - r.own - 1
	default:
		free = r.words // equal can only mean empty, given the margin
	}
	if uint64(free)*4 < uint64(n)+ringMargin {
		return errShmFull
	}
	p := r.own
	atomic.StoreUint32(r.word(p), 0)
	atomic.StoreUint32(r.word(p+1), markAlloc)
	off := uint64((p+2)%r.words) * 4
	for _, part := range parts {
		k := copy(r.data[off:], part)
		copy(r.data, part[k:])
		off = (off + uint64(len(part))) % uint64(len(r.data))
	}
	atomic.StoreUint32(r.word(p), uint32(n))
	r.own = r.next(p, uint32(n))
	atomic.StoreUint32(r.at(offWrite), r.own)
	atomic.StoreUint32(r.word(p+1), markCommitted)
	r.sem.post()
	return nil
}

func (r *shm) next(p, size uint32) uint32 {
	return uint32((uint64(p) + 2 + (uint64(size)+3)/4) % uint64(r.words))
}

// read takes one chunk of at most max bytes without blocking. The result is
// the caller's: the other side can still change the mapping.
func (r *shm) read(max int, buf []byte) ([]byte, error) {
	if !r.sem.tryWait() {
		return nil, errShmEmpty
	}
	p := r.own
	if atomic.LoadUint32(r.word(p+1)) != markCommitted {
		r.sem.post()
		return nil, errShmBad
	}
	size := atomic.LoadUint32(r.word(p))
	if uint64(size) > uint64(max) || uint64(size)+ringMargin > uint64(len(r.data)) {
		return nil, errShmBad
	}
	b := slices.Grow(buf[:0], int(size))[:size]
	off := uint64((p+2)%r.words) * 4
	k := copy(b, r.data[off:])
	copy(b[k:], r.data)
	atomic.StoreUint32(r.word(p), 0)
	atomic.StoreUint32(r.word(p+1), markDead)
	r.own = r.next(p, size)
	atomic.StoreUint32(r.at(offRead), r.own)
	return b, nil
}

func (r *shm) setFlow(v int32) { atomic.StoreUint32(r.at(offFlow), uint32(v)) }
func (r *shm) flow() int32     { return int32(atomic.LoadUint32(r.at(offFlow))) }
