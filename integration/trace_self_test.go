//go:build interop

package integration

import (
	"strings"
	"testing"
)

// TestFaults shows that the checker of traces finds what it is for.
func TestFaults(t *testing.T) {
	const a, b = "1 4 [1]", "1 8 [1 2]"
	m := func(count uint32) item { return item{msg: msg{1, count}} }
	n := func(count uint32) item { return item{msg: msg{2, count}} }
	ring := func(s string) item { return item{ring: s} }
	for _, tt := range []struct {
		name string
		x, y []item
		want string
	}{
		{"equal", []item{ring(a), m(1), n(1), ring(b), m(2)}, []item{ring(a), m(1), n(1), ring(b), m(2)}, ""},
		{"twice", []item{ring(a), m(1), m(1)}, nil, "gets {1 1} after 1"},
		{"a hole", []item{ring(a), m(1), m(3)}, nil, "on one ring"},
		{"a hole between rings", []item{ring(a), m(1), ring(b), m(3)}, nil, ""},
		{"another order", []item{ring(a), m(1), n(1)}, []item{ring(b), n(1), m(1)}, "different order"},
		{"one has less", []item{ring(a), m(1), n(1), ring(b)}, []item{ring(a), m(1), ring(b)}, "different from the 2th"},
		{"less at the end", []item{ring(a), m(1), n(1)}, []item{ring(a), m(1)}, "different from the 2th"},
		{"joined later", []item{ring(a), m(1), {joined: "-,2:7"}, n(1)}, []item{{joined: "-,2:7"}, n(1)}, ""},
		{"joined later, one has less", []item{ring(a), m(1), {joined: "-,2:7"}, m(2), n(1)}, []item{{joined: "-,2:7"}, n(1)}, "different from the 1th"},
		{"from different rings", []item{ring(a), m(1), ring(b)}, []item{ring("2 4 [2]"), n(1), ring(b)}, ""},
	} {
		got := strings.Join(faults([]*trace{{life: 1, who: "1:7", items: tt.x}, {life: 2, who: "2:7", items: tt.y}}), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
