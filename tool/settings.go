package tool

import (
	"fmt"
	"os"

	"github.com/gocorosync/gocorosync/conf"
)

// SettingsFile is where a node's own settings are.
const SettingsFile = "/etc/corosync/gocorosync.toml"

// LoadProfile sets e.Profile: from GOCOROSYNC_COMPAT, else from the settings
// file, else el7.
func (e *Env) LoadProfile() error {
	if v := os.Getenv(conf.ProfileEnv); v != "" {
		p, err := conf.ParseProfile(v)
		if err != nil {
			return fmt.Errorf("%s: %w", conf.ProfileEnv, err)
		}
		e.Profile = p
		return nil
	}
	b, err := os.ReadFile(e.Path(SettingsFile))
	if err != nil {
		return nil // no file: the default
	}
	s, err := conf.ParseSettings(b)
	if err != nil {
		return fmt.Errorf("%s: %w", SettingsFile, err)
	}
	e.Profile = s.Profile
	return nil
}
