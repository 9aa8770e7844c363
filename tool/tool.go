// Package tool holds what all command-line tools share: the part of the world
// a tool may touch, exit statuses, and a hint at what was meant.
//
// What a tool does is in the packages below: coro, crm, pcs. Their options are
// tables of package option.
package tool

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gocorosync/gocorosync/conf"
)

// Env is the part of the world a tool may touch. Tests fill it with buffers
// and a temporary Root.
type Env struct {
	Name           string   // what the tool was called as
	Args           []string // what follows the name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Root           string       // goes in front of every path; "" outside tests
	Profile        conf.Profile // whose text is printed: el7's or el9's
	Version        string       // of gocorosync
}

// Func is one tool. It returns the exit status of the process.
type Func func(ctx context.Context, env *Env) int

// Exit statuses common to our tools.
const (
	OK     = 0
	Failed = 1
	Usage  = 64 // the command line itself is wrong
)

// Path returns path below Root.
func (e *Env) Path(path string) string { return filepath.Join(e.Root, path) }

// Open opens a file for reading, below Root.
func (e *Env) Open(path string) (*os.File, error) { return os.Open(e.Path(path)) }

// Fail prints "name: message" to Stderr and returns status.
func (e *Env) Fail(status int, format string, args ...any) int {
	fmt.Fprintf(e.Stderr, "%s: %s\n", e.Name, fmt.Sprintf(format, args...))
	return status
}

// Printf prints to Stdout.
func (e *Env) Printf(format string, args ...any) { fmt.Fprintf(e.Stdout, format, args...) }

// Errorf prints to Stderr.
func (e *Env) Errorf(format string, args ...any) { fmt.Fprintf(e.Stderr, format, args...) }
