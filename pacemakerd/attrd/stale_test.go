package attrd

import (
	"testing"
	"time"
)

// TestStaleAttributes: after the status came anew this node takes out what it says of
// it and what it knows nothing of, and nothing else; not while it asks the others.
func TestStaleAttributes(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	m := w.nodes[1]
	m.cfg.Stored = func() []string { return []string{"color", "fail-count-a#stop_0", "shutdown"} }
	w.do(1, m.Update(0, "", "color", "blue"))
	w.settle()
	erased := func(out []Action) (names string) {
		for _, a := range out {
			if e, ok := a.(Erase); ok {
				names += e.Name + " "
			}
		}
		return names
	}
	if got := erased(m.CIBReplaced(time.Second)); got != "" {
		t.Errorf("at once: %q", got)
	}
	at, _ := m.Next()
	if at != time.Second+staleWait {
		t.Fatalf("looks at %v", at)
	}
	if got := erased(m.Tick(at)); got != "fail-count-a#stop_0 shutdown " {
		t.Errorf("taken out: %q", got)
	}
	if got := erased(m.Tick(at + time.Hour)); got != "" {
		t.Errorf("again: %q", got)
	}
	w.resume(1, 0)
	m = w.nodes[1]
	m.cfg.Stored = func() []string { return []string{"color"} }
	m.CIBReplaced(0)
	if got := erased(m.Tick(staleWait)); got != "" {
		t.Errorf("while it asks: %q", got)
	}
}
