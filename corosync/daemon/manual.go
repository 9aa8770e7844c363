package daemon

import (
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Programs are the tables of what the daemon and its check take.
func Programs() []*option.Program {
	return []*option.Program{new(options).program(), new(check).program()}
}

// Manuals are the pages of the daemon, of its check and of its configuration.
func Manuals() []*manual.Page {
	var pages []*manual.Page
	for _, p := range Programs() {
		pages = append(pages, p.Page())
	}
	return append(pages, confManual(), votesManual(), keysManual())
}
