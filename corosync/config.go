package corosync

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// Config sets up a [Node]. Exactly one of Cluster, Conf and File says what the
// cluster is; all else may be left out. Nothing is taken from environment
// variables, and no file is read or written but those named here.
type Config struct {
	// Cluster says what the cluster is in Go.
	Cluster *Cluster
	// Conf says it in the text of a corosync.conf.
	Conf []byte
	// File says it in the path of one, which is read again when a node asks all
	// to reload their configuration.
	File string

	// Generation is that of the corosync whose wire all nodes of the cluster
	// speak: 2 (2.4, and el7) or 3 (3.1, and el9). 0 means 3.
	Generation int
	// NodeID says which node of the cluster this is. 0 means the only one, or the
	// one with an address or, in generation 3, a name of this machine.
	NodeID uint32
	// Key authenticates and encrypts what goes over the ring; all nodes have the
	// same one. It has 128 bytes or more, as corosync-keygen makes them, and takes
	// the place of the key file that a configuration names. Generation 2 only: in
	// the other one only transport knet, which is not there, can do that.
	Key []byte
	// StateDir is the folder where the number of the ring is kept, which must
	// never go back; it is made if need be. "" keeps it nowhere: each start takes
	// a higher number from the clock, which then must not go back.
	StateDir string
	// QueueBytes bounds the events of a group that wait for the program, in bytes;
	// 0 means DefaultQueueBytes. From half of it on [Group.Multicast] waits; above
	// it the group ends with [ErrTooSlow]. A single event always finds room.
	QueueBytes int
	// Logger gets what the node has to say, with corosync's name of the part that
	// speaks as attribute "subsystem". It must not wait for anything. nil means
	// that nothing is said. Section logging of a configuration has no effect.
	Logger *slog.Logger
	// Sockets opens corosync's local sockets, so that corosync's tools and
	// programs that use its libraries find this node as they would find the
	// daemon, of which there can be only one on a machine.
	Sockets bool
}

// DefaultQueueBytes is what [Config.QueueBytes] is if nothing is said: 64 MiB.
const DefaultQueueBytes = 64 << 20

// profile is the generation as the other packages call it.
func (c *Config) profile() (conf.Profile, error) {
	switch c.Generation {
	case 0, 3:
		return conf.EL9, nil
	case 2:
		return conf.EL7, nil
	}
	return 0, &ConfigError{Text: fmt.Sprintf("there is no generation %d of corosync's protocol", c.Generation), Remedy: "Config.Generation is 2 or 3"}
}

// read returns what reads the configuration, which is that of cluster, if there
// is one.
func (c *Config) read(p conf.Profile, cluster *atomic.Pointer[Cluster]) (func() (*conf.File, error), error) {
	var names conf.Names // of users and groups, which only sockets are about
	if c.Sockets {
		names = node.HostNames{}
	}
	given := 0
	for _, is := range []bool{c.Cluster != nil, c.Conf != nil, c.File != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, &ConfigError{Text: fmt.Sprintf("%d of Cluster, Conf and File are given", given), Remedy: "give one of them"}
	}
	if c.File != "" {
		path := c.File
		return func() (*conf.File, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			return conf.Parse(path, text, p, names)
		}, nil
	}
	if c.Cluster != nil {
		if err := c.Cluster.check(); err != nil {
			return nil, err
		}
		if c.NodeID != 0 && !c.Cluster.has(c.NodeID) {
			return nil, &ConfigError{Text: fmt.Sprintf("the cluster has no node %d", c.NodeID), Remedy: "Config.NodeID is the ID of one of Cluster.Nodes"}
		}
		if len(c.Key) > 0 && p == conf.EL9 {
			return nil, &ConfigError{Text: "generation 3 has no authentication over udpu", Remedy: "leave out Config.Key, or set Config.Generation to 2 on all nodes"}
		}
		cluster.Store(c.Cluster.clone())
		secret := len(c.Key) > 0
		return func() (*conf.File, error) { return conf.Parse("", cluster.Load().text(secret), p, names) }, nil
	}
	return func() (*conf.File, error) { return conf.Parse("", c.Conf, p, names) }, nil
}

// readKey is what stands for the key file at path.
func (c *Config) readKey(path string) ([]byte, error) {
	switch {
	case len(c.Key) > 0:
		return c.Key, nil
	case c.File != "":
		return node.ReadKey(path)
	}
	return nil, errors.New("no Config.Key is given")
}

// node is the Config of the node behind.
func (c *Config) node(cluster *atomic.Pointer[Cluster]) (node.Config, error) {
	p, err := c.profile()
	if err != nil {
		return node.Config{}, err
	}
	read, err := c.read(p, cluster)
	if err != nil {
		return node.Config{}, err
	}
	if n := len(c.Key); n > 0 && n < conf.KeyBytes {
		return node.Config{}, &ConfigError{Text: fmt.Sprintf("Config.Key has %d bytes", n), Remedy: fmt.Sprintf("a key has %d or more, as corosync-keygen makes them", conf.KeyBytes)}
	}
	if c.QueueBytes < 0 {
		return node.Config{}, &ConfigError{Text: fmt.Sprintf("Config.QueueBytes is %d", c.QueueBytes), Remedy: "0 means DefaultQueueBytes"}
	}
	id := c.NodeID
	if id == 0 && c.Cluster != nil && len(c.Cluster.Nodes) == 1 {
		id = c.Cluster.Nodes[0].ID
	}
	to := slog.DiscardHandler
	if c.Logger != nil {
		to = c.Logger.Handler()
	}
	return node.Config{
		Read: read, ReadKey: c.readKey, Profile: p, NodeID: id, StateDir: c.StateDir, Volatile: c.StateDir == "",
		IPC: c.Sockets, Log: node.NewLog(handler{to}),
	}, nil
}
