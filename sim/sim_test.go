package sim

import (
	"flag"
	"fmt"
	"hash/fnv"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

var (
	seed    = flag.Uint64("seed", 0, "run with this seed only")
	seeds   = flag.Uint64("seeds", defaultSeeds, "run with this many seeds")
	from    = flag.Uint64("from", 1, "the first of the seeds; a long run can be split, or taken up again")
	tell    = flag.Bool("tell", false, "with -seed: print what happens")
	cibTo   = flag.String("cib", "", "with -seed: write the DC's CIB as it is at the end to this file")
	goOn    = flag.Bool("goon", false, "go on with the next seed after one that fails")
	nodeLog = flag.Bool("nodelog", false, "with -seed and -tell: print the nodes' logs too")
)

// shortSeeds is how many seeds -short leaves of each test: what breaks a ring at
// all shows in them.
const shortSeeds = 16

// forSeeds calls run for each seed. run returns what went wrong and the virtual
// time it covered.
func forSeeds(t *testing.T, run func(seed uint64, trace func(string)) (time.Duration, error)) {
	n := *seeds
	if testing.Short() {
		n = min(n, shortSeeds)
	}
	first, last := *from, *from+n-1
	if *seed != 0 {
		first, last = *seed, *seed
	}
	var trace func(string)
	if *seed != 0 && *tell {
		trace = func(line string) { fmt.Println(line) }
	}
	total, start := time.Duration(0), time.Now()
	told := start
	for s := first; s <= last; s++ {
		d, err := run(s, trace)
		total += d
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Printf("%s: seed %d of %d, %.1f virtual hours\n", t.Name(), s, last, total.Hours())
		}
		if err != nil && *goOn {
			t.Errorf("seed %d: %v", s, err)
			fmt.Printf("%s: seed %d: %v\n", t.Name(), s, err)
		} else if err != nil {
			t.Fatalf("seed %d: %v\nagain: go test ./sim -run '^%s$' -seed %d -tell", s, err, t.Name(), s)
		}
	}
	t.Logf("%d seeds, %.1f virtual hours in %v", last-first+1, total.Hours(), time.Since(start).Round(time.Millisecond))
}

// generation alternates between the seeds.
func generation(seed uint64) wire.Generation {
	if seed%2 == 0 {
		return wire.EL9
	}
	return wire.EL7
}

// ringWorld makes a cluster of chatting nodes.
func ringWorld(seed uint64, trace func(string)) (*World, *Checker) {
	cfg := Config{
		Seed: seed, Nodes: 2 + int(seed/2%4), Generation: generation(seed), Trace: trace,
		Tunables: totem.Tunables{Token: time.Second},
	}
	maxSize := 20000
	if seed%7 == 0 {
		maxSize = 300000
	}
	return chattingWorld(cfg, 100*time.Millisecond, maxSize)
}

// chattingWorld makes a cluster whose nodes send messages of up to maxSize bytes,
// the laziest every pause.
func chattingWorld(cfg Config, pause time.Duration, maxSize int) (*World, *Checker) {
	var c *Checker
	cfg.Upper = func(w *World, n *Node) Upper {
		return NewChatter(w, n, c, time.Millisecond+time.Duration(w.Rand.Int64N(int64(pause))), maxSize)
	}
	if cfg.Trace != nil && *nodeLog {
		cfg.Log = logTo(cfg.Trace)
	}
	w := NewWorld(cfg)
	c = NewChecker(w)
	return w, c
}

// agreeWithin is how long after peace all nodes must be on one ring and have
// their own messages back, with a token timeout of a second: that to notice,
// consensus twice to give up wrong ideas, and some merge detects and joins.
const agreeWithin = 10 * time.Second

// TestRing lets trouble pass over clusters of two to five nodes and holds what
// they report against the promises of the ring; then, in peace, all must agree
// in time and get what they sent.
func TestRing(t *testing.T) {
	var worst time.Duration
	delivered := 0
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, c := ringWorld(seed, trace)
		took, err := troubleAndPeace(w, c, 12)
		worst = max(worst, took)
		delivered += c.Delivered
		return w.Now, err
	})
	t.Logf("%d deliveries; agreement after peace took at most %v", delivered, worst)
}

// TestLargeRing is TestRing for six to sixty-four nodes, with the token timeout
// that corosync computes for so many.
func TestLargeRing(t *testing.T) {
	var worst time.Duration
	delivered := 0
	forSomeSeeds(t, 200, func(seed uint64, trace func(string)) (time.Duration, error) {
		n := 6 + int(seed*13%59)
		w, c := chattingWorld(Config{
			Seed: seed, Nodes: n, Generation: generation(seed), Trace: trace,
			Tunables: totem.Tunables{Token: totem.EffectiveToken(time.Second, 650*time.Millisecond, n)},
		}, time.Second, 3000)
		took, err := troubleAndPeace(w, c, 2)
		worst = max(worst, took)
		delivered += c.Delivered
		return w.Now, err
	})
	t.Logf("%d deliveries; agreement after peace took at most %v", delivered, worst)
}

func troubleAndPeace(w *World, c *Checker, rounds int) (time.Duration, error) {
	for _, n := range w.Nodes {
		n.Start()
	}
	w.Chaos(rounds)
	if err := w.Err(); err != nil {
		return 0, err
	}
	w.Peace()
	start, within := w.Now, agreeWithin/time.Second*w.cfg.Tunables.Token
	for _, n := range w.Nodes {
		n.Up.(*Chatter).Rate = 0
	}
	w.RunUntil(start+within, func() bool { return agreed(w) })
	if w.Err() == nil && !agreed(w) {
		for _, n := range w.Nodes {
			u := n.Up.(*Chatter)
			w.Failf("no agreement %v after peace: node %d is on %v %v %s, sent %d, heard %d, waits for %v",
				within, n.ID, n.Ring.Ring(), u.On, n.Ring.State(), u.Sent, u.Heard, u.waits)
		}
	}
	took := w.Now - start
	w.Run(time.Second) // nothing may move any more
	if w.Err() == nil && !agreed(w) {
		w.Failf("agreement does not last")
	}
	c.Finish()
	if err := w.Err(); err != nil {
		return took, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
	}
	return took, nil
}

// agreed reports whether all nodes are on one ring, in sync, and have got all
// they sent themselves.
func agreed(w *World) bool {
	for _, n := range w.Nodes {
		u := n.Up.(*Chatter)
		if len(u.On) != len(w.Nodes) || u.ring != w.Nodes[0].Up.(*Chatter).ring || u.waits != nil ||
			u.Heard != u.Sent || n.Ring.State() != "operational" {
			return false
		}
	}
	return true
}

// TestSameSeedSameStory runs each seed twice. A difference means that something
// other than the seed decides what happens: map order, a clock, luck.
func TestSameSeedSameStory(t *testing.T) {
	story := func(seed uint64) (lines []string) {
		h := fnv.New64a()
		w, _ := ringWorld(seed, func(line string) { lines = append(lines, line) })
		w.net.tap = func(data []byte) { h.Write(data) }
		for _, n := range w.Nodes {
			n.Start()
		}
		w.Chaos(4)
		return append(lines, fmt.Sprintf("%d packets, hash %x", w.net.sent, h.Sum64()))
	}
	for seed := range uint64(10) {
		if a, b := story(seed+1), story(seed+1); !slices.Equal(a, b) {
			t.Fatalf("two runs of seed %d differ:\n%q\n%q", seed+1, a, b)
		}
	}
}
