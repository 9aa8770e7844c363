package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A fake is a daemon that answers as a test says. answer gets each request; what it
// returns is the response, nil for none.
type fake struct {
	t      *testing.T
	mu     sync.Mutex
	conns  []*ipc.Conn
	seen   []*xml.Element
	answer func(c *ipc.Conn, msg *xml.Element) *xml.Element
	raw    []byte // in place of any answer
}

func (f *fake) Connected(c *ipc.Conn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns = append(f.conns, c)
	return nil
}

func (f *fake) Message(c *ipc.Conn, id int32, b []byte) {
	fr, err := pcmk.Decode(b)
	if err != nil {
		f.t.Errorf("the client sent what is no frame: %v", err)
		return
	}
	msg, err := xml.Parse(fr.Data)
	if err != nil {
		f.t.Errorf("the client sent %q: %v", fr.Data, err)
		return
	}
	f.mu.Lock()
	f.seen = append(f.seen, msg)
	f.mu.Unlock()
	if f.raw != nil {
		c.Respond(f.raw)
		return
	}
	if r := f.answer(c, msg); r != nil {
		c.Respond(f.frame(fr.ID, r))
	}
}

func (f *fake) Closed(*ipc.Conn) {}

func (f *fake) frame(id int32, n *xml.Element) []byte {
	fr := pcmk.Frame{ID: id, Data: n.Compact()}
	b, err := fr.Append(nil, 131072) // what Dial asks for
	if err != nil {
		f.t.Error(err)
	}
	return b
}

// dialFake starts a fake daemon and connects to it.
func dialFake(t *testing.T, f *fake) *Conn {
	t.Helper()
	f.t = t
	name := fmt.Sprintf("gocorosync-client-test-%d-%s", os.Getpid(), strings.NewReplacer("/", "-").Replace(t.Name()))
	s, err := ipc.Listen(name, ipc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { defer close(served); s.Serve(ctx, f) }()
	t.Cleanup(func() { cancel(); <-served })
	c, err := Dial(t.Context(), name, "tester")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestAskSendEvent(t *testing.T) {
	f := &fake{}
	f.answer = func(c *ipc.Conn, msg *xml.Element) *xml.Element {
		if msg.Name == "tell" {
			if err := c.Event(f.frame(0, xml.New("event", "of", msg.Get("n")))); err != nil {
				t.Error(err)
			}
			return nil
		}
		return xml.New("answer", "to", msg.Get("n"))
	}
	c := dialFake(t, f)
	ctx := t.Context()
	for _, n := range []string{"1", "2", strings.Repeat("x", 300_000)} { // the last goes compressed
		r, err := c.Ask(ctx, xml.New("ask", "n", n))
		if err != nil || r.Name != "answer" || r.Get("to") != n {
			t.Fatalf("%v, %v", r, err)
		}
	}
	if err := c.Send(ctx, xml.New("tell", "n", "7")); err != nil {
		t.Fatal(err)
	}
	if ev, err := c.Event(ctx); err != nil || ev.Get("of") != "7" {
		t.Fatalf("%v, %v", ev, err)
	}
}

// TestAnswersThatAreNone: a daemon that is silent, dies, or says what is no message.
func TestAnswersThatAreNone(t *testing.T) {
	ask := func(t *testing.T, f *fake) error {
		c := dialFake(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := c.Ask(ctx, xml.New("ask"))
		return err
	}
	t.Run("silent", func(t *testing.T) {
		if err := ask(t, &fake{answer: func(*ipc.Conn, *xml.Element) *xml.Element { return nil }}); !errors.Is(err, ErrTimeout) {
			t.Errorf("%v", err)
		}
	})
	t.Run("dies", func(t *testing.T) {
		err := ask(t, &fake{answer: func(c *ipc.Conn, _ *xml.Element) *xml.Element { c.Close(); return nil }})
		if err == nil || errors.Is(err, ErrTimeout) {
			t.Errorf("%v", err)
		}
	})
	t.Run("short", func(t *testing.T) {
		b := make([]byte, 24)
		b[8] = 24
		if err := ask(t, &fake{raw: b}); !errors.Is(err, pcmk.ErrFrame) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no XML", func(t *testing.T) {
		fr := pcmk.Frame{ID: 1, Data: []byte("<not")}
		b, err := fr.Append(nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(t, &fake{raw: b}); err == nil || !strings.Contains(err.Error(), "answer") {
			t.Errorf("%v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		if _, err := Dial(t.Context(), fmt.Sprintf("gocorosync-client-test-nobody-%d", os.Getpid()), "tester"); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%v", err)
		}
	})
}

// TestCIBOfADaemon: what a client of the CIB asks for, and what it makes of answers.
func TestCIBOfADaemon(t *testing.T) {
	var rc atomic.Value
	rc.Store("0")
	f := &fake{answer: func(_ *ipc.Conn, msg *xml.Element) *xml.Element {
		r := xml.New("cib-reply", "cib_callid", msg.Get("cib_callid"))
		if code := rc.Load().(string); code != "" {
			r.Set("cib_rc", code)
		}
		r.Append(xml.New("cib_calldata")).Append(xml.New("cib", "epoch", "4"))
		return r
	}}
	c := &CIB{conn: dialFake(t, f), id: "id", calls: 1, user: "alice"}
	out, err := c.Query(t.Context())
	if err != nil || out.Get("epoch") != "4" || out.Parent != nil || c.IsFile() {
		t.Fatalf("%v, %v", out, err)
	}
	data := xml.New("nvpair", "id", "x")
	rc.Store("-13")
	out, err = c.Do(t.Context(), &cib.Op{Name: cib.OpModify, Section: "crm_config", Data: data, Host: "n2", Options: cib.CanCreate, User: "bob"})
	if !errors.Is(err, cib.AccessDenied) || out == nil {
		t.Errorf("%v, %v", out, err)
	}
	if data.Parent != nil {
		t.Error("the caller's element was taken")
	}
	f.mu.Lock()
	first, last := f.seen[0], f.seen[len(f.seen)-1]
	f.mu.Unlock()
	for name, want := range map[string]string{"cib_op": "cib_modify", "cib_section": "crm_config", "cib_host": "n2", "cib_user": "bob", "cib_callid": "3", "cib_async_id": "id", "cib_callopt": "4104"} {
		if got := last.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if first.Get("cib_user") != "alice" || last.Child("cib_calldata").Child("nvpair") == nil {
		t.Errorf("%s\n%s", first.Compact(), last.Compact())
	}
	rc.Store("")
	if _, err := c.Query(t.Context()); err == nil {
		t.Error("an answer without a result passes")
	}
}

// TestController: the answer is the event that names the request, whatever comes
// before it.
func TestController(t *testing.T) {
	f := &fake{}
	f.answer = func(c *ipc.Conn, msg *xml.Element) *xml.Element {
		reply := func(ref string) *xml.Element {
			r := xml.New("reply", "subt", "response", "src", "n3", "reference", ref, "crm_task", msg.Get("crm_task"))
			if msg.Get("crm_task") == "node-info" {
				r.Append(xml.New("crm_xml")).Append(xml.New("node", "id", msg.Get("id"), "uname", "n"+msg.Get("id")))
			}
			return r
		}
		if msg.Get("crm_task") == "nothing" {
			return nil
		}
		for _, ref := range []string{"somebody else's", msg.Get("reference")} {
			if err := c.Event(f.frame(0, reply(ref))); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	c := &Controller{dialFake(t, f)}
	if dc, err := c.DC(t.Context()); err != nil || dc != "n3" {
		t.Errorf("%q, %v", dc, err)
	}
	if n, err := c.NodeInfo(t.Context(), 2, "n2"); err != nil || n.Get("uname") != "n2" {
		t.Errorf("%v, %v", n, err)
	}
	if err := c.Post(t.Context(), Request{Task: "nothing", To: "dc", Host: "n1", Attrs: []xml.Attr{{Name: "mode", Value: "cib"}}, Data: xml.New("rsc_op")}); err != nil {
		t.Error(err)
	}
	refs := map[string]bool{}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		n := len(f.seen)
		f.mu.Unlock()
		if n == 3 || time.Now().After(end) {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.seen {
		refs[m.Get("reference")] = true
		if !strings.HasSuffix(m.Get("crm_sys_from"), "_tester") {
			t.Errorf("it calls itself %q", m.Get("crm_sys_from"))
		}
	}
	if len(refs) != 3 || f.seen[2].Get("mode") != "cib" || f.seen[2].Descend("crm_xml", "rsc_op") == nil {
		t.Errorf("%d references; %v", len(refs), f.seen)
	}
}
