package crm

import "github.com/gocorosync/gocorosync/tool"

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
