//go:build interop

package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oneWayEnv is how many windows TestOneWay measures on either stack: it takes
// minutes, so nothing is measured unless this is set (make oneway). oneWaySeed is
// the seed of the cuts, oneWayStacks what to measure.
const (
	oneWayEnv    = "GOCOROSYNC_ONEWAY"
	oneWaySeed   = "GOCOROSYNC_ONEWAY_SEED"
	oneWayStacks = "GOCOROSYNC_ONEWAY_STACKS"
)

const (
	oneWayWindow = 8 * time.Second
	oneWayPerCut = 6 // windows
)

// TestOneWay cuts the way from one node of three to another, while the way back
// is open, and asks in each window of some seconds whether the cluster can be
// written to: whether a message that a client sends in it reaches a client of
// another node. Then the cut heals and another one follows. Ours must be able to
// as often as the original beside it.
func TestOneWay(t *testing.T) {
	windows, _ := strconv.Atoi(os.Getenv(oneWayEnv))
	if windows == 0 {
		t.Skip("measured by make oneway")
	}
	peer := thePeer(t)
	seed, _ := strconv.ParseUint(os.Getenv(oneWaySeed), 10, 64)
	stacks := strings.Fields(os.Getenv(oneWayStacks))
	if len(stacks) == 0 {
		stacks = []string{"original", "ours"}
	}
	good := make(map[string]int)
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure(peer.totem, "")
			for _, h := range l.hosts {
				if stack == "ours" {
					h.ours(peer.profile)
				} else {
					peer.start(h)
				}
			}
			good[stack] = measureOneWay(t, l, peer.profile, seed, windows)
			t.Logf("%s: written in %d of %d windows of %v", stack, good[stack], windows, oneWayWindow)
		})
	}
	if len(stacks) == 2 && good["ours"] < good["original"] {
		t.Errorf("ours can be written to in %d windows of %d, the original in %d", good["ours"], windows, good["original"])
	}
}

func measureOneWay(t *testing.T, l *lab, profile string, seed uint64, windows int) (good int) {
	for _, h := range l.hosts {
		eventually(t, 30*time.Second, quorate(h, profile, "3"))
	}
	ts := &talkers{t: t}
	for _, h := range l.hosts {
		ts.start(h)
	}
	rng := rand.New(rand.NewPCG(seed, 0x6f6e65))
	var line strings.Builder
	for w := range windows {
		if w%oneWayPerCut == 0 {
			if err := l.Heal(); err != nil {
				t.Fatal(err)
			}
			for _, h := range l.hosts {
				eventually(t, 90*time.Second, quorate(h, profile, "3"))
			}
			ts.send(1, 64, 64)
			ts.settle(30 * time.Second)
			i := rng.IntN(3)
			j := (i + 1 + rng.IntN(2)) % 3
			if err := l.CutOneWay(l.hosts[i].Host, l.hosts[j].Host); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&line, "\n  no way from %d to %d:", i+1, j+1)
		}
		ts.send(1, 64, 64)
		start, wrote := time.Now(), ""
		for time.Since(start) < oneWayWindow {
			if who := reached(ts); who != "" && wrote == "" {
				wrote = fmt.Sprintf("%s %.1fs", who, time.Since(start).Seconds())
			}
			time.Sleep(50 * time.Millisecond)
		}
		if wrote != "" {
			good++
		} else {
			wrote = "-"
		}
		fmt.Fprintf(&line, " [%s]", wrote)
	}
	rings := 0
	for _, k := range ts.live {
		k.mu.Lock()
		rings += k.rings
		k.mu.Unlock()
	}
	t.Logf("who wrote to whom, and when in the window:%s\n  %d reports of rings on all nodes", line.String(), rings)
	if err := l.Heal(); err != nil {
		t.Fatal(err)
	}
	return good
}

// reached tells of a talker whose last message another one has got.
func reached(ts *talkers) string {
	for _, k := range ts.live {
		for _, o := range ts.live {
			if k == o {
				continue
			}
			o.mu.Lock()
			heard := o.heard[k.life]
			o.mu.Unlock()
			if heard >= k.told {
				return fmt.Sprintf("%d>%d", k.life, o.life)
			}
		}
	}
	return ""
}
