package conf

import (
	"bytes"
	"strings"
)

// A File is a parsed corosync.conf.
type File struct {
	Name    string
	Profile Profile
	Root    *Section // without a name

	// Keys are what the file puts into cmap, in the order of the file; a
	// later one of the same name wins. They are complete only when Parse
	// returned no error.
	Keys []Key

	lines []string // with their line ends
}

// A Section is a named block. The root has no name and no braces.
type Section struct {
	Name   string
	Items  []*Item
	Subs   []*Section
	Parent *Section
	Open   int // line of the opening brace, from 1; 0 for the root
	Close  int // line of the closing brace
}

// An Item is a key with its value.
type Item struct {
	Key, Value string
	Line       int // from 1
}

// Get returns the value of the last item with this key.
func (s *Section) Get(key string) (string, bool) {
	for i := len(s.Items) - 1; i >= 0; i-- {
		if s.Items[i].Key == key {
			return s.Items[i].Value, true
		}
	}
	return "", false
}

// All returns the sub-sections with this name.
func (s *Section) All(name string) (list []*Section) {
	for _, sub := range s.Subs {
		if sub.Name == name {
			list = append(list, sub)
		}
	}
	return list
}

// First returns the first sub-section with this name, or nil.
func (s *Section) First(name string) *Section {
	for _, sub := range s.Subs {
		if sub.Name == name {
			return sub
		}
	}
	return nil
}

// Add appends an item, for a section that is being made up. It returns s.
func (s *Section) Add(key, value string) *Section {
	s.Items = append(s.Items, &Item{Key: key, Value: value})
	return s
}

// AddSection appends a sub-section and returns it.
func (s *Section) AddSection(name string) *Section {
	sub := &Section{Name: name, Parent: s}
	s.Subs = append(s.Subs, sub)
	return sub
}

// Text returns the section's contents as text, each level indented once more:
// items first, then sub-sections, with an empty line before each section but
// the first at the outermost level.
func (s *Section) Text(indent string) string {
	var b strings.Builder
	s.text(&b, indent, 0)
	return b.String()
}

func (s *Section) text(b *strings.Builder, indent string, depth int) {
	pad := strings.Repeat(indent, depth)
	for _, it := range s.Items {
		b.WriteString(pad + it.Key + ": " + it.Value + "\n")
	}
	for i, sub := range s.Subs {
		if i > 0 || len(s.Items) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(pad + sub.Name + " {\n")
		sub.text(b, indent, depth+1)
		b.WriteString(pad + "}\n")
	}
}

// Bytes returns the text of the file, edits included.
func (f *File) Bytes() []byte { return []byte(strings.Join(f.lines, "")) }

// Line returns the place of the last item that put a key into cmap, or 0.
func (f *File) Line(key string) int {
	for i := len(f.Keys) - 1; i >= 0; i-- {
		if f.Keys[i].Name == key {
			return f.Keys[i].Line
		}
	}
	return 0
}

// Set changes the value of an item, named by its path ("totem.token"), where
// it stands last, or adds it to the last section of that path, which is made
// at the end of the file if there is none. The file must parse afterwards.
func (f *File) Set(path, value string) error {
	names := strings.Split(path, ".")
	key, sections := names[len(names)-1], names[:len(names)-1]
	s := f.Root
	for i, name := range sections {
		subs := s.All(name)
		if len(subs) == 0 {
			return f.addPath(s, sections[i:], key, value)
		}
		s = subs[len(subs)-1]
	}
	for i := len(s.Items) - 1; i >= 0; i-- {
		if it := s.Items[i]; it.Key == key {
			old := f.lines[it.Line-1]
			head, _, _ := strings.Cut(old, ":")
			f.lines[it.Line-1] = head + ": " + value + lineEnd(old)
			return f.again()
		}
	}
	at, indent := s.Close-1, strings.Repeat("\t", s.depth())
	if s == f.Root {
		at = len(f.lines)
	}
	if n := len(s.Items); n > 0 {
		at = s.Items[n-1].Line
		indent = leading(f.lines[at-1])
	}
	f.insert(at, indent+key+": "+value+"\n")
	return f.again()
}

// addPath adds sections with one item in the innermost.
func (f *File) addPath(s *Section, sections []string, key, value string) error {
	at := len(f.lines)
	if s != f.Root {
		at = s.Close - 1
	}
	depth := s.depth()
	var text []string
	for i, name := range sections {
		text = append(text, strings.Repeat("\t", depth+i)+name+" {\n")
	}
	text = append(text, strings.Repeat("\t", depth+len(sections))+key+": "+value+"\n")
	for i := len(sections) - 1; i >= 0; i-- {
		text = append(text, strings.Repeat("\t", depth+i)+"}\n")
	}
	f.insert(at, text...)
	return f.again()
}

// Remove takes out lines first to last, from 1: an item, or a section from its
// Open to its Close. The file must parse afterwards.
func (f *File) Remove(first, last int) error {
	f.lines = append(f.lines[:first-1:first-1], f.lines[last:]...)
	return f.again()
}

// Insert puts lines behind line number after. The file must parse afterwards.
func (f *File) Insert(after int, text string) error {
	f.insert(after, strings.SplitAfter(strings.TrimSuffix(text, "\n")+"\n", "\n")...)
	return f.again()
}

func (f *File) insert(at int, text ...string) {
	if at > 0 && at <= len(f.lines) && !strings.HasSuffix(f.lines[at-1], "\n") {
		f.lines[at-1] += "\n"
	}
	var lines []string
	lines = append(lines, f.lines[:at]...)
	for _, t := range text {
		if t != "" {
			lines = append(lines, t)
		}
	}
	f.lines = append(lines, f.lines[at:]...)
}

func (f *File) again() error {
	g, err := Parse(f.Name, f.Bytes(), f.Profile, nil)
	if g != nil {
		*f = *g
	}
	return err
}

func (s *Section) depth() (n int) {
	for ; s.Parent != nil; s = s.Parent {
		n++
	}
	return n
}

func leading(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

func lineEnd(line string) string {
	switch {
	case strings.HasSuffix(line, "\r\n"):
		return "\r\n"
	case strings.HasSuffix(line, "\n"):
		return "\n"
	}
	return ""
}

// splitLines cuts data into lines with their ends.
func splitLines(data []byte) (lines []string) {
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		lines = append(lines, string(data[:n]))
		data = data[n:]
	}
	return lines
}
