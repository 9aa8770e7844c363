// Package rules reads the values of a CIB, and evaluates the rules that say
// when they hold.
//
// The functions read single values as pacemaker does: scores, booleans, spans
// of time, roles. An Evaluator knows one document at one moment. It follows
// id-ref, tells whether a rule holds for what is known where it stands (Facts),
// and merges sets of name-value pairs, leaving out those whose rules do not
// hold:
//
//	e := &rules.Evaluator{Now: now, Index: rules.NewIndex(configuration)}
//	e.Unpack(configuration.Child("rsc_defaults"), "meta_attributes", "", &rules.Facts{}, values, rules.KeepFirst)
//
// Nothing here changes an Evaluator or the document: what is noticed on the
// way is told to the functions that the Evaluator is given.
package rules
