package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Place is where the CIB is that a tool works on: that of the running
// cluster, or what the environment names instead.
type Place struct {
	File   string // a file stands for the cluster's CIB
	Named  bool   // the environment names something
	Remote string // a cluster elsewhere, "server:port"
	Why    string // the variable that says so, "" for the running cluster
	User   string // CIB_user: on whose behalf
}

// Elsewhere tells whether the running cluster is not what is worked on.
func (p Place) Elsewhere() bool { return p.Named }

// configDir is where the cluster's own CIB is, and root's shadows of it.
const configDir = "/var/lib/pacemaker/cib"

// PlaceOf reads the environment: CIB_shadow before CIB_file before CIB_port, as
// the originals do. A variable that is empty counts for CIB_file alone.
func PlaceOf(lookup func(string) (string, bool)) Place {
	get := func(name string) string { v, _ := lookup(name); return v }
	if shadow := get("CIB_shadow"); shadow != "" {
		dir := get("CIB_shadow_dir")
		if dir == "" {
			dir = shadowDir()
		}
		return Place{File: filepath.Join(dir, "shadow."+shadow), Named: true, Why: "CIB_shadow"}.as(get("CIB_user"))
	}
	if file, ok := lookup("CIB_file"); ok {
		return Place{File: file, Named: true, Why: "CIB_file"}.as(get("CIB_user"))
	}
	if port := get("CIB_port"); port != "" {
		server := get("CIB_server")
		if server == "" {
			server = "localhost"
		}
		return Place{Remote: server + ":" + port, Named: true, Why: "CIB_port"}
	}
	return Place{}.as(get("CIB_user"))
}

func (p Place) as(user string) Place {
	p.User = user
	return p
}

// PlaceFromEnv is PlaceOf for this process.
func PlaceFromEnv() Place { return PlaceOf(os.LookupEnv) }

// shadowDir is where shadows are of who says nothing else: the cluster's own
// folder for root and hacluster, the home of others.
func shadowDir() string {
	u, err := user.Current()
	switch {
	case err != nil, u.Uid == "0", u.Username == "hacluster":
		return configDir
	}
	if st, err := os.Stat(u.HomeDir); err != nil || !st.IsDir() {
		return os.TempDir()
	}
	return filepath.Join(u.HomeDir, ".cib")
}

// ErrRemote says that the environment asks for a cluster elsewhere.
var ErrRemote = errors.New("access to the CIB of another host is not supported yet")

// Open says how a CIB is opened.
type Open struct {
	Program string                   // the name of the calling tool
	Place   Place                    // the zero value is the running cluster
	Path    func(path string) string // puts a folder in front of a file's name; nil: none
	Schemas cib.Schemas              // by which a file is judged
	InGroup func(user, group string) bool
	User    string // on whose behalf, before Place.User
}

// OpenCIB connects to the CIB at a place. It is the only way to one, so that no
// tool reaches the running cluster where the environment names another place. A
// file that is none, or does not conform to its schema, is a cib.Code.
func OpenCIB(ctx context.Context, o Open) (*CIB, error) {
	if o.User == "" {
		o.User = o.Place.User
	}
	switch {
	case o.Place.Remote != "":
		return nil, fmt.Errorf("%s asks for %s: %w", o.Place.Why, o.Place.Remote, ErrRemote)
	case o.Place.Named:
		f, err := openFile(o)
		if err != nil {
			return nil, err
		}
		return &CIB{file: f, user: o.User}, nil
	}
	c, err := dialCIB(ctx, o.Program)
	if err != nil {
		return nil, err
	}
	c.user = o.User
	return c, nil
}

// ReadCIB opens, returns the whole CIB and closes.
func ReadCIB(ctx context.Context, o Open) (*xml.Element, error) {
	c, err := OpenCIB(ctx, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Query(ctx)
}
