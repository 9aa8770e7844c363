package status

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// WriteWhy prints explanations as text, xml or json.
func WriteWhy(w io.Writer, format string, list []pengine.Explanation) error {
	switch format {
	case "", "text":
		whyText(w, list)
	case "xml":
		root := xml.New("why")
		for _, e := range list {
			x := root.Append(xml.New("placement", "resource", e.Resource, "node", e.Node, "chosen", strconv.FormatBool(e.Chosen), "verdict", e.Verdict))
			if e.Listed {
				x.Set("score", rules.FormatScore(e.Score))
			}
			for _, p := range e.Parts {
				x.Append(xml.New("part", "score", rules.FormatScore(p.Score), "why", p.Why))
			}
		}
		fmt.Fprintf(w, "%s", root.Format())
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(whyJSON(list))
	default:
		return fmt.Errorf("output format %q is unknown; there are text, xml and json", format)
	}
	return nil
}

func whyText(w io.Writer, list []pengine.Explanation) {
	for _, e := range list {
		fmt.Fprintf(w, "%s on %s: %s\n", e.Resource, e.Node, e.Verdict)
		if e.Listed {
			fmt.Fprintf(w, "  %9s  score\n", rules.FormatScore(e.Score))
		}
		for _, p := range e.Parts {
			fmt.Fprintf(w, "  %9s  from %s\n", rules.FormatScore(p.Score), p.Why)
		}
	}
}

type placementJSON struct {
	Resource string     `json:"resource"`
	Node     string     `json:"node"`
	Chosen   bool       `json:"chosen"`
	Verdict  string     `json:"verdict"`
	Score    string     `json:"score,omitempty"`
	Parts    []partJSON `json:"parts"`
}

type partJSON struct {
	Score string `json:"score"`
	Why   string `json:"why"`
}

func whyJSON(list []pengine.Explanation) []placementJSON {
	out := make([]placementJSON, 0, len(list))
	for _, e := range list {
		p := placementJSON{Resource: e.Resource, Node: e.Node, Chosen: e.Chosen, Verdict: e.Verdict, Parts: []partJSON{}}
		if e.Listed {
			p.Score = rules.FormatScore(e.Score)
		}
		for _, part := range e.Parts {
			p.Parts = append(p.Parts, partJSON{rules.FormatScore(part.Score), part.Why})
		}
		out = append(out, p)
	}
	return out
}
