// Package simulate runs a transition on paper: it carries a plan out on a copy
// of the CIB, as crm_simulate does, invents results of operations, and draws
// the plan for dot(1).
package simulate
