package crm

import (
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// A source is a CIB as a tool was given it. A file that is not well-formed is
// read as far as it goes, as the original tools do.
type source struct {
	file    string // "" for standard input and for text on the command line
	text    []byte
	doc     *xml.Element // nil if there is no element in it at all
	lines   map[*xml.Element]int
	defects []xml.Defect
}

// readSource reads a CIB from text, which comes from file if that is not "".
func readSource(file string, text []byte) *source {
	s := &source{file: file, text: text}
	doc, err := xml.Parse(text)
	if err == nil {
		s.doc, s.lines = doc, newPlaces(text, doc)
		return s
	}
	s.doc, s.lines, s.defects = xml.Recover(text)
	if len(s.defects) == 0 && s.doc != nil && len(text) > 0 {
		// The strict parser saw what the lenient one lets pass, such as a byte
		// that is no character.
		s.defects = []xml.Defect{{Line: 1, Code: 9, Text: err.Error()}}
	}
	return s
}

// place is where an element stands, as libxml2 says it in front of a fault.
// What was added after reading stands in line 0.
func (s *source) place(n *xml.Element) string {
	if s.file != "" {
		return fmt.Sprintf("%s:%d: ", s.file, s.lines[n])
	}
	return s.entity(n)
}

// entity is place for what was copied since it was read, and so has lost its
// name.
func (s *source) entity(n *xml.Element) string {
	if line := s.lines[n]; line > 0 {
		return fmt.Sprintf("Entity: line %d: ", line)
	}
	return ""
}

// tellDefects says what is wrong with the text, for who asked for more words.
func (s *source) tellDefects(env *tool.Env, verbose int) {
	if len(s.defects) == 0 {
		return
	}
	lib, from := generationOf(env).library, "string2xml"
	tell := func(origin, text string) { say(env, verbose, 1, pengine.Error, origin, text) }
	for _, d := range s.defects {
		where := fmt.Sprintf("%s:%d", s.file, d.Line)
		if s.file == "" {
			where = fmt.Sprintf("Entity: line %d", d.Line)
		}
		tell(lib, "XML Error: "+where+": parser error : "+d.Text)
		tell(lib, "XML Error: "+d.Context)
		tell(lib, "XML Error: "+d.Mark)
	}
	switch last := s.defects[len(s.defects)-1]; {
	case s.file != "":
		from = "filename2xml"
		tell(from, fmt.Sprintf("Parsing failed (domain=1, level=3, code=%d): %s", last.Code, last.Text))
		if s.doc == nil {
			tell(from, "Couldn't parse "+s.file)
			return
		}
		tell(from, "Couldn't fully parse "+s.file)
	case s.doc == nil:
		return
	default:
		tell(from, fmt.Sprintf("Couldn't fully parse %d chars: %s", len(s.text), s.text))
	}
	for line := range strings.Lines(string(s.doc.Format())) {
		tell(from, "Partial   "+strings.TrimSuffix(line, "\n"))
	}
}

// lineage are the schemas by which the tools of a generation measure a
// document, or those of the folder that stands in for them.
func lineage(env *tool.Env, doc *xml.Element) schema.Lineage {
	if l, own := schemasOf(env).Lineage(); own {
		return l
	}
	return generationOf(env).lineage(doc)
}

// tryAll measures a document that claims no schema by all there are and prints
// what each of them finds: any will do, and so it always conforms.
func (s *source) tryAll(env *tool.Env, verbose int, place func(*xml.Element) string) {
	for _, name := range lineage(env, s.doc).All() {
		if name == "pacemaker-next" && generationOf(env).nextIsOld {
			say(env, verbose, 2, pengine.Warning, "validate_with", "The pacemaker-next schema is deprecated and will be removed in a future release.")
		}
		printFaults(env, lineage(env, s.doc).Check(s.doc, name), place)
	}
}

// conforms measures the document by the schema it claims and prints what is
// wrong. A schema that this generation does not know takes nothing.
func (s *source) conforms(env *tool.Env, claimed string) bool {
	l := lineage(env, s.doc)
	if !l.Has(claimed) {
		return false
	}
	err := l.Check(s.doc, claimed)
	printFaults(env, err, s.place)
	return err == nil
}

// tellUpgrade brings a document to the newest schema and prints what the
// transformations to 2.0 and to 3.0 say of their own accord.
func tellUpgrade(env *tool.Env, doc *xml.Element) (warnings []string) {
	l := schema.Lineage2
	if claimed := doc.Get("validate-with"); claimed == "" || claimed == schema.None || !l.Before(claimed, "pacemaker-3.0") {
		return nil
	}
	var notes []string
	if l.Before(doc.Get("validate-with"), "pacemaker-2.0") {
		notes = schema.ModerniseACLs(doc)
	}
	for _, note := range append(notes, schema.Modernise(doc)...) {
		env.Errorf("%s\n", note)
	}
	return nil
}
