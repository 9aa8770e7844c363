package conf

import (
	"slices"
	"strings"
)

// freeSections may hold anything.
var freeSections = []string{"resources.system", "resources.process", "quorum.device.heuristics", "service", "aisexec", "amf", "event", "nodelist"}

func (k *KnownKey) in(p Profile) bool { return k.Only == "" || k.Only == p.String() }

// within reports whether a key may stand in a section: a part of logging has
// the keys of the whole.
func (k *KnownKey) within(section string) bool {
	return k.Section == section || k.Section == "logging" && (section == "logging.logger_subsys" || section == "logging.logging_daemon")
}

// intType is the type of a key that holds a number, by full path, or "". Those
// of interface and node sections are in tables of their own.
func intType(path string, p Profile) string {
	if strings.HasPrefix(path, "resources.") && strings.HasSuffix(path, ".poll_period") {
		return "u64"
	}
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return ""
	}
	section, key := path[:i], path[i+1:]
	for i := range Known {
		if k := &Known[i]; k.Section == section && k.Name == key && k.Type != "str" && k.Type != "" && k.in(p) {
			return k.Type
		}
	}
	return ""
}

// KnownKeys returns the keys that the corosync of a profile knows in a section,
// given by its path. ok is false where it accepts any.
func KnownKeys(section string, p Profile) (keys []string, ok bool) {
	if slices.ContainsFunc(freeSections, func(f string) bool { return section == f || strings.HasPrefix(section, f+".") }) {
		return nil, section == "nodelist"
	}
	for i := range Known {
		if k := &Known[i]; k.within(section) && k.in(p) {
			keys = append(keys, k.Name)
		}
	}
	return keys, true
}

// KnownSections returns the names that sections directly below one may have;
// "" is the file itself.
func KnownSections(section string, p Profile) (names []string) {
	prefix := section
	if prefix != "" {
		prefix += "."
	}
	add := func(path string) {
		rest, ok := strings.CutPrefix(path, prefix)
		if name, _, _ := strings.Cut(rest, "."); ok && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range Known {
		if k := &Known[i]; k.in(p) {
			add(k.Section)
		}
	}
	for _, path := range freeSections {
		add(path)
	}
	return names
}
