package cmap

import (
	"slices"
	"strings"
)

// Limits of key names in bytes.
const (
	MinName = 3
	MaxName = 255
)

// ValidName reports whether a key of this name can be created.
func ValidName(name string) bool {
	if len(name) < MinName || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '.', c == '_', c == '-', c == '/', c == ':':
		default:
			return false
		}
	}
	return true
}

// A Map holds keys in byte order.
type Map struct {
	values map[string]Value
	names  []string // sorted
	tracks []*Track
	notes  []Note

	readOnly         map[string]bool
	readOnlyPrefixes []string
}

// NewMap returns an empty map.
func NewMap() *Map {
	return &Map{values: make(map[string]Value), readOnly: make(map[string]bool)}
}

// Get returns the value of a key.
func (m *Map) Get(name string) (Value, bool) {
	v, ok := m.values[name]
	return v, ok
}

// Uint and Text return the value of a key, or def when there is none of that
// kind.
func (m *Map) Uint(name string, def uint64) uint64 {
	if n, ok := m.values[name].Uint(); ok {
		return n
	}
	return def
}

func (m *Map) Text(name, def string) string {
	if v, ok := m.values[name]; ok && v.Type == String {
		return v.Text()
	}
	return def
}

// Set creates or changes a key, read-only or not: it is for the map's owner.
// An unchanged value is no event.
func (m *Map) Set(name string, v Value) error {
	old, exists := m.values[name]
	if !exists {
		if !ValidName(name) {
			return ErrName
		}
		i, _ := slices.BinarySearch(m.names, name)
		m.names = slices.Insert(m.names, i, name)
		m.values[name] = v
		m.note(Add, name, Value{}, v)
		return nil
	}
	if old == v {
		return nil
	}
	m.values[name] = v
	m.note(Modify, name, old, v)
	return nil
}

// Delete removes a key.
func (m *Map) Delete(name string) error {
	old, ok := m.values[name]
	if !ok {
		return ErrNotExist
	}
	delete(m.values, name)
	i, _ := slices.BinarySearch(m.names, name)
	m.names = slices.Delete(m.names, i, i+1)
	m.note(Delete, name, old, Value{})
	return nil
}

// Adjust adds step to an integer.
func (m *Map) Adjust(name string, step int32) error {
	old, ok := m.values[name]
	if !ok {
		return ErrNotExist
	}
	v, err := old.adjust(step)
	if err != nil {
		return err
	}
	return m.Set(name, v)
}

// Next returns the first key after the name after, in byte order, that begins
// with prefix. Keys may come and go between calls.
func (m *Map) Next(prefix, after string) (string, Value, bool) {
	from := max(prefix, after)
	i, found := slices.BinarySearch(m.names, from)
	if found && after == from {
		i++
	}
	if i == len(m.names) || !strings.HasPrefix(m.names[i], prefix) {
		return "", Value{}, false
	}
	return m.names[i], m.values[m.names[i]], true
}

// Keys returns the names that begin with prefix, sorted. The slice is the
// caller's.
func (m *Map) Keys(prefix string) []string {
	i, _ := slices.BinarySearch(m.names, prefix)
	j := i
	for j < len(m.names) && strings.HasPrefix(m.names[j], prefix) {
		j++
	}
	return slices.Clone(m.names[i:j])
}

// Len is the number of keys.
func (m *Map) Len() int { return len(m.names) }

// SetReadOnly makes a key read-only for clients, whether it exists or not; a
// name that ends in a dot stands for all keys that begin with it.
func (m *Map) SetReadOnly(name string) {
	if strings.HasSuffix(name, ".") {
		if !slices.Contains(m.readOnlyPrefixes, name) {
			m.readOnlyPrefixes = append(m.readOnlyPrefixes, name)
		}
		return
	}
	m.readOnly[name] = true
}

// ReadOnly reports whether clients may not change a key.
func (m *Map) ReadOnly(name string) bool {
	if m.readOnly[name] {
		return true
	}
	for _, p := range m.readOnlyPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
