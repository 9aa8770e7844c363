// Package wire is the totem protocol on the wire, in both generations: that of
// corosync 2.4 ([EL7]) and that of corosync 3 ([EL9]).
//
// A UDP payload of the older generation is an envelope ([Envelope], always
// there, encrypted or not) around one totem message; one of the newer
// generation is the totem message itself. [Decoder] reads messages of one
// generation in either byte order, the Append methods write them. A multicast
// message carries a packed frame ([Frame]) of application messages or pieces of
// them; an application message starts with a table of group names
// ([AppendGroup], [SplitGroups]).
//
// Nothing in here keeps state between two calls except buffers.
package wire
