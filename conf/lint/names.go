package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// sectionName looks at the name of a section that begins in a line.
func (c *checker) sectionName(l *line, name string) {
	if anything(l.section, c.cfg.Profile) {
		return
	}
	names := conf.KnownSections(l.section, c.cfg.Profile)
	if name == "" || slices.Contains(names, name) || len(names) == 0 && l.section != "" {
		return
	}
	path := name
	if l.section != "" {
		path = l.section + "." + name
	}
	if len(known(path, c.cfg.Profile)) > 0 || anything(path, c.cfg.Profile) {
		return // a nested section by its whole path
	}
	f := Finding{Line: l.number, Column: l.column(l.key), Severity: Warning, Check: "unknown-section",
		Text: fmt.Sprintf("section %q has no effect", name), Remedy: "there are: " + strings.Join(names, ", ")}
	c.correct(&f, l, name, names)
	c.add(f)
}

// keyName looks at the key of a line.
func (c *checker) keyName(l *line, key string) {
	p := c.cfg.Profile
	keys, ok := conf.KnownKeys(l.section, p)
	if !ok || slices.Contains(keys, key) {
		return
	}
	f := Finding{Line: l.number, Column: l.column(l.key), Severity: Warning, Check: "unknown-key"}
	if l.section == "" {
		f.Text = fmt.Sprintf("key %q is in no section and has no effect", key)
		f.Remedy = elsewhere(key, p)
		c.add(f)
		return
	}
	if len(keys) == 0 {
		return // the section was unknown already
	}
	f.Text = fmt.Sprintf("key %q has no effect in section %s", key, l.section)
	if f.Remedy = elsewhere(key, p); f.Remedy == "" {
		c.correct(&f, l, key, keys)
	}
	c.add(f)
}

// correct adds what a mistyped word most likely stands for. It is only fixed
// when case alone differs; else a person must decide.
func (c *checker) correct(f *Finding, l *line, word string, list []string) {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			f.Remedy = fmt.Sprintf("write %q", w)
			f.Fix = []Edit{l.edit(l.key, l.key+len(word), w)}
			return
		}
	}
	if w := c.cfg.Suggest(word, list); w != "" {
		f.Remedy = fmt.Sprintf("did you mean %q?", w)
	}
}

// mainSections are where a misplaced key is looked for.
var mainSections = []string{"totem", "totem.interface", "quorum", "quorum.device", "quorum.device.net", "nodelist.node", "logging", "system"}

// elsewhere says in which section a key would mean something.
func elsewhere(key string, p conf.Profile) string {
	for _, s := range mainSections {
		if slices.Contains(known(s, p), key) {
			return "it belongs into section " + s
		}
	}
	return ""
}

func known(section string, p conf.Profile) []string {
	keys, _ := conf.KnownKeys(section, p)
	return keys
}

func anything(section string, p conf.Profile) bool {
	_, ok := conf.KnownKeys(section, p)
	return !ok
}
