module github.com/gocorosync/gocorosync

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/antchfx/xpath v1.3.9 // indirect
	github.com/dsnet/compress v0.0.1 // indirect
	github.com/godbus/dbus/v5 v5.2.4 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/rogpeppe/go-internal v1.16.0 // indirect
	github.com/vishvananda/netlink v1.3.1 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.47.0 // indirect
)
