package service

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// ConfigVersion is the cmap service as the ring sees it: each member tells its
// totem.config_version, and a node that comes to the others with an older one
// than theirs ends. Spec: services.md 4.
type ConfigVersion struct {
	self    totem.NodeID
	gen     wire.Generation
	log     *slog.Logger
	version uint64
	known   bool // the key exists

	transitional int
	highest      uint64
	joinedOthers bool // a synchronisation with others has happened
	others       bool
	out          []Action
}

// Events of ConfigVersion.
type (
	// VersionChanged tells the others a new version. Known is false when the
	// configuration has none.
	VersionChanged struct {
		Version uint64
		Known   bool
	}
)

// NewConfigVersion returns the service for a node whose configuration has this
// version; known is false if it has none.
func NewConfigVersion(cfg Config, version uint64, known bool) *ConfigVersion {
	return &ConfigVersion{
		self: cfg.Self, gen: cfg.Generation, version: version, known: known,
		log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)),
	}
}

func (v *ConfigVersion) ID() int             { return IDCMAP }
func (v *ConfigVersion) Next() time.Duration { return -1 }

const (
	versionSync = 0 // reasons of the message
	versionNew  = 1
)

func (v *ConfigVersion) Step(_ time.Duration, ev Event) []Action {
	v.out = v.out[:0]
	switch ev := ev.(type) {
	case SyncInit:
		v.transitional = len(ev.Transitional)
		v.highest = v.version
		v.others = slices.ContainsFunc(ev.Members, func(id totem.NodeID) bool { return id != v.self })
	case SyncProcess:
		v.send(versionSync)
		v.out = append(v.out, Processed{})
	case SyncActivate:
		v.activate()
	case VersionChanged:
		changed := v.version != ev.Version || v.known != ev.Known
		v.version, v.known = ev.Version, ev.Known
		if changed {
			v.send(versionNew)
		}
	case *Exec:
		v.receive(ev)
	}
	return v.out
}

// send multicasts the version, as a list of one key:
//
//	header     0  16 bytes
//	reason    16  u8
//	items     24  u8
//	key name  48  u16 length, the name at 56
//	type     312  u8: 8 (u64), or 0 for none
//	length   320  u64
//	value    328
func (v *ConfigVersion) send(reason byte) {
	const key = "totem.config_version"
	size := 328
	if v.known {
		size += 8
	}
	msg, p := NewMessage(IDCMAP, 0, size)
	p[16], p[24] = reason, 1
	binary.LittleEndian.PutUint16(p[48:], uint16(len(key)))
	copy(p[56:], key)
	if v.known {
		p[312] = 8
		binary.LittleEndian.PutUint64(p[320:], 8)
		binary.LittleEndian.PutUint64(p[328:], v.version)
	}
	v.out = append(v.out, Multicast{Message: msg})
}

func (v *ConfigVersion) receive(ev *Exec) {
	if ev.Func != 0 || len(ev.Data) < 328 || ev.Data[24] < 1 {
		return
	}
	var version uint64
	if ev.Data[312] == 8 && len(ev.Data) >= 336 {
		version = ev.Order.Uint64(ev.Data[328:])
	}
	v.out = append(v.out, SetKey{MemberKey(v.gen, ev.From) + ".config_version", version})
	if ev.From != v.self {
		v.highest = max(v.highest, version)
	}
}

func (v *ConfigVersion) activate() {
	if v.transitional == 0 || !v.others || v.joinedOthers {
		return
	}
	v.joinedOthers = true
	if v.version != 0 && v.highest != v.version {
		v.out = append(v.out, Exit{fmt.Sprintf(
			"Received config version (%d) is different than my config version (%d)! Exiting", v.highest, v.version)})
	}
}

// MemberKey is where cmap keeps what is known about a member.
func MemberKey(g wire.Generation, id totem.NodeID) string {
	if g == wire.EL7 {
		return fmt.Sprintf("runtime.totem.pg.mrp.srp.members.%d", id)
	}
	return fmt.Sprintf("runtime.members.%d", id)
}
