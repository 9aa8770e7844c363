package corosync

import (
	"context"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
)

// BenchmarkGroup measures messages of 64 bytes from one member to two, without
// IPC: what the ring and the services cost.
func BenchmarkGroup(b *testing.B) {
	t := &testing.T{}
	dir := b.TempDir()
	var groups []*Group
	for id := 1; id <= 2; id++ {
		n := startNode(t, dir, conf.EL9, 26405, 2, id)
		defer n.Stop()
		g, err := n.Join(context.Background(), "bench")
		if err != nil {
			b.Fatal(err)
		}
		groups = append(groups, g)
	}
	ctx := b.Context()
	for {
		ev, err := groups[0].Next(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if c, ok := ev.(Change); ok && len(c.Members) == 2 {
			break
		}
	}
	data := make([]byte, 64)
	b.ResetTimer()
	go func() {
		for range b.N {
			groups[0].Multicast(ctx, data)
		}
	}()
	for got := 0; got < b.N; {
		ev, err := groups[1].Next(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := ev.(Message); ok {
			got++
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
