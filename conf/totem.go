package conf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Values is where effective settings are read from: [FromKeys], or a cmap.Map.
type Values interface {
	Uint(name string, def uint64) uint64
	Text(name, def string) string
	Keys(prefix string) []string
}

// A Host is what the reading of a configuration needs to know about the
// machine it is on.
type Host struct {
	// NodeID, if not 0, is this node, whatever its name and addresses.
	NodeID   uint32
	Hostname string
	Addrs    []netip.Prefix // of the local interfaces, with their networks' lengths
	// Resolve returns the addresses of a name, or of an address itself.
	Resolve func(name string) ([]netip.Addr, error)
	// ReadKey returns the contents of a key file; its error's text is shown.
	ReadKey func(path string) ([]byte, error)
}

// Totem is the totem and nodelist sections with all defaults filled in. Times
// are in milliseconds, as in the file.
type Totem struct {
	Profile     Profile
	ClusterName string
	Transport   string // "udpu", "udp" or "knet"

	Token                      uint32 // with the coefficient added
	TokenWarning               uint32 // percent; EL9
	TokenRetransmit            uint32
	TokenRetransmitsBeforeLoss uint32
	Hold                       uint32
	Join                       uint32
	SendJoin                   uint32
	Consensus                  uint32
	Merge                      uint32
	Downcheck                  uint32
	FailRecv                   uint32
	SeqnoUnchanged             uint32
	HeartbeatFailuresAllowed   uint32
	MaxNetworkDelay            uint32
	WindowSize                 uint32
	MaxMessages                uint32
	MissCount                  uint32
	NetMTU                     uint32
	BlockUnlisted              bool
	CancelHoldOnRetransmit     bool

	ConfigVersion    uint64
	HasConfigVersion bool

	Cipher, Hash string // "none" if off
	Key          []byte // the authentication key, if either is on

	RRPMode                  string // EL7, with the settings below
	RRPTokenExpired          uint32
	RRPProblemTimeout        uint32
	RRPProblemThreshold      uint32
	RRPProblemMcastThreshold uint32
	RRPAutorecoveryCheck     uint32

	Interfaces []Interface
	Nodes      []Node
	LocalPos   int // index in Nodes; -1 without nodelist
	NodeID     uint32
	IPv6       bool
	// ClearHighBit makes ids that come from addresses smaller than 2^31.
	ClearHighBit bool

	// Warnings are for the log.
	Warnings []string

	retransmitGiven bool
}

// An Interface is one ring or link.
type Interface struct {
	Number    int
	Bind      netip.Addr // of this node
	Net       netip.Addr // bindnetaddr that Bind was found by; invalid with a nodelist
	McastAddr netip.Addr
	McastPort uint16
	TTL       uint8
	Broadcast bool
}

// A Node is one entry of the nodelist.
type Node struct {
	Pos   int // N of nodelist.node.N
	ID    uint32
	Auto  bool // the file gives no id: it comes from the address
	Name  string
	Names []string     // ringX_addr as written
	Addrs []netip.Addr // resolved; invalid where that failed
	Votes uint32
}

// Defaults. Spec: corosync-conf.md 4.
const (
	defaultMcastPort = 5405
	minTimer         = 30
	minHoldEL9       = 14
)

// totemReader is ReadTotem under way.
type totemReader struct {
	v    Values
	t    *Totem
	host Host
}

// ReadTotem reads and checks what totem needs. The error, an [*Error], is the
// first thing that the corosync of the profile would complain about.
func ReadTotem(v Values, p Profile, host Host) (*Totem, error) {
	r := &totemReader{v: v, host: host, t: &Totem{Profile: p, LocalPos: -1}}
	if err := r.read(); err != nil {
		if e, ok := err.(*Error); ok {
			e.Warnings = r.t.Warnings
		}
		return nil, err
	}
	return r.t, nil
}

func (r *totemReader) fail(format string, args ...any) *Error {
	return &Error{Text: fmt.Sprintf(format, args...), kind: totemError}
}

func (r *totemReader) plain(text, remedy string) *Error { return &Error{Text: text, Remedy: remedy} }

func (r *totemReader) el9() bool { return r.t.Profile == EL9 }

func (r *totemReader) read() error {
	// What the originals call reading comes before the key, what they call
	// validating after it.
	steps := []func() error{r.transport, r.crypto, r.identity, r.ringNumbers, r.key, r.nodelist, r.interfaces, r.timers, r.rings, r.knetOnly}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *totemReader) transport() error {
	t := r.t
	t.Transport = r.v.Text("totem.transport", "")
	switch {
	case r.el9() && t.Transport == "":
		t.Transport = "knet"
	case r.el9() && t.Transport != "udpu" && t.Transport != "udp" && t.Transport != "knet":
		return r.plain("Invalid transport type. Should be udpu, udp or knet", "write \"transport: udpu\" in section totem").about("transport")
	case !r.el9() && t.Transport != "udpu":
		t.Transport = "udp" // whatever else was written
	}
	return nil
}

func (r *totemReader) crypto() error {
	t := r.t
	t.Cipher, t.Hash = "none", "none"
	secauth := r.v.Text("totem.secauth", "")
	if r.el9() {
		if secauth == "on" {
			t.Cipher, t.Hash = "aes256", "sha256"
		}
	} else if secauth != "off" {
		t.Cipher, t.Hash = "aes256", "sha1"
	}
	cipher := r.v.Text("totem.crypto_cipher", "")
	hash := r.v.Text("totem.crypto_hash", "")
	if cipher != "" {
		t.Cipher = cipher
	}
	if hash != "" {
		t.Hash = hash
	}
	if t.Cipher != "none" && t.Hash == "none" {
		return r.plain("crypto_cipher requires crypto_hash with value other than none", "add \"crypto_hash: sha256\" to section totem").about("crypto_cipher", "crypto_hash")
	}
	return nil
}

// knetOnly refuses crypto where corosync 3 has none.
func (r *totemReader) knetOnly() error {
	t := r.t
	if r.el9() && t.Transport != "knet" && (t.Cipher != "none" || t.Hash != "none") {
		return r.plain("crypto_cipher & crypto_hash are only valid for the Knet transport.",
			"transport "+t.Transport+" has no encryption in this profile: set crypto_cipher and crypto_hash to none, or use the profile el7").about("transport", "crypto_cipher", "crypto_hash")
	}
	return nil
}

func (r *totemReader) identity() error {
	t := r.t
	t.ClusterName = r.v.Text("totem.cluster_name", "")
	t.ConfigVersion = r.v.Uint("totem.config_version", 0)
	t.HasConfigVersion = len(r.v.Keys("totem.config_version")) > 0
	t.BlockUnlisted = r.v.Text("totem.block_unlisted_ips", "yes") != "no"
	t.IPv6 = r.v.Text("totem.ip_version", "") == "ipv6"
	t.CancelHoldOnRetransmit = r.v.Text("totem.cancel_token_hold_on_retransmit", "no") == "yes"
	return nil
}

// KeyBytes is the least size of an authentication key.
const KeyBytes = 128

func (r *totemReader) key() error {
	t := r.t
	if t.Cipher == "none" && t.Hash == "none" {
		return nil
	}
	path := "/etc/corosync/authkey"
	if r.el9() {
		if inline := r.v.Text("totem.key", ""); inline != "" {
			if len(inline) < KeyBytes {
				return r.plain("key is too short", "totem.key must have at least 128 characters")
			}
			t.Key = []byte(inline)
			return nil
		}
		path = r.v.Text("totem.keyfile", path)
	}
	if r.host.ReadKey == nil {
		return nil
	}
	key, err := r.host.ReadKey(path)
	if err != nil {
		e := r.plain(fmt.Sprintf("Could not open %s: %s", path, reason(err)),
			"make a key with corosync-keygen and copy it to all nodes, or switch secauth off")
		return e
	}
	if len(key) < KeyBytes {
		what := "of"
		if r.el9() {
			what = "of minimum"
		}
		return r.plain(fmt.Sprintf("Could only read %d bits %s 1024 bits from %s.", 8*len(key), what, path),
			"make a new key with corosync-keygen and copy it to all nodes")
	}
	t.Key = key
	return nil
}

// reason is the last part of an error: what the system said.
func reason(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 {
		s = s[i+2:]
	}
	if s != "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// FromKeys makes Values of the keys of a file.
func FromKeys(keys []Key) Values {
	m := make(keyMap)
	for _, k := range keys {
		m[k.Name] = k
	}
	return m
}

type keyMap map[string]Key

func (m keyMap) Uint(name string, def uint64) uint64 {
	k, ok := m[name]
	if !ok || k.Type == "str" {
		return def
	}
	n, err := strconv.ParseUint(k.Value, 10, 64)
	if err != nil {
		return def
	}
	return n
}

func (m keyMap) Text(name, def string) string {
	if k, ok := m[name]; ok && k.Type == "str" {
		return k.Value
	}
	return def
}

func (m keyMap) Keys(prefix string) (names []string) {
	for name := range m {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	sortStrings(names)
	return names
}
