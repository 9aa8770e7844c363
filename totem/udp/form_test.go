package udp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// BenchmarkFormation starts all nodes of a cluster at once and waits until they
// are on one ring, in sync.
func BenchmarkFormation(b *testing.B) {
	for _, g := range []wire.Generation{wire.EL7, wire.EL9} {
		for _, n := range []int{2, 5, 16, 32} {
			b.Run(fmt.Sprintf("%s/%d", g.String()[:3], n), func(b *testing.B) {
				var worst time.Duration
				for b.Loop() {
					start := time.Now()
					worst = max(worst, formation(b, g, n, start))
				}
				b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
			})
		}
	}
}

func formation(b *testing.B, g wire.Generation, n int, begin time.Time) time.Duration {
	var nodes []*node
	for id := range totem.NodeID(n) {
		nodes = append(nodes, start(b, id+1, n, 5479, func(c *udp.Config) {
			c.Totem.Generation = g
			c.Totem.Tunables.Token = totem.EffectiveToken(time.Second, 650*time.Millisecond, n)
		}))
	}
	for !ringOf(nodes, n)() {
		if time.Since(begin) > time.Minute {
			b.Fatal("no ring after a minute")
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(begin)
	for _, nd := range nodes {
		nd.stop(udp.ErrKilled)
	}
	for _, nd := range nodes {
		nd.done <- <-nd.done
	}
	return took
}
