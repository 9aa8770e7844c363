package pacemakerd

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dsnet/compress/bzip2"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// planner runs the policy engine and keeps what it was given (cib.md 10.1).
type planner struct {
	dir  string
	log  *slog.Logger
	mu   sync.Mutex
	next int    // transition id
	last string // digest of the last input
	file string // and where it was kept
	old  string // schema of the last input, if that was before 3.0
}

// plan makes a transition graph. A planner that panics is a defect of ours; it
// must not take the node with it, so it ends as an error here.
func (p *planner) plan(doc *xml.Element) (graph *xml.Element, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	digest := xml.DigestExact(doc)
	id := p.next
	p.next++
	now := time.Now()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the policy engine failed on this CIB: %v", r)
			p.keep(doc, now, "error", digest)
			p.log.Error("policy engine failed", "input", p.file, "err", r)
		}
	}()
	res, err := pengine.Plan(p.modern(doc), pengine.Options{Now: now, TransitionID: id})
	if err != nil {
		p.keep(doc, now, "error", digest)
		return nil, err
	}
	series := "input"
	for _, m := range res.Messages() {
		switch {
		case m.Severity == pengine.Error:
			series = "error"
		case m.Severity == pengine.Warning && series == "input":
			series = "warn"
		}
	}
	p.keep(doc, now, series, digest)
	p.log.Info("calculated transition", "transition", id, "input", p.file, "took", time.Since(now))
	return res.Graph, nil
}

// modern is a CIB of a schema before 3.0 in the terms of today, which are those
// that the planner knows; the CIB stays as it is. The log says so when such a
// configuration is met, and what is not carried over.
func (p *planner) modern(doc *xml.Element) *xml.Element {
	claimed := doc.Get("validate-with")
	if claimed == "" || claimed == schema.None || !schema.Lineage2.Has(claimed) || !schema.Lineage2.Before(claimed, "pacemaker-3.0") {
		p.old = ""
		return doc
	}
	next, _, err := schema.Upgrade(doc.Clone(), "")
	news := p.old != claimed
	p.old = claimed
	switch {
	case err != nil:
		p.log.Error("configuration of an old schema cannot be upgraded, and is taken as it is", "schema", claimed, "err", err)
		return doc
	case news:
		p.log.Warn("configuration of an old schema is upgraded for each plan; 'cibadmin --upgrade --force' does it for good", "schema", claimed, "to", next.Get("validate-with"))
		for _, note := range schema.Notes(doc) {
			p.log.Warn("upgrade of the configuration", "note", note)
		}
	}
	return next
}

// keep writes the planner's input as pe-input-N.bz2, pe-warn-N.bz2 or
// pe-error-N.bz2. A failure to do so is logged and no more.
func (p *planner) keep(doc *xml.Element, now time.Time, series, digest string) {
	if digest == p.last {
		return
	}
	if err := p.write(doc, now, series); err != nil {
		p.log.Warn("planner's input not kept", "err", err)
		return
	}
	p.last = digest
}

// seriesMax is how many files a series has before it begins anew; -1 is
// without end.
var seriesMax = map[string]int{"input": 4000, "warn": 5000, "error": -1}

func (p *planner) write(doc *xml.Element, now time.Time, series string) error {
	limit := seriesMax[series]
	option := "pe-" + series + "-series-max"
	for nv := range doc.Descend("configuration", "crm_config").Walk() {
		if nv.Get("name") == option {
			if n, err := strconv.Atoi(nv.Get("value")); err == nil {
				limit = n
			}
		}
	}
	if limit == 0 {
		p.file = ""
		return nil
	}
	if err := os.MkdirAll(p.dir, 0o750); err != nil {
		return err
	}
	last := filepath.Join(p.dir, "pe-"+series+".last")
	seq := 0
	if b, err := os.ReadFile(last); err == nil {
		seq, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	doc.Set("execution-date", strconv.FormatInt(now.Unix(), 10))
	text := doc.Format()
	doc.Unset("execution-date")
	var z bytes.Buffer
	w, err := bzip2.NewWriter(&z, &bzip2.WriterConfig{Level: 9})
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	p.file = filepath.Join(p.dir, fmt.Sprintf("pe-%s-%d.bz2", series, seq))
	if err := os.WriteFile(p.file, z.Bytes(), 0o640); err != nil {
		return err
	}
	if seq++; limit > 0 && seq >= limit {
		seq = 0
	}
	return os.WriteFile(last, []byte(strconv.Itoa(seq)), 0o640)
}
