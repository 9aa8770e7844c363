package peer

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Writer makes the controller's requests, each with a reference of its own.
type Writer struct {
	Version string       // feature set to send
	Now     func() int64 // seconds since 1970, for references
	count   int
}

// A Request describes one controller message (pacemaker-ipc.md 5).
type Request struct {
	Origin string // informative: who made it
	Task   string
	To     string // sub-system: crmd, dc, lrmd, tengine, ...
	From   string
	Host   string // node, "" for none
	Data   *xml.Element
	Attrs  []xml.Attr // appended after the standard ones
}

// Request makes a request message. Data becomes part of it.
func (w *Writer) Request(r Request) *xml.Element {
	ref := r.Task + "-" + r.From + "-" + strconv.FormatInt(w.Now(), 10) + "-" + strconv.Itoa(w.count)
	w.count++
	n := xml.New("create_request_adv", "origin", r.Origin, "t", "crmd", "version", w.Version, "subt", "request",
		"reference", ref, "crm_task", r.Task, "crm_sys_to", r.To, "crm_sys_from", r.From)
	return r.finish(n)
}

// Reply makes the response to a request. Data becomes part of it.
func (w *Writer) Reply(req *xml.Element, data *xml.Element) *xml.Element {
	n := xml.New("create_reply_adv", "origin", "process_request", "t", "crmd", "version", w.Version, "subt", "response",
		"reference", req.Get("reference"), "crm_task", req.Get("crm_task"),
		"crm_sys_to", req.Get("crm_sys_from"), "crm_sys_from", req.Get("crm_sys_to"))
	r := Request{Host: req.Get("src"), Data: data}
	return r.finish(n)
}

func (r *Request) finish(n *xml.Element) *xml.Element {
	if r.Host != "" {
		n.Set("crm_host_to", r.Host)
	}
	for _, a := range r.Attrs {
		n.Set(a.Name, a.Value)
	}
	if r.Data != nil {
		n.Append(xml.New("crm_xml")).Append(r.Data)
	}
	return n
}

// Data returns what a message carries in crm_xml, or nil.
func Data(msg *xml.Element) *xml.Element { return msg.Child("crm_xml").Child("") }

// IsTrue reads a boolean as pacemaker does.
func IsTrue(s string) bool {
	switch s {
	case "true", "True", "TRUE", "on", "On", "ON", "yes", "Yes", "YES", "y", "Y", "1":
		return true
	}
	return false
}
