// Package lrmd is the local executor (pacemaker-execd) as a machine: it decides
// when an operation of a resource runs, repeats recurring ones, and tells what
// came of them. It runs nothing itself: Run and Kill are actions, and package
// agent carries them out. Spec: resource-agents.md 6.
//
// One operation of a resource runs at a time, in order of arrival; different
// resources run side by side.
package lrmd
