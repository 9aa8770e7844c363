package udp_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// flooder keeps its ring's queue full of messages and counts what comes back.
type flooder struct {
	app
	left  int
	msg   totem.Event // the same each time: it is made once
	heard atomic.Int64
}

func (f *flooder) Deliver(d *totem.Deliver) {
	if groups, _, err := wire.SplitGroups(d.Data, d.BigEndian); err == nil && groups.Has(wire.GroupServices) {
		f.heard.Add(1)
		return
	}
	f.app.Deliver(d)
}

func (f *flooder) Tick(time.Duration) {
	m := f.loop.Machine()
	for n := 0; f.left > 0 && n < 64 && m.Room() > 64*(len(f.msg.(totem.Submit).Data)+100); n++ {
		f.left--
		f.loop.Post(f.msg)
	}
}

// BenchmarkRing sends messages of 1024 bytes from one of two nodes on the
// loopback interface; an operation is a message delivered on both.
func BenchmarkRing(b *testing.B) {
	for _, g := range []wire.Generation{wire.EL7, wire.EL9} {
		b.Run(g.String()[:3], func(b *testing.B) {
			var nodes []*flooder
			for id := range totem.NodeID(2) {
				f := &flooder{app: app{gen: g}, msg: totem.Submit{Data: append(wire.AppendGroup(nil, wire.GroupServices), make([]byte, 1024)...)}}
				loop, err := udp.New(b.Context(), udp.Config{
					Totem: totem.Config{Self: id + 1, Generation: g, Nodes: loopNodes(2)}, Port: 5476,
				})
				if err != nil {
					b.Fatal(err)
				}
				f.loop = loop
				go loop.Run(b.Context(), f)
				nodes = append(nodes, f)
			}
			for ready := false; !ready; time.Sleep(time.Millisecond) {
				ready = true
				for _, f := range nodes {
					members, synced, _ := f.state()
					ready = ready && len(members) == 2 && synced
				}
			}
			b.SetBytes(1024)
			b.ReportAllocs()
			b.ResetTimer()
			_ = nodes[0].loop.Do(b.Context(), func() { nodes[0].left = b.N })
			for nodes[0].heard.Load() < int64(b.N) || nodes[1].heard.Load() < int64(b.N) {
				time.Sleep(100 * time.Microsecond)
			}
		})
	}
}
