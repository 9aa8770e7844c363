package node

import (
	"errors"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/ipc/coro"
)

// cmapClient is what a connection to "cmap" holds.
type cmapClient struct {
	stats  bool
	next   uint64
	iters  map[uint64]*cmapIter
	tracks map[uint64]*clientTrack
}

type cmapIter struct{ prefix, last string }

// clientTrack is the value of a client's track.
type clientTrack struct {
	cl       *client
	instance uint64
	track    *cmap.Track
	in       *cmap.Map
}

func (n *Node) cmapOf(cl *client) *cmap.Map {
	if cl.cmap.stats {
		return n.stats
	}
	return n.keys
}

func cmapError(err error) coro.Error {
	switch {
	case err == nil:
		return coro.OK
	case errors.Is(err, cmap.ErrName):
		return coro.ErrNameTooLong
	case errors.Is(err, cmap.ErrNotExist):
		return coro.ErrNotExist
	case errors.Is(err, cmap.ErrReadOnly):
		return coro.ErrAccess
	}
	return coro.ErrInvalidParam
}

func (n *Node) cmapRequest(cl *client, id int32, msg []byte) coro.Error {
	n.publishStats()
	m := n.cmapOf(cl)
	st := &cl.cmap
	switch id {
	case coro.CMAPReqSet:
		var r coro.CMAPSet
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		s := n.cmapSet(cl, m, r)
		if s == coro.OK && r.Name == dumpFlightKey && n.awaitDump(cl) {
			return answered // when the file is there
		}
		return cl.status(coro.CMAPReqSet, s)
	case coro.CMAPReqDelete:
		var r coro.CMAPKey
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		s := cl.mayChange(m, r.Name)
		if s == coro.OK {
			s = cmapError(m.Delete(r.Name))
		}
		return cl.status(coro.CMAPReqDelete, s)
	case coro.CMAPReqGet:
		var r coro.CMAPGet
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		v, ok := m.Get(r.Name)
		switch {
		case !ok:
			cl.c.Respond(coro.Response(coro.CMAPReqGet, coro.ErrNotExist, &coro.CMAPValue{}))
		case r.Room == 0:
			cl.reply(coro.CMAPReqGet, &coro.CMAPValue{Length: uint64(len(v.Data)), Type: v.Type})
		case r.Room < uint64(len(v.Data)) || r.Room > uint64(cl.c.MaxMessage()-40):
			cl.c.Respond(coro.Response(coro.CMAPReqGet, coro.ErrInvalidParam, &coro.CMAPValue{}))
		default:
			cl.reply(coro.CMAPReqGet, &coro.CMAPValue{Length: uint64(len(v.Data)), Type: v.Type, Data: []byte(v.Data), Room: r.Room})
		}
		return answered
	case coro.CMAPReqAdjust:
		var r coro.CMAPAdjust
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		s := cl.mayChange(m, r.Name)
		if s == coro.OK {
			s = cmapError(m.Adjust(r.Name, r.Step))
		}
		return cl.status(coro.CMAPReqAdjust, s)
	case coro.CMAPReqIterInit:
		var r coro.CMAPKey
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if st.iters == nil {
			st.iters = make(map[uint64]*cmapIter)
		}
		if len(st.iters) >= maxIterators {
			return cl.status(coro.CMAPReqIterInit, coro.ErrNoResources)
		}
		st.next++
		st.iters[st.next] = &cmapIter{prefix: r.Name}
		return cl.reply(coro.CMAPReqIterInit, &coro.Handle{Handle: st.next})
	case coro.CMAPReqIterNext:
		var r coro.HandleReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		it := st.iters[r.Handle]
		if it == nil {
			cl.c.Respond(coro.Response(coro.CMAPReqIterNext, coro.ErrBadHandle, &coro.CMAPIterNext{}))
			return answered
		}
		name, v, ok := m.Next(it.prefix, it.last)
		if !ok {
			cl.c.Respond(coro.Response(coro.CMAPReqIterNext, coro.ErrNoSections, &coro.CMAPIterNext{}))
			return answered
		}
		it.last = name
		return cl.reply(coro.CMAPReqIterNext, &coro.CMAPIterNext{Name: name, Length: uint64(len(v.Data)), Type: v.Type})
	case coro.CMAPReqIterFinalize:
		var r coro.HandleReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if st.iters[r.Handle] == nil {
			return cl.status(coro.CMAPReqIterFinalize, coro.ErrBadHandle)
		}
		delete(st.iters, r.Handle)
		return cl.status(coro.CMAPReqIterFinalize, coro.OK)
	case coro.CMAPReqTrackAdd:
		var r coro.CMAPTrackAdd
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if st.tracks == nil {
			st.tracks = make(map[uint64]*clientTrack)
		}
		ev := cmap.Event(r.Events)
		s := coro.OK
		switch {
		case ev&(cmap.Add|cmap.Delete|cmap.Modify) == 0 || ev&^(cmap.Add|cmap.Delete|cmap.Modify|cmap.Prefix) != 0:
			s = coro.ErrInvalidParam
		case st.stats && ev&cmap.Prefix != 0 && ev&(cmap.Add|cmap.Delete) != cmap.Add|cmap.Delete:
			s = coro.ErrNotSupported
		case len(st.tracks) >= maxIterators:
			s = coro.ErrNoResources
		}
		if s != coro.OK {
			cl.c.Respond(coro.Response(coro.CMAPReqTrackAdd, s, &coro.Handle{}))
			return answered
		}
		st.next++
		t := &clientTrack{cl: cl, instance: r.Instance, in: m}
		t.track = m.Track(r.Name, ev, t)
		st.tracks[st.next] = t
		return cl.reply(coro.CMAPReqTrackAdd, &coro.Handle{Handle: st.next})
	case coro.CMAPReqTrackDelete:
		var r coro.HandleReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		t := st.tracks[r.Handle]
		if t == nil {
			cl.c.Respond(coro.Response(coro.CMAPReqTrackDelete, coro.ErrBadHandle, &coro.Handle{}))
			return answered
		}
		t.in.Untrack(t.track)
		delete(st.tracks, r.Handle)
		return cl.reply(coro.CMAPReqTrackDelete, &coro.Handle{Handle: t.instance})
	case coro.CMAPReqSetMap:
		var r coro.CMAPSetMap
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		s := coro.OK
		switch {
		case len(st.iters)+len(st.tracks) > 0:
			s = coro.ErrBusy
		case r.Map != coro.CMAPMain && r.Map != coro.CMAPStats:
			s = coro.ErrNotExist
		default:
			st.stats = r.Map == coro.CMAPStats
		}
		return cl.status(coro.CMAPResSetMap, s)
	}
	return coro.ErrInvalidParam
}

// mayChange tells whether a client may change a key of the map that it uses:
// ErrNotSupported stands for the keys that clear counters, which can only be
// set.
func (cl *client) mayChange(m *cmap.Map, name string) coro.Error {
	switch {
	case m.ReadOnly(name) || cl.cmap.stats && !isClear(name):
		return coro.ErrAccess
	case cl.cmap.stats:
		return coro.ErrNotSupported
	}
	return coro.OK
}

func (n *Node) cmapSet(cl *client, m *cmap.Map, r coro.CMAPSet) coro.Error {
	switch s := cl.mayChange(m, r.Name); {
	case s == coro.ErrNotSupported:
		return n.clearStats(r.Name)
	case s != coro.OK:
		return s
	}
	v, err := cmap.New(r.Type, r.Data)
	if err != nil {
		return coro.ErrInvalidParam
	}
	return cmapError(m.Set(r.Name, v))
}

func (n *Node) cmapClosed(cl *client) {
	for _, t := range cl.cmap.tracks {
		t.in.Untrack(t.track)
	}
}

// notify tells trackers what happened to their keys since the last time:
// clients by an event, the node itself by a call.
func (n *Node) notify() {
	for {
		notes := append(n.keys.Notes(), n.stats.Notes()...)
		if len(notes) == 0 {
			return
		}
		for _, note := range notes {
			switch t := note.Track.Value.(type) {
			case *clientTrack:
				t.cl.event(coro.Response(coro.CMAPEvNotify, coro.OK, &coro.CMAPNotify{
					Instance: t.instance, Name: note.Name, Event: note.Event, New: note.New, Old: note.Old,
				}))
			case func(cmap.Note):
				t(note)
			}
		}
	}
}
