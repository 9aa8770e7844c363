package sim

import (
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// Chaos lets rounds of trouble pass: in each the weather changes, nodes are cut
// off, stopped, crashed and started.
func (w *World) Chaos(rounds int) {
	for range rounds {
		w.changeWeather()
		w.changeCuts()
		if w.cfg.Holes {
			w.changeHoles()
		}
		if w.cfg.Reloads {
			w.changeFiles()
		}
		if w.cfg.Edits {
			w.edit()
		}
		if w.cfg.RRP != totem.RRPNone {
			w.changeNetworks()
		}
		for _, n := range w.Nodes {
			w.changeFate(n)
		}
		w.Run(time.Duration(w.Rand.IntN(4000)) * time.Millisecond)
		if w.Err() != nil {
			return
		}
	}
}

func (w *World) changeWeather() {
	r := w.Rand
	w.net.weather = fair
	switch r.IntN(6) {
	case 0, 1: // fair
	case 2:
		w.net.weather.Loss = r.Float64() * 0.3
	case 3:
		w.net.weather.Jitter = time.Duration(r.IntN(50)) * time.Millisecond
		w.net.weather.Loss = r.Float64() * 0.05
	case 4:
		w.net.weather.Duplicate = r.Float64() * 0.5
		w.net.weather.Jitter = time.Duration(r.IntN(5)) * time.Millisecond
		w.net.weather.Replay = r.Float64() * 0.05
	case 5:
		w.net.weather.Loss = r.Float64() * 0.1
		w.net.weather.Duplicate = r.Float64() * 0.1
		w.net.weather.Delay = time.Duration(r.IntN(20)) * time.Millisecond
		w.net.weather.Jitter = time.Duration(r.IntN(20)) * time.Millisecond
	}
	if w.cfg.Dirt && r.IntN(3) > 0 {
		w.net.weather.Corrupt = r.Float64() * 0.2
		w.net.weather.Cut = r.Float64() * 0.1
		w.net.weather.Duplicate = r.Float64() * 0.2
		w.net.weather.Replay = r.Float64() * 0.1
	}
	w.trace("weather %+v", w.net.weather)
}

// changeCuts divides the nodes, or cuts some one-way links.
func (w *World) changeCuts() {
	r := w.Rand
	clear(w.net.cut)
	switch r.IntN(4) {
	case 0, 1:
		return
	case 2:
		var sides []int
		for range w.Nodes {
			sides = append(sides, r.IntN(2))
		}
		for _, a := range w.Nodes {
			for _, b := range w.Nodes {
				if sides[a.ID-1] != sides[b.ID-1] {
					w.net.cut[[2]totem.NodeID{a.ID, b.ID}] = true
				}
			}
		}
		w.trace("sides %v", sides)
	case 3:
		a, b := w.Nodes[r.IntN(len(w.Nodes))].ID, w.Nodes[r.IntN(len(w.Nodes))].ID
		w.net.cut[[2]totem.NodeID{a, b}] = true
		w.trace("no way from %d to %d", a, b)
	}
}

// changeNetworks troubles one of two networks, or none: it is gone, it loses much,
// one node's interface is dead, takes nothing in or sends nothing, or one way between
// two nodes is.
func (w *World) changeNetworks() {
	r := w.Rand
	kind, iface := r.IntN(8), r.IntN(2)
	a, b := w.Nodes[r.IntN(len(w.Nodes))].ID, w.Nodes[r.IntN(len(w.Nodes))].ID
	w.lame(kind, iface, a, b)
}

// Ways in which one network can be in trouble.
const (
	netGone  = iota // nothing gets through
	netLossy        // a part does not
	netDead         // nothing to or from one node
	netDeaf         // nothing to it
	netMute         // nothing from it
	netWay          // nothing from it to another
	netFine
)

func (w *World) lame(kind, iface int, a, b totem.NodeID) {
	clear(w.net.lame)
	if kind >= netFine {
		return
	}
	share := 1.0
	if kind == netLossy {
		share = 0.1 + 0.8*w.Rand.Float64()
	}
	for _, x := range w.ids() {
		for _, y := range w.ids() {
			bad := false
			switch kind {
			case netGone, netLossy:
				bad = true
			case netDead:
				bad = x == a || y == a
			case netDeaf:
				bad = y == a
			case netMute:
				bad = x == a
			case netWay:
				bad = x == a && y == b
			}
			if bad {
				w.net.lame[link{iface, x, y}] = share
			}
		}
	}
	w.trace("network %d: trouble %d with %d and %d, share %.2f", iface, kind, a, b, share)
}

// changeHoles lets links lose what is larger than a tunnel takes: all, one both
// ways, one one way, or none. Peace does not end it.
func (w *World) changeHoles() {
	r := w.Rand
	clear(w.net.hole)
	size, kind := 1280+r.IntN(170), r.IntN(4)
	a, b := w.Nodes[r.IntN(len(w.Nodes))].ID, w.Nodes[r.IntN(len(w.Nodes))].ID
	for _, x := range w.ids() {
		for _, y := range w.ids() {
			if kind == 0 || kind <= 2 && x == a && y == b || kind == 1 && x == b && y == a {
				w.net.hole[[2]totem.NodeID{x, y}] = size
			}
		}
	}
	if len(w.net.hole) > 0 {
		w.trace("hole of %d: kind %d, %d and %d", size, kind, a, b)
	}
}

func (w *World) changeFate(n *Node) {
	r := w.Rand
	if n.Ring == nil {
		if r.IntN(2) == 0 {
			n.Start()
		}
		return
	}
	switch r.IntN(24) {
	case 0:
		n.Crash()
	case 6:
		n.Kill()
	case 1:
		n.Stop()
	case 2: // back before its loss is noticed
		n.Kill()
		w.Run(time.Duration(r.IntN(300)) * time.Millisecond)
		n.Start()
	case 3:
		n.Pause(time.Duration(r.IntN(4000)) * time.Millisecond)
	case 4, 5: // in the middle of something
		n.crashAfter = r.IntN(400)
	}
}

// Peace ends all trouble: everybody is up and the network is fair.
func (w *World) Peace() {
	w.net.weather = fair
	clear(w.net.cut)
	clear(w.net.lame)
	for _, n := range w.Nodes {
		n.crashAfter, n.pausedUntil = -1, 0
		n.Start()
	}
	w.trace("peace")
}
