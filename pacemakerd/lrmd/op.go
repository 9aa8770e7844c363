package lrmd

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An Agent names what runs an operation.
type Agent struct{ Class, Provider, Type string }

// String is the form that people type: class:provider:type.
func (a Agent) String() string {
	if a.Provider == "" {
		return a.Class + ":" + a.Type
	}
	return a.Class + ":" + a.Provider + ":" + a.Type
}

// Status is how an operation ended, op-status in the CIB.
type Status int

// The statuses. The values belong to the CIB's format.
const (
	Pending      Status = -1
	Done         Status = 0
	Cancelled    Status = 1
	TimedOut     Status = 2
	NotSupported Status = 3
	Failed       Status = 4
	FailedHard   Status = 5
	FailedFatal  Status = 6
	NotInstalled Status = 7
	NotConnected Status = 8
	Invalid      Status = 9
	NoFencer     Status = 10
	NoSecrets    Status = 11
)

// Return codes of agents (resource-agents.md 4).
const (
	RCOK            = 0
	RCError         = 1
	RCNoPrivilege   = 4
	RCNotInstalled  = 5
	RCNotConfigured = 6
	RCNotRunning    = 7
	RCPromoted      = 8

	RCFailedPromoted   = 9
	RCConnectionDied   = 189
	RCDegraded         = 190 // runs, and something is wrong
	RCDegradedPromoted = 191
	RCUnknown          = 193
)

// Effective is what a result stands for: a degraded resource runs.
func Effective(rc int) int {
	switch rc {
	case RCDegraded:
		return RCOK
	case RCDegradedPromoted:
		return RCPromoted
	}
	return rc
}

// An Op is one operation asked of the executor.
type Op struct {
	Resource   string
	Agent      Agent
	Action     string        // start, stop, monitor, ...
	Interval   time.Duration // 0: once
	Timeout    time.Duration
	StartDelay time.Duration
	Params     []xml.Attr // everything the agent gets, CRM_meta_* too
	UserData   string     // handed back with results: the transition key
	CallID     int        // given by Exec
	Ticket     string     // of whoever waits for the result, "" for nobody
}

// A Result is what came of a run of an operation.
type Result struct {
	Op
	RC        int
	Status    Status
	Output    string
	Reason    string        // the agent's exit reason
	ExecTime  time.Duration // of the run
	QueueTime time.Duration // waited before it
	RunTime   int64         // when it was started, seconds since 1970
	RCChange  int64         // when RC last became what it is
}

// A Run asks the shell to run an agent; it answers with Finished.
type Run struct {
	ID int // of this run, unique in the life of the machine
	Op Op
	// Resumed says that it was started by an earlier process: it is waited for.
	Resumed bool
}

// A Kill asks the shell to kill the process group of a run.
type Kill struct{ ID int }
