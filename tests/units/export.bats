#!/usr/bin/env bats
# Units as files for the host's systemd: of a daemon's units, read by systemd's own checker where it is installed.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }
setup() {
	UNITS=$SCRATCH/units OUT=$SCRATCH/out
	rm -rf "$UNITS"/* "$OUT"
}

export_units() { "$WHERRY_BUILD/wherry" -H "unix://$SOCKET" unit export --output "$OUT" "$@"; }

# Not ours: what systemd wants to find beside them.  Its checker reads OUT alone besides the system's folders.
accepted_by_systemd() {
	local problems
	[ -n "$(command -v systemd-analyze)" ] || return 0
	printf '[Service]\nExecStart=/bin/sleep 1000\n' >"$OUT/wherry.service"
	problems=$(cd "$OUT" && SYSTEMD_UNIT_PATH=$OUT: systemd-analyze verify --man=no "$@" 2>&1) || {
		echo "$problems" >&2
		return 1
	}
	! grep -F "$OUT" <<<"$problems" >&2
}

@test "a server and its proxy: the files as they are, our service for docker's" {
	cp "$BATS_TEST_DIRNAME"/fixtures/sqlite{server,proxy}.service "$UNITS"
	mkdir "$UNITS/sqliteproxy.service.d"
	printf '[Service]\nNice=3\n' >"$UNITS/sqliteproxy.service.d/10-nice.conf"
	reload
	export_units --recursive sqliteproxy
	expect "$(cd "$OUT" && find . -type f | sort | paste -sd' ')" \
		"./sqliteproxy.service ./sqliteproxy.service.d/10-nice.conf ./sqliteproxy.service.d/50-wherry.conf ./sqliteserver.service ./sqliteserver.service.d/50-wherry.conf"
	grep -qxF "Environment=DOCKER_HOST=unix://$SOCKET" "$OUT/sqliteserver.service.d/50-wherry.conf"
	expect "$(grep -cx -e After=wherry.service -e Requires=wherry.service "$OUT/sqliteserver.service")" 2
	# nothing else is different
	expect "$(sed 1d "$OUT/sqliteserver.service" | diff - "$UNITS/sqliteserver.service" | grep -vE 'wherry|docker' | grep -c '^[<>]')" 0
	accepted_by_systemd sqliteproxy.service sqliteserver.service
}

@test "containers, an instance, a timer: what systemd makes of them is what was said" {
	printf '[Unit]\nDescription=Box %%i\n[Container]\nImage=busybox\nExec=sh -c "echo 5%%%% \\"$A\\"; sleep 9"\n[Service]\nEnvironment=A=b\n' \
		>"$UNITS/box@.container"
	printf '[Timer]\nOnBootSec=1h\nUnit=box@1.service\n' >"$UNITS/tick.timer"
	reload
	export_units --recursive tick.timer
	[ -f "$OUT/box@.service" ]
	[ ! -e "$OUT/box@1.service" ]
	grep -q '^ExecStart=/.*wherry run --rm --name=systemd-box_1 busybox sh -c "' "$OUT/box@1.service.d/50-wherry.conf"
	grep -qF 'echo 5%%' "$OUT/box@1.service.d/50-wherry.conf"
	accepted_by_systemd box@1.service tick.timer
}

@test "a unit that runs here is exported, and that is said: two supervisors must not run it" {
	unit box Start=Z
	reload
	run export_units box
	[ "$status" = 0 ]
	[[ $output != *"is active here"* ]]
	start box
	run export_units box
	[ "$status" = 0 ]
	[[ $output == *"box.service: is active here: stop it before systemd starts it, too"* ]]
	stop box
}

@test "what cannot be exported is named, and nothing is written" {
	printf '[Container]\nImage=x\n' >"$UNITS/each@.container"
	ln -s /dev/null "$UNITS/masked.service"
	reload
	run export_units docker.service
	[ "$status" = 1 ]
	[[ $output == *"docker.service: it is built in"* ]]
	run export_units masked
	[ "$status" = 1 ]
	[[ $output == *"masked.service: it is masked"* ]]
	run export_units nowhere
	[ "$status" = 1 ]
	[[ $output == *"nowhere.service: there is no such unit"* ]]
	run export_units each@
	[ "$status" = 1 ]
	[[ $output == *"each@.service: a template with a [Container]"* ]]
	[ ! -e "$OUT" ]
}
