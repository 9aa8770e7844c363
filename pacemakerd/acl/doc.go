// Package acl decides what a user may see and change of a CIB with access
// control lists: acl_target, acl_group, acl_role and their permissions, as
// pacemaker 2.1.5 does. It is pure. Spec: cib.md 7.
//
// A permission marks the elements that its XPath selects with read, write or
// deny. What holds for an element is found on the way from it up to the root:
// the first mark that allows the access, or denies everything, decides; without
// any, access is denied.
package acl
