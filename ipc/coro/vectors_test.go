package coro

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/ipc"
)

// layouts are the messages by the names of corosync's structures.
var layouts = map[string]Message{
	"mar_req_coroipcc_zc_alloc_t":              &CPGZeroCopyAlloc{},
	"mar_req_coroipcc_zc_execute_t":            &CPGZeroCopyExecute{},
	"mar_req_coroipcc_zc_free_t":               &CPGZeroCopyFree{},
	"req_lib_cfg_get_node_addrs":               &NodeReq{},
	"req_lib_cfg_local_get":                    &Bare{},
	"req_lib_cfg_nodestatusget":                &NodeStatusReq{},
	"req_lib_cfg_ringstatusget":                &Bare{},
	"req_lib_cmap_adjust_int":                  &CMAPAdjust{},
	"req_lib_cmap_delete":                      &CMAPKey{},
	"req_lib_cmap_get":                         &CMAPGet{},
	"req_lib_cmap_iter_finalize":               &HandleReq{},
	"req_lib_cmap_iter_init":                   &CMAPKey{},
	"req_lib_cmap_iter_next":                   &HandleReq{},
	"req_lib_cmap_set":                         &CMAPSet{},
	"req_lib_cmap_set_current_map":             &CMAPSetMap{},
	"req_lib_cmap_track_add":                   &CMAPTrackAdd{},
	"req_lib_cmap_track_delete":                &HandleReq{},
	"req_lib_cpg_finalize":                     &Bare{},
	"req_lib_cpg_iterationfinalize":            &HandleReq{},
	"req_lib_cpg_iterationinitialize":          &CPGIterInit{},
	"req_lib_cpg_iterationnext":                &HandleReq{},
	"req_lib_cpg_join":                         &CPGJoin{},
	"req_lib_cpg_leave":                        &CPGLeave{},
	"req_lib_cpg_local_get":                    &Bare{},
	"req_lib_cpg_mcast":                        &CPGMcast{},
	"req_lib_cpg_membership_get":               &CPGMembershipReq{},
	"req_lib_quorum_model_gettype":             &WordReq{},
	"req_lib_quorum_trackstart":                &WordReq{},
	"req_lib_votequorum_general":               &Bare{},
	"req_lib_votequorum_getinfo":               &VoteGetInfo{},
	"req_lib_votequorum_trackstart":            &VoteTrackStart{},
	"request header only":                      &Bare{},
	"res_lib_cfg_get_node_addrs":               &NodeAddrs{},
	"res_lib_cfg_local_get":                    &LocalNode{},
	"res_lib_cfg_nodestatusget_v1":             &NodeStatus{},
	"res_lib_cfg_ringstatusget":                &RingStatus{},
	"res_lib_cmap_get":                         &CMAPValue{},
	"res_lib_cmap_iter_init":                   &Handle{},
	"res_lib_cmap_iter_next":                   &CMAPIterNext{},
	"res_lib_cmap_notify_callback":             &CMAPNotify{},
	"res_lib_cmap_track_add":                   &Handle{},
	"res_lib_cmap_track_delete":                &Handle{},
	"res_lib_cpg_confchg_callback":             &CPGConfchg{},
	"res_lib_cpg_deliver_callback":             &CPGDeliver{},
	"res_lib_cpg_iterationinitialize":          &Handle{},
	"res_lib_cpg_iterationnext":                &CPGIterNext{},
	"res_lib_cpg_local_get":                    &LocalNode{},
	"res_lib_cpg_membership_get":               &CPGMembership{},
	"res_lib_cpg_totem_confchg_callback":       &CPGTotemConfchg{},
	"res_lib_quorum_getquorate":                &Word{},
	"res_lib_quorum_gettype":                   &Word{},
	"res_lib_quorum_model_gettype":             &Word{},
	"res_lib_quorum_notification":              &QuorumNotify{},
	"res_lib_quorum_v1_nodelist_notification":  &QuorumV1Nodes{},
	"res_lib_quorum_v1_quorum_notification":    &QuorumV1Quorum{},
	"res_lib_votequorum_getinfo":               &VoteInfo{},
	"res_lib_votequorum_nodelist_notification": &VoteNodes{},
	"res_lib_votequorum_quorum_notification":   &VoteQuorum{},
	"response header only":                     &Empty{},
}

type vector struct {
	Events []struct {
		Service, Channel, Dir, Struct string
		Len                           int
		Decoded                       [][]any
		Hex                           string
		HexRLE                        []any `json:"hex_rle"`
	}
}

func expand(t *testing.T, hexText string, rle []any) []byte {
	b, err := hex.DecodeString(hexText)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range rle {
		switch p := part.(type) {
		case string:
			more, err := hex.DecodeString(p)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, more...)
		case map[string]any:
			fill, err := hex.DecodeString(p["fill"].(string))
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, bytes.Repeat(fill, int(p["count"].(float64)))...)
		}
	}
	return b
}

// unchecked are fields that real programs leave to chance, or that depend on
// the header alone.
var unchecked = []string{"error", "pad", "reason", "guarantee"}

// TestVectors decodes every message that was captured between corosync's
// programs and encodes it again: all bytes that mean something come back.
func TestVectors(t *testing.T) {
	seen := make(map[string]int)
	for _, file := range captures.Glob(t, "ipc", "*/*.json") {
		var v vector
		if err := json.Unmarshal(captures.Read(t, "ipc", file), &v); err != nil {
			t.Fatal(err)
		}
		for i, e := range v.Events {
			proto, ok := layouts[e.Struct]
			if !ok {
				if e.Struct != "" && e.Channel != "setup" {
					t.Errorf("%s: no layout for %s", file, e.Struct)
				}
				continue
			}
			seen[e.Struct]++
			want := expand(t, e.Hex, e.HexRLE)
			if e.Dir == "s>c" && e.Channel == "reqres" && StatusOf(want) != OK {
				continue // the rest is whatever was on the daemon's stack
			}
			m := reflect.New(reflect.TypeOf(proto).Elem()).Interface().(Message)
			if err := Decode(want, m); err != nil {
				t.Errorf("%s event %d: %s: %v", file, i, e.Struct, err)
				continue
			}
			if c, ok := m.(*CMAPValue); ok {
				c.Room = uint64(len(want) - 40)
			}
			id := int32(le.Uint32(want))
			var got []byte
			switch {
			case e.Dir == "c>s":
				got = Request(id, m)
			default:
				got = Response(id, StatusOf(want), m)
			}
			if len(got) != len(want) {
				t.Errorf("%s event %d: %s: %d bytes, want %d", file, i, e.Struct, len(got), len(want))
				continue
			}
			for _, row := range e.Decoded {
				off, n, field := int(row[0].(float64)), int(row[1].(float64)), row[2].(string)
				if n > 8 || off+n > len(want) || slices.ContainsFunc(unchecked, func(u string) bool { return bytes.Contains([]byte(field), []byte(u)) }) {
					continue
				}
				if !bytes.Equal(got[off:off+n], want[off:off+n]) {
					t.Errorf("%s event %d: %s: %s at %d: % x, want % x", file, i, e.Struct, field, off, got[off:off+n], want[off:off+n])
				}
			}
			again := reflect.New(reflect.TypeOf(proto).Elem()).Interface().(Message)
			if c, ok := m.(*CMAPValue); ok {
				c.Room = 0
			}
			if err := Decode(got, again); err != nil || !reflect.DeepEqual(again, m) {
				t.Errorf("%s event %d: %s: %+v became %+v, %v", file, i, e.Struct, m, again, err)
			}
			// Every cut must fail or at least not crash.
			for n := range min(len(want), 400) {
				Decode(want[:n], m)
			}
		}
	}
	for name := range layouts {
		if seen[name] == 0 {
			t.Errorf("no capture of %s", name)
		}
	}
}

// FuzzDecode: no bytes make a decoder panic or allocate more than they are.
func FuzzDecode(f *testing.F) {
	f.Add(Response(4, OK, &CPGConfchg{Group: "g", Members: []CPGAddress{{1, 2, 0}}}), uint8(0))
	f.Add(Request(0, &CMAPSet{Name: "a.b", Type: 11, Data: []byte("x\x00")}), uint8(1))
	var names []string
	for name := range layouts {
		names = append(names, name)
	}
	slices.Sort(names)
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		if len(b) > ipc.DefaultMaxMessage {
			return
		}
		proto := layouts[names[int(which)%len(names)]]
		Decode(b, reflect.New(reflect.TypeOf(proto).Elem()).Interface().(Message))
	})
}
