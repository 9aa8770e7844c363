package xml

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
)

// DigestOnDisk is the digest in cib.xml.sig: one blank, the compact text and a
// newline, hashed ("v1", spec: cib.md 9).
func DigestOnDisk(n *Element) string {
	return hash(append(n.AppendCompact([]byte{' '}), '\n'))
}

// Digest is the digest of CIB messages: the compact text without attributes
// that differ between nodes, because clocks and names do ("v2 filtered").
func Digest(n *Element) string {
	return hash(n.write(nil, writer{skip: unstable}))
}

// DigestExact is Digest with no attribute left out ("v2").
func DigestExact(n *Element) string { return hash(n.Compact()) }

func unstable(attr string) bool {
	switch attr {
	case "cib-last-written", "update-origin", "update-client", "update-user", "crm-debug-origin":
		return true
	}
	return false
}

// DigestParameters is the digest of an operation's parameters: the v1 text of
// <parameters .../> with attributes sorted by name (pacemaker-cluster.md 7.2).
// It does not change attrs; which of them count is the caller's business.
func DigestParameters(attrs []Attr) string {
	sorted := slices.SortedFunc(slices.Values(attrs), func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
	return DigestOnDisk(&Element{Name: "parameters", Attrs: sorted})
}

func hash(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}
