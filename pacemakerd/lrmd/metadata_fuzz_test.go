package lrmd

import "testing"

// FuzzMetadata reads what an agent may print; it is refused or read, and nothing of it
// is out of bounds.
func FuzzMetadata(f *testing.F) {
	for _, s := range []string{
		`<resource-agent name="T" version="1.0"><shortdesc>s</shortdesc><longdesc>l</longdesc><parameters><parameter name="ip" unique="1" required="1" reloadable="1"><longdesc>a</longdesc><content type="select" default="x"><option value="y"/></content></parameter></parameters><actions><action name="start" timeout="20s"/><action name="monitor" depth="0" interval="10" start-delay="1"/></actions></resource-agent>`,
		`<resource-agent name="fence" shortdesc="f"><parameters><parameter name="port" unique-group="g" private="true" deprecated="1" obsoletes="p"/></parameters><actions><action name="on" automatic="1" on_target="yes" required="1"/></actions></resource-agent>`,
		`<?xml version="1.0"?><!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd"><resource-agent><parameters><parameter/></parameters><actions/></resource-agent>`,
		`<resource-agent><parameters><parameter><content><option/></content></parameter></parameters></resource-agent>`,
		`<x/>`, ``, `not XML at all`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMetadata(b)
		if (m == nil) == (err == nil) {
			t.Fatalf("meta-data %v, error %v", m, err)
		}
		if m == nil {
			return
		}
		for _, p := range m.Params {
			if m.Param(p.Name) == nil {
				t.Errorf("parameter %q is not found", p.Name)
			}
		}
		for _, a := range m.Actions {
			if !m.Supports(a.Name) {
				t.Errorf("action %q is not supported", a.Name)
			}
		}
	})
}
