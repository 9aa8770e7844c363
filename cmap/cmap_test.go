package cmap

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		typ  Type
		text string
		want string
		bad  bool
	}{
		{Int8, "-128", "-128", false},
		{Int8, "128", "", true},
		{Uint8, "255", "255", false},
		{Uint16, "65536", "", true},
		{Int32, "-5", "-5", false},
		{Uint64, "18446744073709551615", "18446744073709551615", false},
		{Float, "1.5", "1.500000", false},
		{Double, "-2.25", "-2.250000", false},
		{String, "abc", "abc", false},
		{Binary, "a\\b\x01", `a\\b\x01`, false},
		{Uint32, "abc", "", true},
	} {
		v, err := Parse(tt.typ, tt.text)
		if (err != nil) != tt.bad {
			t.Errorf("Parse(%v, %q): %v", tt.typ, tt.text, err)
			continue
		}
		if err == nil && v.String() != tt.want {
			t.Errorf("Parse(%v, %q) prints %q; want %q", tt.typ, tt.text, v, tt.want)
		}
	}
	if v := Str("abc"); len(v.Data) != 4 || v.Text() != "abc" {
		t.Errorf("Str: %q", v.Data)
	}
	if _, err := New(Uint32, []byte{1}); !errors.Is(err, ErrValue) {
		t.Errorf("New: %v", err)
	}
	if v, err := New(String, []byte("ab\x00cd")); err != nil || v != Str("ab") {
		t.Errorf("New: %v, %v", v, err)
	}
}

// TestTracking follows corosync-ipc.md 2: what is an event and what
// is not, and what a prefix covers.
func TestTracking(t *testing.T) {
	m := NewMap()
	m.Track("totem.token", Add|Modify|Delete, 1)
	m.Track("totem.", Add|Delete|Prefix, 2)
	m.Set("totem.token", U32(1000))
	m.Set("totem.token", U32(1000)) // unchanged
	m.Set("totem.token", U32(2000))
	m.Set("totem.token", Str("x")) // a change of type is a change
	m.Set("totem.tokens", U32(1))
	m.Delete("totem.token")
	var got []string
	for _, n := range m.Notes() {
		got = append(got, fmt.Sprint(n.Track.Value, n.Event, n.Name, " ", n.Old, ">", n.New))
	}
	want := []string{
		"1 4totem.token >1000", "2 4totem.token >1000",
		"1 2totem.token 1000>2000", "1 2totem.token 2000>x",
		"2 4totem.tokens >1",
		"1 1totem.token x>", "2 1totem.token x>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestIterationSurvivesChanges(t *testing.T) {
	m := NewMap()
	for _, k := range []string{"b.1", "a.1", "b.2", "b.3", "c.1"} {
		m.Set(k, U8(1))
	}
	name, _, _ := m.Next("b.", "")
	m.Delete("b.1")
	m.Set("b.10", U8(1))
	var got []string
	for ok := true; ok; name, _, ok = m.Next("b.", name) {
		got = append(got, name)
	}
	if want := []string{"b.1", "b.10", "b.2", "b.3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := m.Keys("b."); !slices.Equal(got, []string{"b.10", "b.2", "b.3"}) {
		t.Errorf("Keys: %q", got)
	}
}

func TestNamesAdjustReadOnly(t *testing.T) {
	m := NewMap()
	for _, name := range []string{"", "ab", "a@bc", "with space", string(make([]byte, 256))} {
		if err := m.Set(name, U8(1)); !errors.Is(err, ErrName) {
			t.Errorf("Set(%q): %v", name, err)
		}
	}
	m.Set("u8.key", U8(255))
	m.Adjust("u8.key", 1)
	if v, _ := m.Get("u8.key"); v != U8(0) {
		t.Errorf("255+1 = %v", v)
	}
	if err := m.Adjust("none.key", 1); !errors.Is(err, ErrNotExist) {
		t.Error(err)
	}
	m.SetReadOnly("runtime.config.")
	m.SetReadOnly("totem.version")
	for name, want := range map[string]bool{"runtime.config.totem.token": true, "totem.version": true, "totem.versions": false, "runtime.configs": false} {
		if m.ReadOnly(name) != want {
			t.Errorf("ReadOnly(%s) = %v", name, !want)
		}
	}
}
