package crm

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// profile plans for each XML file of a folder, the last name first, and tells
// how long that took. A folder that cannot be read has no files.
func (s *simulation) profile() int {
	s.when = time.Now()
	form := s.form()
	entries, _ := os.ReadDir(s.env.Path(s.folder)) // by name
	for _, e := range slices.Backward(entries) {
		name := e.Name()
		if filepath.Ext(name) != ".xml" || name[0] == '.' {
			continue
		}
		shown := s.folder + "/" + name
		form.Timing(shown, s.profileOne(filepath.Join(s.env.Path(s.folder), name), shown))
	}
	form.End(s.ending(0, ""))
	return 0
}

// profileOne plans for a file as often as asked for and returns how long the
// planning took. What is no CIB is passed over.
func (s *simulation) profileOne(file, shown string) time.Duration {
	begin := time.Now()
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	s.src = readSource(shown, b)
	s.src.tellDefects(s.env, s.verbose)
	if s.src.doc == nil || s.conforms(s.src.doc) != 0 {
		return time.Since(begin)
	}
	begin = time.Now()
	for range max(s.repeat, 1) {
		if _, err := pengine.Plan(s.src.doc, s.options()); err != nil {
			s.env.Errorf("%s: %v\n", shown, err)
			break
		}
	}
	return time.Since(begin)
}
