package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cluster measures messages, latency and idle cost with n nodes of each kind.
func (s settings) cluster(ctx context.Context, dir string, n int) error {
	if !slices.ContainsFunc(s.what, func(w string) bool { return w != "ring" }) {
		return nil
	}
	list, err := s.rigs(dir, n)
	if err != nil {
		return err
	}
	defer closeAll(list)
	for _, r := range list {
		watchers, err := r.watch(ctx, n)
		if err == nil {
			err = r.configure(n)
		}
		if err == nil {
			err = r.start(n)
		}
		if err == nil {
			_, err = r.formed(ctx, n, watchers)
		}
		if err != nil {
			return err
		}
	}
	heading(fmt.Sprintf("%d nodes", n), s)
	for _, size := range s.sizes {
		for _, part := range []struct {
			name    string
			senders int
			units   []string // what is read, and shown
		}{
			{"flood", 1, []string{"msg/s", "MB/s", "CPU us/msg"}},
			{"all", n, []string{"msg/s", "MB/s", "CPU us/msg"}},
			{"ping", 1, []string{"p50", "p99"}},
		} {
			if !slices.Contains(s.what, part.name) {
				continue
			}
			what := fmt.Sprintf("%d B %s", size, map[string]string{"flood": "one sends", "all": "all send", "ping": "there and back, us"}[part.name])
			err := s.compare(list, what, part.units, func(r *rig) ([]float64, error) {
				if part.name == "ping" {
					return r.ping(ctx, size)
				}
				return r.flood(ctx, size, part.senders)
			})
			if err != nil {
				return err
			}
		}
	}
	if slices.Contains(s.what, "idle") {
		return s.idleCost(ctx, list)
	}
	return nil
}

// compare runs f with each kind in turns and shows the medians of what it
// returns.
func (s settings) compare(list []*rig, what string, units []string, f func(*rig) ([]float64, error)) error {
	got := make(map[bool][][]float64)
	for range s.runs {
		for _, r := range list {
			values, err := f(r)
			if err != nil {
				return errors.Join(fmt.Errorf("%s, %v: %w", what, r, err), r.alive())
			}
			got[r.ours] = append(got[r.ours], values)
		}
	}
	for i, unit := range units {
		column := func(ours bool) (list []float64) {
			for _, values := range got[ours] {
				list = append(list, values[i])
			}
			return list
		}
		row(what, unit, column(true), column(false))
	}
	return nil
}

// flood lets senders nodes send and the others listen. It returns the sums of
// messages and megabytes in a second, and the processor time of all daemons for
// each message.
func (r *rig) flood(ctx context.Context, size, senders int) ([]float64, error) {
	program, group := r.s.client, "bench"
	seconds := r.s.span.Seconds()
	var listeners, runs []*clientRun
	begin := r.cpu()
	for i, h := range r.hosts {
		mode, to, span := "flood", &runs, seconds
		if i >= senders {
			mode, to, span = "listen", &listeners, seconds+0.5
		}
		w, err := startClient(ctx, h, program, mode, group, fmt.Sprint(span), fmt.Sprint(size))
		if err != nil {
			return nil, err
		}
		*to = append(*to, w)
	}
	values := make([]float64, 3)
	sent := 0.0
	for _, w := range runs {
		out, err := w.wait(ctx)
		if err != nil {
			return nil, err
		}
		rate, err1 := word(out, "msg/s=")
		mb, err2 := word(out, "MB/s=")
		count, err3 := word(out, "sent=")
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		values[0], values[1], sent = values[0]+rate, values[1]+mb, sent+count
	}
	if sent > 0 {
		values[2] = float64((r.cpu() - begin).Microseconds()) / sent
	}
	for _, w := range listeners {
		if _, err := w.wait(ctx); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// ping returns the median and the 99th percentile in microseconds.
func (r *rig) ping(ctx context.Context, size int) ([]float64, error) {
	w, err := startClient(ctx, r.hosts[0], r.s.client, "ping", "bench", fmt.Sprint(r.s.pings), fmt.Sprint(size))
	if err != nil {
		return nil, err
	}
	out, err := w.wait(ctx)
	if err != nil {
		return nil, err
	}
	p50, err1 := word(out, "p50=")
	p99, err2 := word(out, "p99=")
	return []float64{p50, p99}, errors.Join(err1, err2)
}

// word is the number after a word in what a client printed.
func word(out, name string) (float64, error) {
	_, rest, ok := strings.Cut(out, " "+name)
	if !ok {
		return 0, fmt.Errorf("no %s in %q", name, out)
	}
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return strconv.ParseFloat(number, 64)
}

// idleCost shows what the daemons take when nobody wants anything of them.
func (s settings) idleCost(ctx context.Context, list []*rig) error {
	var begin [2]time.Duration
	for i, r := range list {
		begin[i] = r.cpu()
	}
	start := time.Now()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(s.idle):
	}
	took := time.Since(start)
	percent, resident := make(map[bool][]float64), make(map[bool][]float64)
	for i, r := range list {
		if err := r.alive(); err != nil {
			return err
		}
		percent[r.ours] = []float64{100 * (r.cpu() - begin[i]).Seconds() / took.Seconds() / float64(len(r.hosts))}
		for _, d := range r.daemons {
			resident[r.ours] = append(resident[r.ours], d.resident())
		}
	}
	row("idle, a daemon", "CPU %", percent[true], percent[false])
	row("idle, a daemon", "RSS MB", resident[true], resident[false])
	return nil
}

// cpu is the processor time that all daemons have used.
func (r *rig) cpu() (sum time.Duration) {
	const tick = 10 * time.Millisecond // of USER_HZ
	for _, d := range r.daemons {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.pid()))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		var user, system int64
		if f := strings.Fields(rest); len(f) > 12 {
			user, _ = strconv.ParseInt(f[11], 10, 64)
			system, _ = strconv.ParseInt(f[12], 10, 64)
		}
		sum += time.Duration(user+system) * tick
	}
	return sum
}

// resident is the daemon's resident memory in megabytes.
func (d *daemon) resident() (mb float64) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(d.pid()), "status"))
	if err != nil {
		return 0
	}
	if _, rest, ok := strings.Cut(string(b), "VmRSS:"); ok {
		_, _ = fmt.Sscan(rest, &mb)
	}
	return mb / 1000
}

// formation shows how long it takes from the start of all daemons until each
// has told a client of a full ring.
func (s settings) formation(ctx context.Context, dir string) error {
	list, err := s.rigs(filepath.Join(dir, "rings"), slices.Max(s.ring))
	if err != nil {
		return err
	}
	defer closeAll(list)
	heading("rings", s)
	for _, n := range s.ring {
		err := s.compare(list, fmt.Sprintf("%d started at once, all on one ring", n), []string{"ms"}, func(r *rig) ([]float64, error) {
			if err := r.configure(n); err != nil {
				return nil, err
			}
			watchers, err := r.watch(ctx, n)
			if err != nil {
				return nil, err
			}
			begin := time.Now()
			if err := r.start(n); err != nil {
				return nil, err
			}
			end, err := r.formed(ctx, n, watchers)
			if err != nil {
				return nil, err
			}
			return []float64{float64(end.Sub(begin).Milliseconds())}, r.stop()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
