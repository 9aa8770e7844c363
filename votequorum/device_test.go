package votequorum_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/votequorum"
)

// withDevice is a cluster of two whose nodes both have a device that votes.
func withDevice(t *testing.T) *cluster {
	c := &cluster{t: t, p: conf.EL9, nodes: make(map[totem.NodeID]*node), text: `totem {
 version: 2
 transport: udpu
}
nodelist {
 node {
  ring0_addr: 10.0.0.1
  nodeid: 1
 }
 node {
  ring0_addr: 10.0.0.2
  nodeid: 2
 }
}
quorum {
 provider: corosync_votequorum
 device {
  model: net
  votes: 1
 }
}
`}
	c.start(1, 2)
	for _, id := range c.ids() {
		c.device(id, votequorum.DeviceRegister{Name: "Qdevice"})
		c.poll(id, true)
	}
	return c
}

func (c *cluster) device(id totem.NodeID, ev service.Event) {
	c.nodes[id].step(service.To{ID: service.IDVotequorum, Event: ev})
	c.pump()
}

func (c *cluster) poll(id totem.NodeID, cast bool) {
	ring := c.nodes[id].ring
	c.device(id, votequorum.DevicePoll{Name: "Qdevice", Cast: cast, Node: ring.Rep, Seq: ring.Seq})
}

// TestDeviceVotesOnNewRing: when a node dies, the synchronisation waits for the
// other's device, which learns of the new ring meanwhile, and no longer.
func TestDeviceVotesOnNewRing(t *testing.T) {
	c := withDevice(t)
	n := c.nodes[1]
	n.nodes = nil
	c.remove(2)
	if !n.svc.Syncing() {
		t.Fatal("the synchronisation did not wait for the device")
	}
	if len(n.nodes) != 1 || n.nodes[0].Ring != n.ring {
		t.Fatalf("the device was told %+v, the ring is %v", n.nodes, n.ring)
	}
	if got := n.show(); !strings.Contains(got, "Quorate: Yes") {
		t.Errorf("while waiting:\n%s", got)
	}
	c.poll(1, true)
	if n.svc.Syncing() {
		t.Error("the device has voted and the synchronisation goes on")
	}
	if got := n.show(); !strings.Contains(got, "Nodes: 1\nQuorate: Yes\nExpected votes: 3\nHighest expected: 3\nTotal votes: 2\nQuorum: 2\n") {
		t.Errorf("with the device's vote:\n%s", got)
	}
	c.poll(1, false)
	if got := n.show(); !strings.Contains(got, "Nodes: 1\nQuorate: No\n") {
		t.Errorf("without it:\n%s", got)
	}
}

// TestDeviceIsSilent: a device that says nothing about the new ring holds the
// cluster up for its time, and then has no vote.
func TestDeviceIsSilent(t *testing.T) {
	c := withDevice(t)
	n := c.nodes[1]
	c.remove(2)
	c.wait(29 * time.Second)
	if !n.svc.Syncing() {
		t.Fatal("waited for less than 30 s")
	}
	c.wait(2 * time.Second)
	if n.svc.Syncing() {
		t.Fatal("waits for more than 30 s")
	}
	if got := n.show(); !strings.Contains(got, "Nodes: 1\nQuorate: No\n") {
		t.Errorf("without the device:\n%s", got)
	}
	c.poll(1, true)
	if got := n.show(); !strings.Contains(got, "Nodes: 1\nQuorate: Yes\n") {
		t.Errorf("the device is back:\n%s", got)
	}
}

// TestDeviceLeavesWhileAwaited: a device that unregisters is not waited for.
func TestDeviceLeavesWhileAwaited(t *testing.T) {
	c := withDevice(t)
	n := c.nodes[1]
	c.remove(2)
	c.device(1, votequorum.DeviceUnregister{Name: "Qdevice"})
	if n.svc.Syncing() {
		t.Fatal("waits for a device that is gone")
	}
	if got := n.show(); !strings.Contains(got, "Quorate: No\n") {
		t.Errorf("without the device:\n%s", got)
	}
}
