module github.com/gocorosync/gocorosync

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/antchfx/xpath v1.3.9
	github.com/cockroachdb/datadriven v1.0.3
	github.com/dsnet/compress v0.0.1
	github.com/godbus/dbus/v5 v5.2.4
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
)

require github.com/pmezard/go-difflib v1.0.0 // indirect
