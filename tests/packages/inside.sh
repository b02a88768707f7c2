#!/bin/bash
# The steps of check.sh within the bare system, each by its name.
set -eu -o pipefail

not() { ! "$@"; }

# Wherever a package asks, systemd seems to run: what systemctl is asked for is written down, and done only to links.
pretend_systemd()
{
	dpkg-divert --quiet --local --rename --divert /bin/systemctl.real --add /bin/systemctl
	cat > /bin/systemctl <<-'STUB'
	#!/bin/sh
	echo "$*" >> /systemctl.log
	case "$*" in
	*preset* | *enable*) exec systemctl.real --root=/ "$@" ;;
	esac
	STUB
	chmod 755 /bin/systemctl
	mkdir -p /run/systemd/system
}

prepares()
{
	printf '#!/bin/sh\ncase $1 in bulkhead*) exit 0 ;; esac\nexit 101\n' > /usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends dpkg-dev systemd > /dev/null
	(cd /packages && dpkg-scanpackages . > Packages)
	echo 'deb [trusted=yes] file:/packages ./' > /etc/apt/sources.list.d/bulkhead.list
	apt-get update -qq
	pretend_systemd
}

asked() { grep -qxF -- "$1" /systemctl.log; }
asked_to() { grep -E "(^| )$1 .*bulkhead" /systemctl.log; }

# As from an archive: what nobody asks for is not installed.
installs()
{
	apt-get install -y --no-install-recommends bulkhead
	asked '--system daemon-reload'
	not asked_to '(start|restart|stop)'
}

has_users()
{
	local user
	for user in routerd keyd c2sd s2sd authd dirsyncd snmp metrics; do
		getent passwd "bulkhead-$user"
	done
	getent group bulkhead-tls
	getent group bulkhead-sign
	getent group bulkhead-admin
	getent group bulkhead-monitor
	[ "$(stat -c %U:%a /var/lib/bulkhead)" = root:755 ]
}

has_units()
{
	local unit
	for unit in bulkhead.target bulkhead-routerd.service bulkhead-keyd.service bulkhead-authd.service bulkhead-c2sd@.service \
		bulkhead-s2sd@.service; do
		test -f "/usr/lib/systemd/system/$unit" || test -f "/lib/systemd/system/$unit"
	done
	# An administrator says what it serves before anything starts.
	not test -e /etc/systemd/system/multi-user.target.wants/bulkhead.target
}

without_directory()
{
	not dpkg -s bulkhead-dirsyncd 2> /dev/null
	not command -v bulkhead-dirsyncd
}

wait_for()
{
	local n
	for n in $(seq 1200); do
		! grep -q "$2" "$1" || return 0
		sleep 0.05
	done
	cat "$1"
	return 1
}

runs()
{
	local port=$((20000 + RANDOM % 10000)) pid
	bulkhead init /srv/chat --domain example.org --c2s "127.0.0.1:$port" --s2s "127.0.0.1:$((port + 1))"
	bulkhead run /srv/chat > /tmp/run.log 2>&1 &
	pid=$!
	wait_for /tmp/run.log '^bulkhead: ready'
	echo wonderland-1 | bulkheadctl -d /srv/chat user add alice@example.org --password-stdin
	bulkheadctl -d /srv/chat user list | grep alice@example.org
	bulkheadctl -d /srv/chat status
	kill "$pid"
	wait "$pid"
}

# etc/oci: what its entry point does, with its two settings.
runs_as_a_container()
{
	local pid
	export BULKHEAD_DATA=/srv/container
	not /entrypoint
	# An account that cannot be made is no success, and is made the next time.
	export BULKHEAD_DOMAIN=example.org
	BULKHEAD_ADMIN='a b@example.org' not timeout 60 /entrypoint > /tmp/container.log 2>&1
	grep 'the account a b@example.org could not be made' /tmp/container.log
	not grep 'made the account' /tmp/container.log
	export BULKHEAD_ADMIN=me@example.org
	echo nonsense >> /srv/container/bulkhead.conf
	not timeout 60 /entrypoint
	sed -i '$d' /srv/container/bulkhead.conf
	/entrypoint > /tmp/container.log 2>&1 &
	pid=$!
	wait_for /tmp/container.log 'made the account me@example.org with the password'
	bulkheadctl -d /srv/container user list | grep me@example.org
	kill "$pid"
	wait "$pid"
	# The second time it is there already.
	/entrypoint > /tmp/container.log 2>&1 &
	pid=$!
	wait_for /tmp/container.log '^bulkhead: ready'
	not grep 'made the account' /tmp/container.log
	kill "$pid"
	wait "$pid"
}

adds_directory()
{
	apt-get install -y -qq --no-install-recommends bulkhead-dirsyncd
	command -v bulkhead-dirsyncd
}

# Those who watch: none is forced on anybody, each is one package.
adds_watchers()
{
	not command -v bulkhead-snmp
	not command -v bulkhead-metrics
	apt-get install -y -qq --no-install-recommends bulkhead-snmp bulkhead-metrics monitoring-plugins-bulkhead
	command -v bulkhead-snmp
	command -v bulkhead-metrics
	test -f /usr/share/snmp/mibs/BULKHEAD-MIB.txt
	test -x /usr/lib/nagios/plugins/check_bulkhead
}

names() { dpkg-query -W -f '${Package}\n' 'bulkhead*' monitoring-plugins-bulkhead; }

# One package over the other: systemd learns of new units, whoever runs goes on, and what is enabled does not change.
upgrades()
{
	systemctl enable bulkhead.target bulkhead-dirsyncd.service bulkhead-c2sd@2.service
	rm /systemctl.log
	apt-get install -y -qq --reinstall $(names) | tee /tmp/upgrade.log
	grep 'bulkheadctl restart' /tmp/upgrade.log
	[ "$(grep -cxF -- '--system daemon-reload' /systemctl.log)" -ge 9 ]
	not asked_to '(restart|try-restart|stop|enable|disable)'
	test -L /etc/systemd/system/bulkhead.target.wants/bulkhead-dirsyncd.service
	test -L /etc/systemd/system/bulkhead.target.wants/bulkhead-c2sd@2.service
	asked '--quiet --system start bulkhead.target'
	not grep -E ' start .*(routerd|snmp)' /systemctl.log
}

removes()
{
	local unit
	rm /systemctl.log
	apt-get remove -y -qq $(names)
	not command -v bulkhead-routerd
	not command -v bulkheadctl
	for unit in bulkhead.target bulkhead-{routerd,keyd,authd,dirsyncd,snmp,metrics}.service 'bulkhead-c2sd@*.service' \
		'bulkhead-s2sd@*.service'; do
		asked "stop $unit"
	done
	[ "$(tail -n 1 /systemctl.log)" = '--system daemon-reload' ]
	mkdir -p /var/lib/bulkhead/routerd /run/bulkhead
	touch /var/lib/bulkhead/routerd/router.db
	test -d /var/lib/bulkhead
	test -L /etc/systemd/system/bulkhead.target.wants/bulkhead-c2sd@2.service
}

purges()
{
	apt-get purge -y -qq $(names)
	[ -z "$(dpkg-query -W -f '${db:Status-Status}\n' 'bulkhead*' 2> /dev/null | grep -v not-installed)" ]
	not test -e /var/lib/bulkhead
	not test -e /run/bulkhead
	find /etc /usr /var -name '*bulkhead*' -not -path '/var/lib/apt/*' -not -path '/var/cache/*' \
		-not -path '/var/log/*' -not -path /etc/apt/sources.list.d/bulkhead.list | not grep .
}

"$1"
