package keeper

import (
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	up := func(e end) end { e.ready, e.everUp = true, true; return e }
	for _, tt := range []struct {
		name string
		end  end
		want verdict
	}{
		{"orderly end", up(end{code: ExitOK}), verdict{exit: true}},
		{"not to be started again", up(end{code: ExitFatal}), verdict{exit: true, code: ExitFatal}},
		{"killed", up(end{code: -1, crashed: true, life: time.Minute}), verdict{}},
		{"killed while it stops", up(end{code: -1, crashed: true, life: time.Minute, stopping: true}), verdict{}},
		{"failed", up(end{code: ExitError, life: time.Minute}), verdict{}},
		{"failed before it was ever up", end{code: ExitError}, verdict{exit: true, code: ExitError}},
		{"killed before it was ever up", end{code: -1, crashed: true}, verdict{exit: true, code: ExitError}},
		{"no corosync at the start", end{code: ExitDisconnected}, verdict{exit: true, code: ExitDisconnected}},
		{"corosync is gone", up(end{code: ExitDisconnected, life: time.Minute}), verdict{pause: lostPause, drop: true}},
		{"corosync is gone while it stops", up(end{code: ExitDisconnected, stopping: true}), verdict{exit: true, code: ExitDisconnected}},
	} {
		if got := new(respawn).judge(tt.end); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestWorkerThatKeepsDying gets longer pauses, then loses its memberships, and
// is given up in the end.
func TestWorkerThatKeepsDying(t *testing.T) {
	var r respawn
	crash := func(life time.Duration) verdict {
		return r.judge(end{code: -1, crashed: true, life: life, everUp: true})
	}
	for i, want := range []verdict{
		{}, {pause: 100 * time.Millisecond}, {pause: 200 * time.Millisecond},
		{pause: 400 * time.Millisecond, drop: true}, {pause: 800 * time.Millisecond, drop: true},
	} {
		if got := crash(time.Second); got != want {
			t.Errorf("death %d: %+v, want %+v", i+1, got, want)
		}
	}
	if got := crash(time.Minute); got != (verdict{}) {
		t.Errorf("after a longer life: %+v", got)
	}
	var got verdict
	deaths := 6
	for ; !got.exit; deaths++ {
		got = crash(time.Second)
		if got.pause > maxPause {
			t.Fatalf("death %d: pause of %v", deaths+1, got.pause)
		}
	}
	if deaths != maxRespawns+1 || got.code != ExitError {
		t.Errorf("given up after %d deaths with status %d", deaths, got.code)
	}
	if got := crash(2 * healthy); got != (verdict{}) {
		t.Errorf("after a healthy life: %+v", got)
	}
}
