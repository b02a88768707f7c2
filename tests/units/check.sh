#!/bin/bash
# The systemd units: that systemd knows all that they say, and how exposed they leave a daemon.
#
#   tests/units/check.sh BUILD
#
# The units are those of the build, with their programs looked for in BUILD/bin.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-build}
[[ $build == /* ]] || build=$root/$build
units=(bulkhead-routerd.service bulkhead-keyd.service bulkhead-authd.service bulkhead-dirsyncd.service
	bulkhead-c2sd@.service bulkhead-s2sd@.service bulkhead-snmp.service bulkhead-metrics.service)
most_exposed=15	# in tenths
passed=0
failed=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check()
{
	local name=$1
	shift
	if "$@" > "$work/output" 2>&1; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "FAIL $name"
	sed 's/^/     /' "$work/output"
}

# Copies the units, with the programs of the build.
copy_units()
{
	local unit
	cp "$build"/etc/systemd/bulkhead.target "$work/" || return 1
	for unit in "${units[@]}"; do
		sed "s|^ExecStart=[^ ]*/|ExecStart=$build/bin/|" "$build/etc/systemd/$unit" \
			> "$work/$unit" || return 1
	done
}

# A key that is not known is only a warning to systemd, and an error to us.
verify()
{
	systemd-analyze verify --man=no "$1" 2>&1 | grep -F "$work" > "$work/said"
	! grep -E 'Unknown (key|section)|Failed|[Ii]nvalid|not executable|No such' "$work/said"
}

exposure()
{
	systemd-analyze security --offline=true --threshold="$most_exposed" "$1" > "$work/table" 2>&1 &&
		return
	grep -E 'Overall' "$work/table"
	return 1
}

# What verify() is for: a unit with a mistyped key must not pass.
notices_mistakes()
{
	sed 's/^ProtectHome=/ProtectHouse=/' "$work/bulkhead-authd.service" > "$work/wrong.service"
	! verify "$work/wrong.service" > /dev/null
}

# The units stand for a program and a user that exist.
has_program() { [ -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$1")" ]; }
has_user()
{
	local user
	user=$(sed -n 's/^User=//p' "$1")
	[ -z "$user" ] || grep -q "^u $user " "$root/etc/sysusers.d/bulkhead.conf"
}

sysusers() { systemd-sysusers --dry-run "$root/etc/sysusers.d/bulkhead.conf"; }

check "the units of $build" copy_units
check "a mistyped key is noticed" notices_mistakes
check "bulkhead.target is understood" verify "$work/bulkhead.target"
check "sysusers.d/bulkhead.conf is understood" sysusers
for unit in "${units[@]}"; do
	check "$unit is understood" verify "$work/$unit"
	check "$unit is exposed by at most $most_exposed tenths" exposure "$work/$unit"
	check "$unit has a program" has_program "$work/$unit"
	check "$unit has a user" has_user "$work/$unit"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
