package conf

import (
	"fmt"

	"github.com/BurntSushi/toml"
)

// Profile says which generation of corosync a node is compatible with.
type Profile uint8

// The profiles.
const (
	EL7 Profile = iota // corosync 2.4, pacemaker 1.1's text, pcs 0.9; the default
	EL9                // corosync 3.1, pacemaker 2.1, pcs 0.11
)

func (p Profile) String() string {
	if p == EL9 {
		return "el9"
	}
	return "el7"
}

// Version is the version of corosync that the profile stands for.
func (p Profile) Version() string {
	if p == EL9 {
		return "3.1.7"
	}
	return "2.4.5"
}

// ParseProfile reads the name of a profile; "" is the default.
func ParseProfile(s string) (Profile, error) {
	switch s {
	case "", "el7":
		return EL7, nil
	case "el9":
		return EL9, nil
	}
	return EL7, fmt.Errorf("compat %q: must be \"el7\" or \"el9\"", s)
}

// SettingsFile is where our own settings are, beside corosync.conf.
const SettingsFile = "/etc/corosync/gocorosync.toml"

// ProfileEnv is the environment variable that overrides the file.
const ProfileEnv = "GOCOROSYNC_COMPAT"

// Settings are the contents of gocorosync.toml.
type Settings struct {
	Profile Profile
}

// ParseSettings reads gocorosync.toml. An empty file means the defaults; what
// is unknown in it is an error, since it would silently do nothing.
func ParseSettings(data []byte) (Settings, error) {
	var raw struct {
		Compat string `toml:"compat"`
	}
	meta, err := toml.Decode(string(data), &raw)
	if err != nil {
		return Settings{}, fmt.Errorf("%s: %w", SettingsFile, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Settings{}, fmt.Errorf("%s: unknown setting %q", SettingsFile, unknown[0])
	}
	p, err := ParseProfile(raw.Compat)
	if err != nil {
		return Settings{}, fmt.Errorf("%s: %w", SettingsFile, err)
	}
	return Settings{Profile: p}, nil
}
