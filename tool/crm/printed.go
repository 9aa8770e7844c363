package crm

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// printed has a tool's work done with what it prints going where, and in the
// form, that was asked for. As XML, what it complains about stands beside its
// exit status.
func (a *attribute) printed(work func() int) int {
	env := *a.env
	if a.outputTo != "" && a.outputTo != "-" {
		f, err := os.Create(env.Path(a.outputTo))
		if err != nil {
			complain(a.env, "Error creating output format "+cmp.Or(a.output, "(null)")+": "+cause(err))
			return exitError
		}
		defer f.Close()
		env.Stdout = f
	}
	to := env.Stdout
	a.words, a.env = env.Stderr, &env
	switch {
	case !a.hasOutput, a.output == "text":
		return work()
	case a.output == "none":
		env.Stdout, env.Stderr = io.Discard, io.Discard
		return work()
	case a.output != "xml":
		complain(&env, "Error creating output format "+a.output+": Unknown output format")
		return exitError
	}
	var complaints bytes.Buffer
	a.root = status.ResultEL9(commandLine(&env))
	env.Stdout, env.Stderr = io.Discard, &complaints
	code := work()
	end := a.root.Append(xml.New("status", "code", strconv.Itoa(code), "message", statusMessage(code)))
	if complaints.Len() > 0 {
		list := end.Append(xml.New("errors"))
		for line := range strings.Lines(complaints.String()) {
			e := list.Append(xml.New("error"))
			e.Text = strings.TrimSuffix(line, "\n")
		}
	}
	if _, err := to.Write(a.root.Format()); err != nil && code == 0 {
		return exitError
	}
	return code
}
