#!/bin/bash
# The Debian packages: they build, lintian finds no error, and on a bare Debian 12 they can be installed, run
# a server, and be removed without a trace.
#
#   tests/packages/check.sh [FOLDER]	FOLDER keeps the packages; root only (debootstrap)
#
# The bare system is a folder, entered in name spaces of its own: its mounts and processes end with it.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d /tmp/bh-packages-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
passed=0
failed=0

check()
{
	local name=$1
	shift
	if "$@" > "$work/output" 2>&1; then
		passed=$((passed + 1))
		return 0
	fi
	failed=$((failed + 1))
	echo "FAIL $name"
	tail -n 40 "$work/output" | sed 's/^/     /'
	return 1
}

finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

build()
{
	mkdir "$work/source" &&
		git -C "$root" ls-files -coz --exclude-standard | tar -C "$root" --null -T - -c | tar -C "$work/source" -x &&
		(cd "$work/source" && dpkg-buildpackage -b -us -uc)
}

lintian_finds_nothing()
{
	lintian --allow-root --fail-on error "$work"/bulkhead_*.changes
}

make_root()
{
	debootstrap --variant=minbase bookworm "$work/root" "$mirror" &&
		cp /etc/resolv.conf "$work/root/etc/" &&
		mkdir "$work/root/packages" && cp "$work"/*.deb "$work/root/packages/" &&
		rm -f "$work/root"/packages/*-dbgsym_*.deb &&
		cp "$root/tests/packages/inside.sh" "$root/etc/oci/entrypoint" "$work/root/"
}

# Runs one step of inside.sh in the bare system.
inside()
{
	unshare --mount --pid --ipc --uts --fork bash -c '
		mount --make-rprivate / && mount -t proc proc "$0/proc" && mount -t devtmpfs devtmpfs "$0/dev" 2>/dev/null ||
			mount --bind /dev "$0/dev"
		exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
			bash /inside.sh "$1"' "$work/root" "$1"
}

check "the packages build" build || finish
check "lintian finds no error" lintian_finds_nothing
[ $# -eq 0 ] || { mkdir -p "$1" && cp "$work"/*.deb "$1"; }
check "a bare system is made" make_root || finish
for step in prepares installs has_users has_units without_directory runs runs_as_a_container adds_directory adds_watchers \
	upgrades removes purges; do
	check "a bare system: $step" inside "$step"
done
finish
