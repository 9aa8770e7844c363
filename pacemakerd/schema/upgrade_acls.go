package schema

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// Notes are what there is to say of an upgrade to 3.0 or later of a document,
// which is not changed.
func Notes(doc *xml.Element) (notes []string) {
	doc = doc.Clone()
	if before(doc.Get("validate-with"), "pacemaker-2.0") {
		notes = ModerniseACLs(doc)
	}
	return append(notes, Modernise(doc)...)
}

// ModerniseACLs brings a document of a schema 1.x to 2.0: access control has
// other words there. The notes are those of the original transformation, which
// speaks up where the same cannot be said any more.
func ModerniseACLs(doc *xml.Element) (notes []string) {
	acls := doc.Descend("configuration", "acls")
	if acls == nil {
		return nil
	}
	old := acls.Children
	acls.Children = nil
	for _, n := range old {
		switch n.Name {
		case "acl_role":
			notes = append(notes, permissions(n)...)
			acls.Append(n)
		case "acl_user":
			notes = append(notes, target(acls, n)...)
		default:
			acls.Append(n)
		}
	}
	return notes
}

// target makes a user of old a target; permissions of his own become a role,
// which only he has.
func target(acls, user *xml.Element) []string {
	t := acls.Append(xml.New("acl_target", "id", user.ID()))
	own := xml.New("acl_role", "id", "auto-"+user.ID())
	for _, k := range user.Children {
		if k.Name == "role_ref" {
			t.Append(xml.New("role", "id", k.ID()))
		} else {
			own.Append(k)
		}
	}
	if len(own.Children) == 0 {
		return nil
	}
	t.Append(xml.New("role", "id", own.ID()))
	acls.Append(own)
	return permissions(own)
}

// permissions rewrites those of a role.
func permissions(role *xml.Element) (notes []string) {
	for i, k := range role.Children {
		if k.Name != "read" && k.Name != "write" && k.Name != "deny" {
			continue
		}
		p := xml.New("acl_permission", "id", k.ID(), "kind", k.Name)
		attribute, limited := k.Lookup("attribute")
		reference, byID := k.Lookup("ref")
		path, byPath := k.Lookup("xpath")
		const general = " handling generalized a bit for upgrade-1.3.xsl purposes"
		switch {
		case byID:
			p.Set("reference", reference)
			if limited {
				notes = append(notes, "ACLs: @attribute cannot accompany @ref for upgrade-1.3.xsl purposes, ignoring")
			}
		case byPath:
			if limited {
				path += "[@" + attribute + "]"
				notes = append(notes, "ACLs: @attribute (with @xpath)"+general)
			}
			p.Set("xpath", path)
		default:
			p.Set("object-type", k.Get("tag"))
			if limited {
				p.Set("attribute", attribute)
				notes = append(notes, "ACLs: @attribute (with @tag)"+general)
			}
		}
		p.Parent = role
		role.Children[i] = p
	}
	return notes
}
