package sim

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// Weather is what the network does to packets. The zero value is a perfect
// network without delay.
type Weather struct {
	Delay     time.Duration // of every packet
	Jitter    time.Duration // up to this much more, so packets overtake
	Loss      float64       // share of packets that are lost
	Duplicate float64       // share of packets that come twice
	Replay    float64       // chance, per packet, that some old packet comes again
	Corrupt   float64       // share of packets with one byte changed
	Cut       float64       // share of packets that lose their end
}

// fair is the weather of a healthy local network.
var fair = Weather{Delay: 80 * time.Microsecond, Jitter: 40 * time.Microsecond}

// A flight is a packet on its way.
type flight struct {
	at time.Duration
	n  uint64 // order of sending, to break ties
	link
	data []byte // nil: the answer of a host that its port is closed
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].n < f[j].n
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

// A link is the way from one node to another on one network.
type link struct {
	iface    int
	from, to totem.NodeID
}

// A network carries packets between nodes, on as many networks as they have
// interfaces.
type network struct {
	rng     *rand.Rand
	weather Weather
	cut     map[[2]totem.NodeID]bool // from, to: on all networks
	lame    map[link]float64         // share of packets that are lost on one network besides
	hole    map[[2]totem.NodeID]int  // the largest IP packet that gets through, where that is less than any
	air     flights
	sent    uint64
	old     []flight          // some that were sent, for replays
	tap     func(data []byte) // sees all that is sent
}

func (n *network) send(now time.Duration, l link, data []byte) {
	w := n.weather
	if n.tap != nil {
		n.tap(data)
	}
	if w.Replay > 0 {
		if len(n.old) < 256 {
			n.old = append(n.old, flight{link: l, data: data})
		} else if n.rng.IntN(8) == 0 {
			n.old[n.rng.IntN(len(n.old))] = flight{link: l, data: data}
		}
		if n.rng.Float64() < w.Replay {
			f := n.old[n.rng.IntN(len(n.old))]
			n.launch(now, f.link, f.data)
		}
	}
	if n.rng.Float64() < w.Loss {
		return
	}
	if n.rng.Float64() < w.Corrupt && len(data) > 0 {
		data = append([]byte(nil), data...)
		data[n.rng.IntN(len(data))] ^= byte(1 + n.rng.IntN(255))
	}
	if w.Cut > 0 && n.rng.Float64() < w.Cut && len(data) > 0 {
		data = data[:n.rng.IntN(len(data))]
	}
	n.launch(now, l, data)
	if n.rng.Float64() < w.Duplicate {
		n.launch(now, l, data)
	}
}

// swallows reports whether a message sent in IP packets of a size, 0 for one, is
// lost for being too large. (The fate of an answer is that of its question.)
func (n *network) swallows(from, to totem.NodeID, data []byte, packet int) bool {
	size := len(data) + 28
	if packet > 0 {
		size = min(size, packet)
	}
	most, small := n.hole[[2]totem.NodeID{from, to}]
	return small && size > most
}

func (n *network) launch(now time.Duration, l link, data []byte) {
	if n.cut[[2]totem.NodeID{l.from, l.to}] {
		return
	}
	if share := n.lame[l]; share > 0 && n.rng.Float64() < share {
		return
	}
	at := now + n.weather.Delay
	if n.weather.Jitter > 0 {
		at += time.Duration(n.rng.Int64N(int64(n.weather.Jitter)))
	}
	n.sent++
	heap.Push(&n.air, flight{at, n.sent, l, data})
}

// next returns when the next packet arrives, or false if there is none.
func (n *network) next() (time.Duration, bool) {
	if len(n.air) == 0 {
		return 0, false
	}
	return n.air[0].at, true
}

func (n *network) arrive() flight { return heap.Pop(&n.air).(flight) }
