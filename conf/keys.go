package conf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Key is one entry of cmap. Type is its short name there (u8, u16, i32, u32,
// u64, str), and Value its text.
type Key struct {
	Name, Type, Value string
	Line              int // of the file, 0 if it comes from somewhere else
}

// keyer turns the items of a file into keys.
type keyer struct {
	f     *File
	names Names
	node  int // number of the next nodelist.node
	held  []held
	line  int // of a held key that is being stored
}

// held is an item of a section whose place is only known at its end.
type held struct {
	key, value, typ string
	line            int
}

var interfaceKeys = [2]map[string]string{
	EL7: {"ringnumber": "u8", "mcastport": "u16", "ttl": "u8"},
	EL9: {"linknumber": "u8", "mcastport": "u16", "ttl": "u8", "knet_link_priority": "u8",
		"knet_ping_interval": "u32", "knet_ping_timeout": "u32", "knet_ping_precision": "u32", "knet_pong_count": "u32"},
}

var nodeKeys = map[string]string{"nodeid": "u32", "quorum_votes": "u32"}

func (k *keyer) open(ps *parser, s *Section) error {
	switch s.path() {
	case "totem.interface", "nodelist.node", "logging.logger_subsys", "logging.logging_daemon":
		k.held = nil
	}
	return nil
}

func (k *keyer) item(ps *parser, path, key, value string) error {
	k.line = ps.line
	switch section := ps.section.path(); section {
	case "totem.interface":
		typ := interfaceKeys[k.f.Profile][key]
		if err := k.checkInt(ps, "totem.interface."+key, key, value, typ); err != nil {
			return err
		}
		k.held = append(k.held, held{key, value, typ, ps.line})
		return nil
	case "totem.interface.member":
		if key != "memberaddr" {
			return ps.refuse("Only memberaddr is allowed in member section", "remove it, and better write a nodelist instead of member sections")
		}
		k.held = append(k.held, held{"memberaddr", value, "", ps.line})
		return nil
	case "nodelist.node":
		typ := nodeKeys[key]
		if err := k.checkInt(ps, fmt.Sprintf("nodelist.node.%d.%s", k.node, key), key, value, typ); err != nil {
			return err
		}
		if typ == "" {
			typ = "str"
		}
		return k.put(ps, fmt.Sprintf("nodelist.node.%d.%s", k.node, key), typ, value)
	case "logging.logger_subsys", "logging.logging_daemon":
		k.held = append(k.held, held{key, value, "str", ps.line})
		return nil
	case "uidgid":
		return k.uidgid(ps, key, value)
	}
	if remedy, text, bad := k.checkWord(path, value); bad {
		return ps.refuse(text, remedy)
	}
	typ := intType(path, k.f.Profile)
	if err := k.checkInt(ps, path, key, value, typ); err != nil {
		return err
	}
	if typ == "" {
		typ = "str"
	}
	return k.put(ps, path, typ, value)
}

// close stores the keys of a section whose place depends on its contents.
func (k *keyer) close(ps *parser, s *Section) error {
	switch s.path() {
	case "nodelist.node":
		if k.f.Profile == EL7 {
			if _, ok := s.Get("ring0_addr"); !ok {
				return ps.refuse("No ring0_addr specified for node", "add ring0_addr, the node's name or address, to the node section in line "+itoa(s.Open))
			}
		}
		k.node++
	case "totem.interface":
		return k.closeInterface(ps)
	case "logging.logger_subsys":
		name, ok := s.Get("subsys")
		if !ok {
			return ps.refuse("No subsys key in logger_subsys directive", "add \"subsys: NAME\" to the section in line "+itoa(s.Open))
		}
		return k.storeHeld(ps, "logging.logger_subsys."+name+".")
	case "logging.logging_daemon":
		name, ok := s.Get("name")
		if !ok {
			return ps.refuse("No name key in logging_daemon directive", "add \"name: corosync\" to the section in line "+itoa(s.Open))
		}
		subsys, hasSubsys := s.Get("subsys")
		prefix := "logging.logging_daemon." + name + "."
		switch {
		case hasSubsys && name == "corosync":
			prefix = "logging.logger_subsys." + subsys + "."
		case hasSubsys:
			prefix += subsys + "."
		case name == "corosync":
			prefix = "logging."
		}
		return k.storeHeld(ps, prefix)
	}
	return nil
}

func (k *keyer) storeHeld(ps *parser, prefix string) error {
	for _, h := range k.held {
		k.line = h.line
		if err := k.put(ps, prefix+h.key, h.typ, h.value); err != nil {
			return err
		}
	}
	return nil
}

func (k *keyer) closeInterface(ps *parser) error {
	number := uint64(0)
	for _, h := range k.held {
		if h.key == "ringnumber" || h.key == "linknumber" && k.f.Profile == EL9 {
			number, _ = strconv.ParseUint(strings.TrimPrefix(h.value, "+"), 10, 8)
		}
	}
	members := 0
	for _, h := range k.held {
		name, typ := h.key, h.typ
		switch {
		case name == "memberaddr":
			name = fmt.Sprintf("member.%d", members)
			members++
			typ = "str"
		case name == "ringnumber" || name == "linknumber" && k.f.Profile == EL9:
			continue
		case typ == "":
			typ = "str"
		}
		k.line = h.line
		if err := k.put(ps, fmt.Sprintf("totem.interface.%d.%s", number, name), typ, h.value); err != nil {
			return err
		}
	}
	return nil
}

func (k *keyer) uidgid(ps *parser, key, value string) error {
	var number string
	ok := true
	switch key {
	case "uid":
		if number, ok = k.number(value, Names.User); !ok {
			return ps.refuse(fmt.Sprintf("The '%s' user is not found in /etc/passwd, please read the documentation.", value), "create the user or name another")
		}
	case "gid":
		if number, ok = k.number(value, Names.Group); !ok {
			return ps.refuse(fmt.Sprintf("The '%s' group is not found in /etc/group, please read the documentation.", value), "create the group or name another")
		}
	default:
		return ps.refuse("uidgid: Only uid and gid are allowed items", "remove it")
	}
	if number == "" {
		return nil
	}
	return k.put(ps, "uidgid.config."+key+"."+number, "u8", "1")
}

func (k *keyer) number(value string, lookup func(Names, string) (string, bool)) (string, bool) {
	if _, err := strconv.ParseUint(value, 10, 32); err == nil {
		return value, true
	}
	if k.names == nil {
		return "", true
	}
	return lookup(k.names, value)
}

// put adds a key, or drops it where corosync 2 drops it: when its name cannot
// be one.
func (k *keyer) put(ps *parser, name, typ, value string) error {
	if !validKey(name) {
		if k.f.Profile == EL9 {
			err := ps.refuse(fmt.Sprintf(`Can't store key "%s" into icmap, returned error is CS_ERR_NAME_TOO_LONG`, name),
				"names are made of letters, digits and . _ - / :")
			err.(*Error).Line = k.line
			return err
		}
		return nil
	}
	if n, ok := parseInt(value); ok && typ != "str" && typ != "i32" {
		value = n
	}
	k.f.Keys = append(k.f.Keys, Key{Name: name, Type: typ, Value: value, Line: k.line})
	return nil
}

func validKey(name string) bool {
	if len(name) < 3 || len(name) > maxPath {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-/:", c) >= 0) {
			return false
		}
	}
	return true
}

// parseInt reads a decimal number with an optional sign and returns it without
// plus sign and leading zeros; negative ones wrap to 64 bits.
func parseInt(s string) (string, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 {
			return strconv.FormatUint(uint64(n), 10), true
		}
		return strconv.FormatInt(n, 10), true
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 64); err == nil {
		return strconv.FormatUint(n, 10), true
	}
	return "", false
}

var ranges = map[string][2]string{
	"u8": {"0", "255"}, "u16": {"0", "65535"}, "u32": {"0", "4294967295"},
	"i32": {"-2147483648", "2147483647"}, "u64": {"0", "18446744073709551615"},
}

func (k *keyer) checkInt(ps *parser, path, key, value, typ string) error {
	var ok bool
	switch typ {
	case "":
		return nil
	case "u64":
		_, ok = parseInt(value)
	case "i32":
		n, err := strconv.ParseInt(value, 10, 64)
		ok = err == nil && n >= math.MinInt32 && n <= math.MaxInt32
	default:
		bits, _ := strconv.Atoi(typ[1:])
		n, err := strconv.ParseInt(value, 10, 64)
		ok = err == nil && n >= 0 && n < 1<<bits
	}
	if ok {
		return nil
	}
	name := key
	if k.f.Profile == EL9 {
		name = path
	}
	r := ranges[typ]
	return ps.refuse(fmt.Sprintf(`Value of key "%s" is expected to be integer in range (%s..%s), but "%s" was given`, name, r[0], r[1], value),
		fmt.Sprintf("%s must be a whole number from %s to %s, without unit", path, r[0], r[1]))
}

func itoa(n int) string { return strconv.Itoa(n) }
