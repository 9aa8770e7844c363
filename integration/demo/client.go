package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	askEvery   = 50 * time.Millisecond
	askTimeout = 300 * time.Millisecond
)

// client asks for url for ever and prints a line for each answer or failure:
// the time in nanoseconds, and the page's first line or "-".
func client(url string) {
	c := &http.Client{Timeout: askTimeout, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: (&net.Dialer{Timeout: askTimeout}).DialContext}}
	for {
		begin := time.Now()
		page := "-"
		if r, err := c.Get(url); err == nil {
			b, _ := io.ReadAll(io.LimitReader(r.Body, 200))
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				page, _, _ = strings.Cut(strings.TrimSpace(string(b)), "\n")
			}
		}
		if _, err := fmt.Printf("%d %s\n", begin.UnixNano(), page); err != nil {
			os.Exit(0)
		}
		time.Sleep(askEvery - time.Since(begin)%askEvery)
	}
}

// answer is one request of the client.
type answer struct {
	at   time.Time
	page string // "" for a failure
}

// visitor collects what the client tells.
type visitor struct {
	mu   sync.Mutex
	list []answer
	done chan struct{}
}

func (v *visitor) read(r io.Reader) {
	defer close(v.done)
	for s := bufio.NewScanner(r); s.Scan(); {
		var ns int64
		word, page, _ := strings.Cut(s.Text(), " ")
		if _, err := fmt.Sscan(word, &ns); err != nil {
			continue
		}
		if page == "-" {
			page = ""
		}
		v.mu.Lock()
		v.list = append(v.list, answer{time.Unix(0, ns), page})
		v.mu.Unlock()
	}
}

// since returns the answers to requests made after t.
func (v *visitor) since(t time.Time) []answer {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, a := range v.list {
		if a.at.After(t) {
			return append([]answer(nil), v.list[i:]...)
		}
	}
	return nil
}

// wait waits for a page, asked for after t, that is (or is not) the one given.
func (v *visitor) wait(ctx context.Context, t time.Time, want func(page string) bool) (answer, error) {
	for {
		for _, a := range v.since(t) {
			if a.page != "" && want(a.page) {
				return a, nil
			}
		}
		select {
		case <-ctx.Done():
			return answer{}, fmt.Errorf("the client did not get the page it should: %w", ctx.Err())
		case <-v.done:
			return answer{}, fmt.Errorf("the client is gone")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// failures counts the requests after t that failed.
func (v *visitor) failures(t time.Time) (failed, all int) {
	for _, a := range v.since(t) {
		all++
		if a.page == "" {
			failed++
		}
	}
	return failed, all
}
