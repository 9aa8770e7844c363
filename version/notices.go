package version

import _ "embed" // for the notices

// Notices are the licences of what is linked into the binaries besides our own
// code. `make notices` writes them anew.
//
//go:embed notices.txt
var Notices string
