package coro

import (
	"context"
	"errors"

	"github.com/gocorosync/gocorosync/cmap"
)

// CMAP is a client of the map of keys.
type CMAP struct {
	client
	instance uint64
}

// DialCMAP connects to the daemon.
func DialCMAP(ctx context.Context) (*CMAP, error) {
	c, err := dial(ctx, "cmap")
	if err != nil {
		return nil, err
	}
	return &CMAP{client: c}, nil
}

// UseStats switches the connection to the map of statistics, which corosync 3
// keeps apart. Others fail with [ErrInvalidParam] or worse.
func (c *CMAP) UseStats(ctx context.Context) error {
	return c.call(ctx, "map", CMAPReqSetMap, &CMAPSetMap{CMAPStats}, &Empty{})
}

// Get returns the value of a key, or [ErrNotExist].
func (c *CMAP) Get(ctx context.Context, name string) (cmap.Value, error) {
	room := uint64(0)
	for {
		var r CMAPValue
		err := c.call(ctx, name, CMAPReqGet, &CMAPGet{name, room}, &r)
		if room > 0 && errors.Is(err, ErrInvalidParam) {
			room = 0 // it has grown since it was asked for
			continue
		}
		if err != nil {
			return cmap.Value{}, err
		}
		if room == 0 && r.Length > 0 {
			room = r.Length
			continue
		}
		return cmap.Value{Type: r.Type, Data: string(r.Data)}, nil
	}
}

// Set creates or changes a key.
func (c *CMAP) Set(ctx context.Context, name string, v cmap.Value) error {
	return c.call(ctx, name, CMAPReqSet, &CMAPSet{name, v.Type, []byte(v.Data)}, &Empty{})
}

// Delete removes a key.
func (c *CMAP) Delete(ctx context.Context, name string) error {
	return c.call(ctx, name, CMAPReqDelete, &CMAPKey{name}, &Empty{})
}

// Adjust adds step to an integer key.
func (c *CMAP) Adjust(ctx context.Context, name string, step int32) error {
	return c.call(ctx, name, CMAPReqAdjust, &CMAPAdjust{name, step}, &Empty{})
}

// Keys returns the names that begin with prefix, in byte order.
func (c *CMAP) Keys(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	err := c.Each(ctx, prefix, func(name string, _ cmap.Type) error {
		names = append(names, name)
		return nil
	})
	return names, err
}

// Each calls f for each key that begins with prefix, in byte order.
func (c *CMAP) Each(ctx context.Context, prefix string, f func(name string, t cmap.Type) error) error {
	var h Handle
	if err := c.call(ctx, prefix, CMAPReqIterInit, &CMAPKey{prefix}, &h); err != nil {
		return err
	}
	defer c.call(ctx, prefix, CMAPReqIterFinalize, &HandleReq{h.Handle}, &Empty{})
	for {
		var n CMAPIterNext
		err := c.call(ctx, prefix, CMAPReqIterNext, &HandleReq{h.Handle}, &n)
		if errors.Is(err, ErrNoSections) {
			return nil
		}
		if err == nil {
			err = f(n.Name, n.Type)
		}
		if err != nil {
			return err
		}
	}
}

// Track starts events for a key, or with [cmap.Prefix] for all that begin with
// name. It returns a handle for Untrack and the instance that the events bear.
func (c *CMAP) Track(ctx context.Context, name string, events cmap.Event) (handle, instance uint64, err error) {
	c.instance++
	var h Handle
	err = c.call(ctx, name, CMAPReqTrackAdd, &CMAPTrackAdd{name, int32(events), c.instance}, &h)
	return h.Handle, c.instance, err
}

// Untrack ends them.
func (c *CMAP) Untrack(ctx context.Context, handle uint64) error {
	return c.call(ctx, "untrack", CMAPReqTrackDelete, &HandleReq{handle}, &Handle{})
}

// Next waits for the next event.
func (c *CMAP) Next(ctx context.Context) (*CMAPNotify, error) {
	for {
		id, b, err := c.event(ctx)
		if err != nil {
			return nil, err
		}
		if id == CMAPEvNotify {
			m := new(CMAPNotify)
			return m, Decode(b, m)
		}
	}
}
