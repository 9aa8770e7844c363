package peer

import (
	"cmp"
	"slices"
	"strings"
)

// A Peer is one node of the cluster as pacemaker knows it.
type Peer struct {
	ID     uint32
	Name   string // "" until a message or the nodelist tells it
	Member bool   // in the quorum membership
	In     map[string]bool
}

// Active tells whether the peer's daemon is in the group. For the controller the
// node has to be in the quorum membership as well; the other daemons take who
// is in their group for a member (pacemaker-cluster.md 2).
func (p *Peer) Active(group string) bool {
	return p.In[group] && (p.Member || group != "crmd")
}

// A Cache holds the peers by id. The zero value is not useful: use NewCache.
type Cache struct{ peers map[uint32]*Peer }

// NewCache returns a cache without peers.
func NewCache() *Cache { return &Cache{peers: map[uint32]*Peer{}} }

// Get returns the peer with an id, making it if needed.
func (c *Cache) Get(id uint32) *Peer {
	p := c.peers[id]
	if p == nil {
		p = &Peer{ID: id, In: map[string]bool{}}
		c.peers[id] = p
	}
	return p
}

// Find returns the peer with an id, nil if unknown.
func (c *Cache) Find(id uint32) *Peer { return c.peers[id] }

// ByName returns the peer with a name, compared without regard to case.
func (c *Cache) ByName(name string) *Peer {
	for _, p := range c.All() {
		if p.Name != "" && strings.EqualFold(p.Name, name) {
			return p
		}
	}
	return nil
}

// All returns the peers by ascending id.
func (c *Cache) All() []*Peer {
	all := make([]*Peer, 0, len(c.peers))
	for _, p := range c.peers {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Peer) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Active returns the peers that are active in a group, by ascending id.
func (c *Cache) Active(group string) []*Peer {
	return slices.DeleteFunc(c.All(), func(p *Peer) bool { return !p.Active(group) })
}

// Remove forgets a peer that is no member any more, by id or name, and returns
// whether there was one.
func (c *Cache) Remove(id uint32, name string) bool {
	for _, p := range c.All() {
		if !p.Member && (id != 0 && p.ID == id || name != "" && strings.EqualFold(p.Name, name)) {
			delete(c.peers, p.ID)
			return true
		}
	}
	return false
}
