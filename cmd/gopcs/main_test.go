package main

import (
	"testing"

	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestTools: the box's own table and what completes all that is in it are sound.
func TestTools(t *testing.T) {
	b := tools()
	optiontest.Programs(t, b.Program())
	optiontest.Completion(t, b.Program(), b.Programs)
}
