package coro

import (
	"context"
	"fmt"

	"github.com/gocorosync/gocorosync/ipc"
)

// A client is what the five clients have in common.
type client struct {
	service string
	c       *ipc.Client
}

func dial(ctx context.Context, service string) (client, error) {
	c, err := ipc.Dial(ctx, service, ipc.DialOptions{})
	if err != nil {
		return client{}, err
	}
	return client{service, c}, nil
}

// Close ends the connection.
func (c *client) Close() error { return c.c.Close() }

// Done is closed when the daemon ended the connection.
func (c *client) Done() <-chan struct{} { return c.c.Done() }

// Server is who the daemon runs as.
func (c *client) Server() ipc.Creds { return c.c.Server() }

// call sends a request and reads its response into resp. A status other than
// OK is returned as an [Error].
func (c *client) call(ctx context.Context, what string, id int32, req, resp Message) error {
	b, err := c.c.Call(ctx, Request(id, req))
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.service, what, err)
	}
	if err := check(int32(StatusOf(b))); err != nil {
		return fmt.Errorf("%s: %s: %w", c.service, what, err)
	}
	if err := Decode(b, resp); err != nil {
		return fmt.Errorf("%s: %s: %w", c.service, what, err)
	}
	return nil
}

// event waits for an event and returns its id.
func (c *client) event(ctx context.Context) (int32, []byte, error) {
	b, err := c.c.NextEvent(ctx)
	if err != nil {
		return 0, nil, err
	}
	h, err := ipc.ParseHeader(b)
	return h.ID, b, err
}
