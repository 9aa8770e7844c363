package coro

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"
)

// trapPort is where managers listen.
const trapPort = "162"

// The numbers of the objects in COROSYNC-MIB, below 1.3.6.1.4.1.35488.
var (
	snmpNotices = []int{1, 3, 6, 1, 4, 1, 35488, 0}
	snmpObjects = []int{1, 3, 6, 1, 4, 1, 35488, 1}
	snmpUpTime  = []int{1, 3, 6, 1, 2, 1, 1, 3, 0}
	snmpTrapOID = []int{1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}
)

const (
	noticeNode   = 1
	noticeQuorum = 2

	objectNodeName    = 1
	objectNodeID      = 2
	objectNodeStatus  = 3
	objectNodeAddress = 4
	objectQuorum      = 21
)

// snmpValue is one object of a notification: a text, or a number if text is "".
type snmpValue struct {
	object int
	text   string
	number uint32
}

// snmpSender sends notifications of version 2c to one manager.
type snmpSender struct {
	conn      net.Conn
	community string
	request   int32
	now       func() time.Time
}

// dialSNMP opens a session. manager is an address, with a port if not the usual
// one.
func dialSNMP(manager, community string) (*snmpSender, error) {
	manager = strings.TrimPrefix(manager, "udp:")
	if _, _, err := net.SplitHostPort(manager); err != nil {
		manager = net.JoinHostPort(strings.Trim(manager, "[]"), trapPort)
	}
	conn, err := net.Dial("udp", manager)
	if err != nil {
		return nil, err
	}
	return &snmpSender{conn: conn, community: community, request: rand.Int32(), now: time.Now}, nil
}

func (s *snmpSender) send(notice int, values ...snmpValue) error {
	s.request = (s.request + 1) & 0x7fffffff
	b := trap(s.community, s.request, uint32(s.now().Unix()), notice, values)
	_, err := s.conn.Write(b)
	if errors.Is(err, syscall.ECONNREFUSED) {
		// That the last one found nobody says nothing about this one.
		_, err = s.conn.Write(b)
	}
	return err
}

// Tags of ASN.1 as SNMP uses them.
const (
	tagInteger  = 0x02
	tagText     = 0x04
	tagSequence = 0x30
	tagGauge    = 0x42
	tagTicks    = 0x43
	tagTrap2    = 0xa7
)

// trap is a message of SNMP 2c with one notification:
//
//	SEQUENCE { version 1, community, [7] { request, error 0, index 0,
//	  SEQUENCE of SEQUENCE { object, value } } }
//
// The first two values are the time, for which the original takes that of day
// in seconds, and which notification it is.
func trap(community string, request int32, seconds uint32, notice int, values []snmpValue) []byte {
	bind := func(object []int, value []byte) []byte { return tlv(tagSequence, oid(object), value) }
	binds := [][]byte{
		bind(snmpUpTime, tlv(tagTicks, number(int64(seconds)))),
		bind(snmpTrapOID, oid(append(snmpNotices[:len(snmpNotices):len(snmpNotices)], notice))),
	}
	for _, v := range values {
		value := tlv(tagText, []byte(v.text))
		if v.text == "" {
			value = tlv(tagGauge, number(int64(v.number)))
		}
		binds = append(binds, bind(append(snmpObjects[:len(snmpObjects):len(snmpObjects)], v.object), value))
	}
	zero := tlv(tagInteger, number(0))
	return tlv(tagSequence, tlv(tagInteger, number(1)), tlv(tagText, []byte(community)),
		tlv(tagTrap2, tlv(tagInteger, number(int64(request))), zero, zero, tlv(tagSequence, binds...)))
}

// tlv is a value with its tag and length.
func tlv(tag byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	b := []byte{tag}
	switch {
	case size < 0x80:
		b = append(b, byte(size))
	case size < 0x100:
		b = append(b, 0x81, byte(size))
	default:
		b = append(b, 0x82, byte(size>>8), byte(size))
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// number is an integer in as few bytes as hold it and its sign.
func number(v int64) []byte {
	b := []byte{byte(v)}
	for v>>7 != 0 && v>>7 != -1 {
		v >>= 8
		b = append([]byte{byte(v)}, b...)
	}
	return b
}

func oid(id []int) []byte {
	b, err := asn1.Marshal(asn1.ObjectIdentifier(id))
	if err != nil {
		panic(fmt.Sprintf("ring: %v is no object identifier: %v", id, err)) // all are constants
	}
	return b
}
