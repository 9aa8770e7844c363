package conf

import "strings"

// Names looks up the numbers of users and groups, for uidgid sections. With
// nil, names that are not numbers are left out.
type Names interface {
	User(name string) (uid string, ok bool)
	Group(name string) (gid string, ok bool)
}

// Limits in bytes.
const (
	maxLine = 511 // with its end
	maxPath = 255
)

// Parse reads a corosync.conf. name is only for messages. On an error, which
// is an [*Error], the File holds what came before it.
func Parse(name string, data []byte, p Profile, names Names) (*File, error) {
	f := &File{Name: name, Profile: p, Root: &Section{}, lines: splitLines(data)}
	ps := &parser{f: f, section: f.Root, keys: keyer{f: f, names: names}}
	for i, text := range f.lines {
		ps.line = i + 1
		if err := ps.physical(text); err != nil {
			return f, err
		}
	}
	if ps.section != f.Root {
		return f, ps.fail("Missing closing brace", "close section "+ps.section.path()+", opened in line "+itoa(ps.section.Open)+", with }")
	}
	return f, nil
}

// parser is Parse under way.
type parser struct {
	f       *File
	section *Section
	line    int
	keys    keyer
}

func (ps *parser) fail(text, remedy string) error {
	return &Error{Text: text, File: ps.f.Name, Line: max(ps.line, 1), Remedy: remedy,
		place: ps.f.Profile == EL9, kind: parserError}
}

// refuse is fail for what is wrong with a value and not with the grammar.
func (ps *parser) refuse(text, remedy string) error {
	err := ps.fail(text, remedy).(*Error)
	err.value = !err.place
	return err
}

// physical takes one line of the file. Corosync 2 reads long lines in pieces
// without noticing.
func (ps *parser) physical(text string) error {
	if len(text) > maxLine {
		if ps.f.Profile == EL9 {
			return ps.fail("Line too long", "keep lines, comments too, below 511 characters")
		}
		for len(text) > maxLine {
			if err := ps.logical(text[:maxLine]); err != nil {
				return err
			}
			text = text[maxLine:]
		}
	}
	return ps.logical(text)
}

const blanks = " \t"

func (ps *parser) logical(text string) error {
	text = strings.TrimSuffix(text, "\n")
	text = strings.TrimSuffix(text, "\r")
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i] // the originals see no more of it
	}
	text = strings.Trim(text, blanks)
	if text == "" || text[0] == '#' {
		return nil
	}
	if before, after, ok := strings.Cut(text, "{"); ok {
		return ps.open(before, after)
	}
	if key, value, ok := strings.Cut(text, ":"); ok {
		return ps.item(strings.Trim(key, blanks), strings.Trim(value, blanks))
	}
	if before, after, ok := strings.Cut(text, "}"); ok {
		return ps.close(before, after)
	}
	if ps.f.Profile == EL9 {
		return ps.fail("Line is not opening or closing section or key value", "write it as \"key: value\", \"name {\" or \"}\", or put a # in front")
	}
	return nil
}

func (ps *parser) open(before, after string) error {
	strict := ps.f.Profile == EL9
	if strict && strings.Trim(after, blanks) != "" {
		return ps.fail("Extra characters after opening bracket '{'", "move what follows the { to a line of its own")
	}
	name := strings.TrimRight(before, blanks+":")
	if strict && name == "" {
		return ps.fail("Missing section name before opening bracket '{'", "write the name of the section in front of the {, on the same line")
	}
	s := &Section{Name: name, Parent: ps.section, Open: ps.line}
	if len(s.path()) >= maxPath {
		return ps.fail("Start of section makes total cmap path too long", "use shorter names of sections")
	}
	ps.section.Subs = append(ps.section.Subs, s)
	ps.section = s
	return ps.keys.open(ps, s)
}

func (ps *parser) close(before, after string) error {
	if ps.f.Profile == EL9 && (strings.Trim(before, blanks) != "" || strings.Trim(after, blanks) != "") {
		return ps.fail("Extra characters before or after closing bracket '}'", "put the } on a line of its own")
	}
	if ps.section == ps.f.Root {
		return ps.fail("Unexpected closing brace", "there is no open section that this } could close")
	}
	s := ps.section
	s.Close = ps.line
	if err := ps.keys.close(ps, s); err != nil {
		return err
	}
	ps.section = s.Parent
	return nil
}

func (ps *parser) item(key, value string) error {
	path := key
	if p := ps.section.path(); p != "" {
		path = p + "." + key
	}
	if len(path) >= maxPath {
		return ps.fail("New key makes total cmap path too long", "use shorter names of sections and keys")
	}
	ps.section.Items = append(ps.section.Items, &Item{Key: key, Value: value, Line: ps.line})
	return ps.keys.item(ps, path, key, value)
}

// path is the names of a section and those around it, joined by dots.
func (s *Section) path() string {
	if s.Parent == nil {
		return ""
	}
	if p := s.Parent.path(); p != "" {
		return p + "." + s.Name
	}
	return s.Name
}
