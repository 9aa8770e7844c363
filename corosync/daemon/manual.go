package daemon

import (
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Programs are the tables of what the daemon and its check take.
func Programs() []*option.Program {
	return []*option.Program{new(options).table(), new(check).table()}
}

// Pages are those of the manual about its configuration.
func Pages() []*manual.Page {
	return []*manual.Page{confManual(), votesManual(), keysManual()}
}
