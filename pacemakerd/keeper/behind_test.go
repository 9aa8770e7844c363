package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// TestParentThatDoesNotRead fills the socket of a parent that is stopped. The
// worker goes on at once, and the parent holds what the worker holds when it
// reads again.
func TestParentThatDoesNotRead(t *testing.T) {
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	conn, err := connOf(theirs)
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{log: slog.New(slog.DiscardHandler), conn: conn, gone: make(chan struct{}), fell: make(chan struct{}, 1), stop: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() { defer close(served); l.Serve(ctx) }()
	defer func() { cancel(); <-served }()

	begun := time.Now()
	for i := range 2000 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Keep(fmt.Sprint("pipes/", i%40), strings.Repeat("x", 1000)+fmt.Sprint(i), f); err != nil {
			t.Fatal(err)
		}
		if i%40 > 30 {
			l.Drop(fmt.Sprint("pipes/", i%40-20))
		}
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("2000 items for a parent that does not read took %v", d)
	}
	l.mu.Lock()
	behind, want := l.behind, map[string]string{}
	for _, it := range l.store.items {
		want[it.Name] = string(it.Data)
	}
	l.mu.Unlock()
	if !behind {
		t.Fatal("2 MB fit into the socket; this tests nothing")
	}
	l.Ready()

	var held store // the parent goes on
	defer held.clear()
	_ = ours.SetReadDeadline(time.Now().Add(20 * time.Second))
	for ready := false; !ready; {
		m, files, err := readMessage(ours)
		if err != nil {
			t.Fatal(err)
		}
		switch m.Op {
		case opKeep:
			held.put(Item{Name: m.Name, Data: m.Data, Files: files})
		case opDrop:
			held.drop(m.Name)
		case opOnly:
			var names []string
			if err := json.Unmarshal(m.Data, &names); err != nil {
				t.Fatal(err)
			}
			held.only(names)
		case opReady:
			ready = true
		}
	}
	if len(held.items) != len(want) {
		t.Errorf("parent holds %d items, the worker %d", len(held.items), len(want))
	}
	for _, it := range held.items {
		if want[it.Name] != string(it.Data) || len(it.Files) != 1 {
			t.Errorf("%s: parent holds other data or %d files", it.Name, len(it.Files))
		}
	}
}
