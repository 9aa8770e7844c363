package conf

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
)

type transcript struct {
	Cases map[string]struct {
		Conf string
		Note string
		T    struct {
			Exit   int
			Output []string
		}
	}
}

type fakeNames struct{}

func (fakeNames) User(name string) (string, bool) {
	return map[string]string{"root": "0", "hacluster": "189", "nobody": "65534"}[name], name == "root" || name == "hacluster" || name == "nobody"
}
func (fakeNames) Group(name string) (string, bool) {
	return map[string]string{"root": "0", "haclient": "189", "nogroup": "65534"}[name], name == "root" || name == "haclient" || name == "nogroup"
}

// judge is what corosync -t would print and return.
func judge(p Profile, text, note string) (string, int) {
	const name = "/etc/corosync/corosync.conf"
	f, err := Parse(name, []byte(text), p, fakeNames{})
	if err != nil {
		return err.Error(), 8
	}
	v := FromKeys(f.Keys)
	if _, err := ReadLogging(v, p); err != nil {
		return err.Error(), 7
	}
	host := Host{
		Hostname: "sv1", Addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("10.77.0.11/24"), netip.MustParsePrefix("fd00::11/64")},
		Resolve: func(name string) ([]netip.Addr, error) {
			if a, ok := map[string]string{"sv1": "10.77.0.11", "sv2": "10.77.0.12", "localhost": "127.0.0.1"}[name]; ok {
				return []netip.Addr{netip.MustParseAddr(a)}, nil
			}
			return nil, errors.New("no such host")
		},
		ReadKey: func(path string) ([]byte, error) {
			if strings.Contains(note, "authkey") || strings.Contains(note, "with key") {
				return make([]byte, 256), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOENT}
		},
	}
	if _, err := ReadTotem(v, p, host); err != nil {
		return err.Error(), 8
	}
	return "", 0
}

// elsewhere are cases whose outcome does not depend on the file alone: on a
// key file, a log file, a directory or a crash of the original.
func elsewhere(name, output string) bool {
	return name == "syn-bom" && strings.Contains(output, "ï»¿") || // the transcript has it in another encoding
		strings.Contains(output, "Can't open logfile") || strings.Contains(output, "Could only read") ||
		strings.Contains(output, "Cannot chdir") || strings.Contains(output, "Can't read file") || strings.HasPrefix(name, "extra-uidgid.d")
}

// TestLikeCorosync compares what this package says about some 500 good and bad
// files of each generation with what corosync said.
func TestLikeCorosync(t *testing.T) {
	for p, version := range map[Profile]string{EL7: "2.4.5", EL9: "3.1.7"} {
		t.Run(p.String(), func(t *testing.T) {
			var tr transcript
			if err := json.Unmarshal(captures.Read(t, "corosync", "conf/"+version+".json"), &tr); err != nil {
				t.Fatal(err)
			}
			wrong, n := 0, 0
			var names []string
			for name := range tr.Cases {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				c := tr.Cases[name]
				all := strings.Join(c.T.Output, "\n")
				if c.T.Exit < 0 || elsewhere(name, all) {
					continue
				}
				n++
				got, exit := judge(p, c.Conf, c.Note+name)
				if exit != c.T.Exit || exit != 0 && !strings.Contains(all, got) {
					wrong++
					t.Errorf("%s: exit %d %q want %d %q", name, exit, got, c.T.Exit, all)
				}
			}
			t.Logf("%d of %d as corosync %s", n-wrong, n, version)
		})
	}
}
