package corosync

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/cpg"
)

// join joins a group on each node and waits until all members see all.
func join(t *testing.T, ctx context.Context, name string, nodes ...*Node) (groups []*Group) {
	t.Helper()
	for _, n := range nodes {
		g, err := n.Join(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		for len(next[Change](t, g).Members) < len(nodes) {
		}
	}
	return groups
}

// pattern is a message of n bytes that tells its number and whether it is whole.
func pattern(number, n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(number))
	r := rand.New(rand.NewPCG(uint64(number), uint64(n)))
	for len(b) < n {
		b = binary.BigEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

func checkPattern(b []byte) error {
	number := int(binary.BigEndian.Uint32(b))
	if !bytes.Equal(b, pattern(number, len(b))) {
		return fmt.Errorf("message %d of %d bytes is mixed up", number, len(b))
	}
	return nil
}

// TestLargeConcurrently: messages of several parts, sent by several goroutines of
// two members together with short ones, arrive whole, once and in one order.
func TestLargeConcurrently(t *testing.T) {
	for i, p := range []conf.Profile{conf.EL7, conf.EL9} {
		t.Run(p.String(), func(t *testing.T) {
			ctx := within(t, 60*time.Second)
			groups := join(t, ctx, "large", cluster(t, p, 25440+2*i, 2)...)
			const senders, each = 3, 4
			var wg sync.WaitGroup
			for i, g := range groups {
				for s := range senders {
					wg.Go(func() {
						for k := range each {
							number, size := (i*senders+s)*each+k, 1000
							if k%2 == 0 {
								size = node.MaxAtomic + 1 + 70_000*s
							}
							if err := g.Multicast(ctx, pattern(number, size)); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			var orders [2][]uint32
			for i, g := range groups {
				for len(orders[i]) < 2*senders*each {
					m := next[Message](t, g)
					if err := checkPattern(m.Data); err != nil {
						t.Fatal(err)
					}
					orders[i] = append(orders[i], binary.BigEndian.Uint32(m.Data))
				}
			}
			wg.Wait()
			if fmt.Sprint(orders[0]) != fmt.Sprint(orders[1]) {
				t.Errorf("orders differ:\n%v\n%v", orders[0], orders[1])
			}
			seen := make(map[uint32]bool)
			for _, n := range orders[0] {
				seen[n] = true
			}
			if len(seen) != 2*senders*each {
				t.Errorf("%d of %d", len(seen), 2*senders*each)
			}
		})
	}
}

// TestLargeWhileJoining: members come and go while long messages are sent. Whoever
// is a member when one is delivered gets it, and all get it once.
func TestLargeWhileJoining(t *testing.T) {
	ctx := within(t, 60*time.Second)
	nodes := cluster(t, conf.EL9, 25444, 2)
	groups := join(t, ctx, "large", nodes...)
	done := make(chan struct{})
	const count = 6
	go func() {
		defer close(done)
		for k := range count {
			if err := groups[0].Multicast(ctx, pattern(k, 2<<20)); err != nil {
				t.Error(err)
			}
		}
	}()
	// What each member got since it joined must be the tail of what the first got.
	var mu sync.Mutex
	var tails [][]int
	var first, wg sync.WaitGroup
	soon, giveUp := context.WithCancel(ctx) // ends some time after the first members have all
	defer giveUp()
	collect := func(g *Group) {
		var got []int
		for ev, err := range g.Events(soon) {
			if err != nil {
				t.Errorf("after %v: %v", got, err)
				return
			}
			if m, ok := ev.(Message); ok {
				if string(m.Data) == "end" {
					break
				}
				if err := checkPattern(m.Data); err != nil {
					t.Error(err)
				}
				got = append(got, int(binary.BigEndian.Uint32(m.Data)))
			}
		}
		mu.Lock()
		tails = append(tails, got)
		mu.Unlock()
	}
	for _, g := range groups {
		first.Go(func() { collect(g) })
	}
	joins := 0
	for more := true; more; joins++ {
		g, err := nodes[joins%2].Join(ctx, "large")
		if err != nil {
			t.Fatal(err)
		}
		if joins%3 == 0 {
			g.Close()
		} else {
			wg.Go(func() { collect(g) })
		}
		select {
		case <-done:
			more = false
		case <-time.After(20 * time.Millisecond):
		}
		if joins > 12 {
			<-done
			more = false
		}
	}
	if err := groups[0].Multicast(ctx, []byte("end")); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	time.AfterFunc(10*time.Second, giveUp)
	wg.Wait()
	for _, tail := range tails {
		for i, k := range tail {
			if k != count-len(tail)+i {
				t.Fatalf("a member got %v", tail)
			}
		}
	}
}

// TestForeignParts: a message in parts of a sender that uses libcpg.
func TestForeignParts(t *testing.T) {
	var p parts
	a, b := Member{1, 10}, Member{2, 20}
	one := cpg.Address{Node: 1, PID: 10}
	steps := []struct {
		from  Member
		total uint32
		typ   uint32
		data  string
		whole string
		done  bool
	}{
		{a, 4, partMiddle, "xx", "", false}, // the first was missed
		{a, 4, partLast, "xx", "", true},
		{a, 6, partFirst, "ab", "", false},
		{b, 2, partFirst, "x", "", false},
		{a, 6, partMiddle, "cd", "", false},
		{a, 6, partFirst, "AB", "", false}, // begins again
		{b, 2, partLast, "y", "xy", true},
		{a, 6, partMiddle, "CD", "", false},
		{a, 6, partLast, "EF", "ABCDEF", true},
		{a, 3, partFirst, "abcd", "", false}, // more than it says
		{a, 3, partLast, "e", "", true},
		{a, MaxMessage + 1, partFirst, "ab", "", false},
	}
	for i, s := range steps {
		whole, done := p.add(s.from, s.total, s.typ, []byte(s.data))
		if string(whole) != s.whole || done != s.done {
			t.Errorf("step %d: %q %v", i, whole, done)
		}
	}
	// Whoever joins does not stop it, and it ends with its sender.
	p.add(a, 4, partFirst, []byte("ab"))
	p.change(nil, []cpg.Address{{Node: 3}})
	if whole, _ := p.add(a, 4, partLast, []byte("cd")); string(whole) != "abcd" {
		t.Errorf("after a join: %q", whole)
	}
	p.add(a, 4, partFirst, []byte("ab"))
	p.change([]cpg.Address{one}, nil)
	if whole, done := p.add(a, 4, partLast, []byte("cd")); whole != nil || !done {
		t.Errorf("after it left: %q", whole)
	}
	// Ours is dropped by all when somebody joins.
	p.add(a, 4, partFirst, nil)
	p.change(nil, []cpg.Address{{Node: 3}})
	if whole, done := p.add(a, 4, partLast, []byte("abcd")); whole != nil || !done {
		t.Errorf("ours after a join: %q", whole)
	}
}

// TestTooLongPart: a message in parts that is too long is not kept.
func TestTooLongPart(t *testing.T) {
	var p parts
	a := Member{1, 10}
	p.add(a, 1<<30, partFirst, make([]byte, 1<<20))
	for range 40 {
		p.add(a, 1<<30, partMiddle, make([]byte, 1<<20))
	}
	if len(p.under) != 0 {
		t.Errorf("%d bytes are kept", len(p.under[a].data))
	}
}

// TestLargeGivenUp: a message whose sender gives up halfway does not arrive, and
// the next one does.
func TestLargeGivenUp(t *testing.T) {
	ctx := within(t, 20*time.Second)
	g := join(t, ctx, "large", cluster(t, conf.EL9, 25446, 1)...)[0]
	stopped, cancel := context.WithCancel(ctx)
	g.n.n.Do(func() { // while the loop is busy with this the parts wait
		go g.Multicast(stopped, pattern(1, MaxMessage))
		time.Sleep(50 * time.Millisecond)
		cancel()
	})
	if err := g.Multicast(ctx, pattern(2, 2<<20)); err != nil {
		t.Fatal(err)
	}
	if m := next[Message](t, g); checkPattern(m.Data) != nil || m.Data[3] != 2 {
		t.Errorf("message %d", m.Data[3])
	}
	if err := g.Multicast(stopped, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
