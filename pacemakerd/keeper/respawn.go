package keeper

import "time"

// Exit statuses that the parent knows.
const (
	ExitOK           = 0
	ExitError        = 1
	ExitFatal        = 100 // never start again
	ExitDisconnected = 102 // corosync is gone
)

const (
	maxRespawns = 100 // as the original's for each of its daemons
	longLife    = 10 * time.Second
	// healthy is a life after which earlier deaths are forgotten.
	healthy = time.Hour
	// quickDrop is how many lives in a row may end early before the
	// memberships are given up: they may be what kills.
	quickDrop = 4
	maxPause  = 5 * time.Second
	lostPause = time.Second // before a worker looks for corosync again
)

// respawn decides what becomes of a dead worker.
type respawn struct {
	deaths int // in all
	quick  int // in a row that came early
}

// An end is how a worker ended.
type end struct {
	code     int
	crashed  bool // by a signal, or without a word
	life     time.Duration
	ready    bool // it was up in this life
	everUp   bool // some worker was
	stopping bool // an orderly end had been asked for
}

// A verdict is what the parent does about it.
type verdict struct {
	exit  bool
	code  int           // with exit
	pause time.Duration // else: before the next worker
	drop  bool          // give the memberships up
}

func (r *respawn) judge(e end) verdict {
	switch {
	case !e.crashed && (e.code == ExitOK || e.code == ExitFatal):
		return verdict{exit: true, code: e.code}
	case !e.everUp:
		// It cannot be started at all: whoever started us is told.
		code := e.code
		if e.crashed {
			code = ExitError
		}
		return verdict{exit: true, code: code}
	case !e.crashed && e.code == ExitDisconnected:
		if e.stopping {
			return verdict{exit: true, code: e.code}
		}
		// Memberships died with corosync. It may take long to come back.
		return verdict{pause: lostPause, drop: true}
	}
	if e.life >= healthy {
		r.deaths = 0
	}
	if e.life >= longLife {
		r.quick = 0
	} else {
		r.quick++
	}
	if r.deaths++; r.deaths > maxRespawns {
		return verdict{exit: true, code: ExitError}
	}
	v := verdict{drop: r.quick >= quickDrop}
	if r.quick > 1 {
		v.pause = min(100*time.Millisecond<<min(r.quick-2, 10), maxPause)
	}
	return v
}
