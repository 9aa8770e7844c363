package pengine

import (
	"cmp"
	"math/bits"
	"slices"
)

// hashOrder lists the node indexes of a table in the order the original's hash
// table has them, which decides between equally capable nodes (scheduler.md
// 28.2). A copy is filled in the order of what is copied, so it may have
// another one.
func (c *Cluster) hashOrder(t table) []int {
	var in []int
	for i := range t {
		if t[i].in {
			in = append(in, i)
		}
	}
	slices.SortFunc(in, func(a, b int) int {
		return cmp.Or(cmp.Compare(t[b].copied, t[a].copied), cmp.Compare(t[a].rank, t[b].rank))
	})
	var keys []string
	index := make(map[string]int)
	for at, i := range in {
		n := c.allNodes[i]
		keys = append(keys, n.ID)
		index[n.ID] = i
		until := int32(0)
		if at+1 < len(in) {
			until = t[in[at+1]].copied
		}
		keys = hashTableCopies(keys, t[i].copied-until)
	}
	var out []int
	for _, k := range hashTableOrder(keys) {
		out = append(out, index[k])
	}
	return out
}

// hashTableCopies returns keys in the order in which the n-th copy of a table
// is filled with them. The orders come round again.
func hashTableCopies(keys []string, n int32) []string {
	var seen [][]string
	for range int(n) {
		for at, was := range seen {
			if slices.Equal(was, keys) {
				return seen[at+(int(n)-at)%(len(seen)-at)]
			}
		}
		seen = append(seen, keys)
		keys = hashTableOrder(keys)
	}
	return keys
}

// hashTableOrder returns keys, inserted one after another, in the order in
// which the hash table of the original visits them (scheduler.md 28.2).
func hashTableOrder(keys []string) []string {
	h := hashTable{}
	h.resize(3)
	for _, k := range keys {
		h.insert(k)
	}
	var out []string
	for i, used := range h.used {
		if used {
			out = append(out, h.keys[i])
		}
	}
	return out
}

// hashTable imitates only where keys end up.
type hashTable struct {
	shift  int
	mod    uint32
	keys   []string
	hashes []uint32
	used   []bool
	n      int
}

var hashPrimes = [...]uint32{1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071}

func (h *hashTable) resize(shift int) {
	shift = min(shift, len(hashPrimes)-1)
	h.shift, h.mod = shift, hashPrimes[shift]
	size := 1 << shift
	h.keys, h.hashes, h.used = make([]string, size), make([]uint32, size), make([]bool, size)
}

func stringHash(s string) uint32 {
	v := uint32(0)
	for i := range len(s) {
		v = v*31 + uint32(int32(int8(s[i])))
	}
	return max(v, 2)
}

func (h *hashTable) slot(hash uint32) int { return int(hash * 11 % h.mod) }

func (h *hashTable) insert(key string) {
	hash := stringHash(key)
	i, step := h.slot(hash), 0
	for h.used[i] {
		if h.hashes[i] == hash && h.keys[i] == key {
			return
		}
		step++
		i = (i + step) & (len(h.used) - 1)
	}
	h.keys[i], h.hashes[i], h.used[i] = key, hash, true
	h.n++
	if len(h.used) <= h.n+h.n/16 {
		h.grow()
	}
}

// grow re-inserts in slot order, in place: an entry that lands on a slot not
// yet processed displaces what is there, which is placed next.
func (h *hashTable) grow() {
	old := *h
	h.resize(max(3, bits.Len(uint(float64(h.n)*1.333))))
	oldSize := len(old.used)
	size := len(h.used)
	keys, hashes, used := make([]string, max(size, oldSize)), make([]uint32, max(size, oldSize)), make([]bool, max(size, oldSize))
	copy(keys, old.keys)
	copy(hashes, old.hashes)
	copy(used, old.used)
	done := make([]bool, max(size, oldSize))
	for i := range oldSize {
		if !used[i] || done[i] {
			if !used[i] {
				continue
			}
			continue
		}
		key, hash := keys[i], hashes[i]
		used[i] = false
		for {
			j, step := h.slot(hash), 0
			for done[j] {
				step++
				j = (j + step) & (size - 1)
			}
			evicted, k2, h2 := used[j], keys[j], hashes[j]
			keys[j], hashes[j], used[j], done[j] = key, hash, true, true
			if !evicted {
				break
			}
			key, hash = k2, h2
		}
	}
	h.keys, h.hashes, h.used = keys[:size], hashes[:size], used[:size]
}
