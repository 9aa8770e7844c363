#!/bin/sh
# pacemaker 2.1.5: an acl_group in the CIB holds for users that stand in the
# group's list of members, and not for those whose own (primary) group it is,
# although both may connect to the cluster as members of haclient. So a user made
# with `useradd -g haclient` can reach the CIB, but "has no ACLs" and sees nothing
# of it, while one made with `useradd -G haclient` and the same acl_group reads it.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), with a file:
#   cibadmin -Q -U listed     exit status 0, the document
#   cibadmin -Q -U primary    exit status 4, "Permission denied"
# Ends with 0 while it is still so. Needs root (a mount namespace in which
# /etc/passwd and /etc/group are others), apt and dpkg.
set -eu
version=2.1.5-1+deb12u1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
family="pacemaker-cli-utils pacemaker-common libcib27 libcrmcluster29 libcrmcommon34 libcrmservice28 liblrmd28 libpacemaker1 libpe-rules26 libpe-status28 libstonithd26"
others="libqb100 libcpg4 libcfg7 libcmap4 libquorum5 libcorosync-common4 libxslt1.1 libxml2 libicu72 libgnutls30 libglib2.0-0 libdbus-1-3"
want=
for p in $family; do want="$want $p=$version"; done
# shellcheck disable=SC2086
apt-get download -qq $want $others >/dev/null
for f in *.deb; do dpkg -x "$f" root; done
lib="$dir/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0">
 <configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="a" name="enable-acl" value="true"/></cluster_property_set></crm_config>
  <nodes/><resources/><constraints/>
  <acls>
   <acl_group id="haclient"><role id="reader"/></acl_group>
   <acl_role id="reader"><acl_permission id="p" kind="read" xpath="/cib"/></acl_role>
  </acls>
 </configuration>
 <status/>
</cib>
X
printf 'root:x:0:0::/root:/bin/sh\nhacluster:x:189:189::/:/bin/false\nlisted:x:1001:1001::/:/bin/sh\nprimary:x:1002:189::/:/bin/sh\n' > passwd
printf 'root:x:0:\nhaclient:x:189:listed\nlisted:x:1001:\n' > group
ask() {
	unshare -m sh -c "mount --bind '$dir/passwd' /etc/passwd && mount --bind '$dir/group' /etc/group &&
		LD_LIBRARY_PATH='$lib' PCMK_schema_directory='$dir/root/usr/share/pacemaker' CIB_file='$dir/cib.xml' '$dir/root/usr/sbin/cibadmin' -Q -U $1" >out 2>&1 && status=0 || status=$?
	echo "$1: exit status $status, $(head -n 1 out | cut -c 1-60)"
}
ask listed
[ "$status" = 0 ] && grep -q '<acl_group' out || { echo "not as it was"; exit 1; }
ask primary
[ "$status" = 4 ] && grep -q 'Permission denied' out || { echo "not as it was"; exit 1; }
echo "as described: the primary group does not count"
