package crm

import (
	"context"
	"errors"
	"os"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// OpenCIB connects to the CIB that the environment names: the running cluster's,
// or the file that CIB_shadow or CIB_file stands for.
func OpenCIB(ctx context.Context, env *tool.Env, program string) (*client.CIB, error) {
	return client.OpenCIB(ctx, opening(env, program, client.PlaceFromEnv()))
}

// OpenFile opens the CIB in a file.
func OpenFile(ctx context.Context, env *tool.Env, file string) (*client.CIB, error) {
	return client.OpenCIB(ctx, opening(env, "", client.Place{File: file, Named: true, Why: "-f"}))
}

func readCIB(ctx context.Context, env *tool.Env, program string) (*xml.Element, error) {
	return client.ReadCIB(ctx, opening(env, program, client.PlaceFromEnv()))
}

func opening(env *tool.Env, program string, place client.Place) client.Open {
	return client.Open{Program: program, Place: place, Path: env.Path, Schemas: schemasOf(env), InGroup: func(user, group string) bool {
		b, err := os.ReadFile(env.Path("/etc/group"))
		return err == nil && acl.Listed(b, user, group)
	}}
}

// unconnected is the word and the exit status of a tool that gets no CIB.
func unconnected(env *tool.Env, err error) (string, int) {
	if errors.Is(err, client.ErrRemote) {
		_, status := notConnected(env)
		return err.Error(), status
	}
	if code := codeOf(err); code != cib.NotConnected && code != cib.Generic {
		return text(env, code), exitOf(env, code)
	}
	return notConnected(env)
}

// aside refuses what would change the running cluster although the environment
// says that another CIB is meant. It returns 0 if there is nothing to refuse.
func aside(env *tool.Env, what string) int {
	if p := client.PlaceFromEnv(); p.Elsewhere() {
		return env.Fail(exitError, "%s is set, and %s only in the running cluster: nothing was changed (unset %s to do that)", p.Why, what, p.Why)
	}
	return 0
}
