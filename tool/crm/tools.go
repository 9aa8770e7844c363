package crm

import (
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Tools are the tools of this package by the names they are called by.
func Tools() map[string]tool.Func {
	return map[string]tool.Func{
		"attrd_updater": AttrdUpdater,
		"cibadmin":      CIBAdmin,
		"crm_attribute": Attribute,
		"crm_failcount": FailCount,
		"crm_mon":       Mon,
		"crm_node":      Node,
		"crm_simulate":  Simulate,
		"crm_standby":   Standby,
		"crm_verify":    Verify,
		"crmadmin":      Admin,
		"iso8601":       ISO8601,
	}
}

// Programs are the tables of their options.
func Programs() []*option.Program {
	return []*option.Program{
		new(updaterOptions).table(), (&cibCall{env: new(tool.Env)}).table(), new(attribute).attributeTable(), new(attribute).failCountTable(),
		new(monitor).table(), new(nodeOptions).table(), new(simulation).table(), new(attribute).standbyTable(),
		new(verification).table(), new(adminOptions).table(), new(dates).table(),
	}
}
