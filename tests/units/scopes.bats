#!/usr/bin/env bats
# Scopes: the containers of units, as units.

load units
load ../image/registry

setup_file() {
	units_begin
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/systemctl"
	ln -s "$(command -v docker || echo "$WHERRY_BUILD/wherry")" "$SCRATCH/bin/docker"
	busybox_image
}

teardown_file() { units_end; }

setup() { PATH=$SCRATCH/bin:$PATH; }

teardown() {
	units_stop_all
	remove_all_containers
	rm -f "$UNITS"/*
	: >"$RECORD"
}

inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
id_of() { inspect "$1" .Id; }
scope_of() { echo "docker-$(id_of "$1").scope"; }
minds() { wherry logs "$1" 2>/dev/null | grep -qx minds; }
there_is() { [ "$(inspect "$1" .State.Running)" = true ]; }
no_container() { [ "$(api GET "/containers/$1/json" | jq -r .message)" = "No such container: $1" ]; }
is_unknown() { [ "$(get "/units/$1" | jq -r .Properties.LoadState)" = not-found ]; }
no_scopes() { [ -z "$(get "/units?all=1" | jq -r '.[] | select(.Type == "scope" and .LoadState == "loaded") | .Id')" ]; }
fails() { # CODE COMMAND...
	local code=$1
	shift
	run "$@"
	[ "$status" = "$code" ] || { echo "# $*: $status instead of $code: $output" >&2; return 1; }
}
said() { [[ $output == *"$1"* ]] || { echo "# no '$1' in: $output" >&2; return 1; }; }

# with NAME WORDS [LINE...]: a unit that has started a container of its name, and waits beside it.
with() {
	local name=$1 words=$2
	shift 2
	unit "$name" StartLimitIntervalSec=0 "Start=sh{$SCRATCH/bin/docker run -d --rm --stop-timeout 1 --name $name busybox $words; exec sleep 1000}" "$@"
	start "$name"
	wait_until 20 there_is "$name"
	wait_until 10 has_state "$(scope_of "$name")" active/running
	[ "$words" != "$heeds" ] || wait_until 10 minds "$name"
}

# One that minds its signal, from when it says so.
heeds="sh -c \"trap exit\\ 0 TERM; echo minds; while :; do sleep 0.1; done\""

@test "a container of a unit is a scope, in lists and on its own, for as long as it runs" {
	with web "$heeds"
	api POST "/containers/create?name=alone" '{"Image":"busybox","Cmd":["sleep","1000"]}' >/dev/null
	api POST /containers/alone/start >/dev/null
	local scope=$(scope_of web)
	run systemctl list-units --no-legend --type=scope
	expect "$(xargs <<<"$output")" "$scope loaded active running Container web (busybox) of web.service"
	systemctl list-units --no-legend --plain | grep -q "^$scope "
	expect "$(get /units | jq -r '.[] | select(.Type == "scope") | .Id')" "$scope"
	expect "$(systemctl is-active "$scope")" active
	expect "$(systemctl is-enabled "$scope")" transient
	expect "$(systemctl show "$scope" -p Slice,Transient,LoadState,UnitFileState | sort | paste -sd' ')" \
		"LoadState=loaded Slice=system.slice Transient=yes UnitFileState=transient"
	[ "$(systemctl show "$scope" -p TasksCurrent --value)" -ge 1 ]
	fails 1 systemctl cat "$scope"
	said "No files found for $scope: it is transient"
	fails 1 systemctl set-property "$scope" TasksMax=9
	said "docker update"
	stop web
	no_container web
	wait_until 10 is_unknown "$scope"
	fails 5 systemctl start "$scope"
	fails 4 systemctl status "$scope"
}

@test "status of a scope has the container's processes" {
	with web "$heeds"
	local scope=$(scope_of web)
	run systemctl status --no-pager "$scope"
	[ "$status" = 0 ]
	said "● $scope - Container web (busybox) of web.service"
	said "     Loaded: loaded"
	said "  Transient: yes"
	said "     Active: active (running) since "
	said "     CGroup: /system.slice/web.service/container-$(id_of web)"
	said "─$(inspect web .State.Pid) sh -c"
}

@test "it cannot be started, restarted or reloaded" {
	with web "$heeds"
	local scope=$(scope_of web) verb
	for verb in start restart reload; do
		fails 3 systemctl "$verb" "$scope"
		said "Job type $verb is not applicable for unit $scope."
	done
	expect "$(state "$scope")" active/running
}

@test "a stop is the container's: it may heed it, or is killed, and then the scope has failed" {
	with web "$heeds"
	with deaf "sleep 1000"
	local scope=$(scope_of web) deaf=$(scope_of deaf)
	systemctl stop "$scope"
	no_container web
	wait_until 10 is_unknown "$scope"
	expect "$(state web)" active/running # its own process has not gone
	systemctl stop "$deaf"
	no_container deaf
	expect "$(state "$deaf")" failed/failed
	expect "$(result "$deaf")" timeout
	systemctl --failed --no-legend | grep -q "$deaf"
	systemctl reset-failed "$deaf"
	wait_until 10 is_unknown "$deaf"
}

@test "a signal is for all processes of the container" {
	with web "sh -c \"trap : USR1; (trap exit\\ 0 USR1; touch /tmp/in/ready; while :; do sleep 0.1; done); touch /tmp/in/over; while :; do sleep 0.1; done\"" || true
	skip_nothing=1
	local scope=$(scope_of web)
	fails 1 systemctl kill --kill-whom=main "$scope"
	said "Scope units have no main processes"
	systemctl kill -s KILL "$scope"
	wait_until 10 no_container web
	wait_until 10 is_unknown "$scope"
}

@test "when its unit has gone without it, a scope is abandoned; it can be stopped still" {
	with left "$heeds" KillMode=process
	local scope=$(scope_of left)
	stop left
	expect "$(state left)" inactive/dead
	there_is left
	comes_to "$scope" active/abandoned
	systemctl list-units --no-legend --plain | grep -qE "^$scope +loaded +active +abandoned "
	systemctl stop "$scope"
	no_container left
	wait_until 10 is_unknown "$scope"
}

@test "what a killed daemon knew of scopes the next one knows" {
	with web "$heeds"
	with left "$heeds" KillMode=process
	local scope=$(scope_of web) left=$(scope_of left) since
	stop left
	comes_to "$left" active/abandoned
	since=$(property "$scope" ActiveEnterTimestampUSec)
	daemon_kill
	units_daemon
	comes_to "$scope" active/running
	comes_to "$left" active/abandoned
	expect "$(property "$scope" ActiveEnterTimestampUSec)" "$since"
	expect "$(get /units | jq -r '.[] | select(.Type == "scope") | .Id' | wc -l)" 2
	systemctl stop "$left"
	wait_until 10 is_unknown "$left"
	no_container left
}

@test "a container that restarts is its scope again; nothing of those that have gone stays" {
	unit often Restart=always RestartSec=10ms StartLimitIntervalSec=0 "Start=/usr/bin/docker run --rm --name often busybox true"
	start often
	wait_until 60 eval '[ "$(property often NRestarts)" -ge 5 ]'
	stop often
	wait_until 10 no_scopes
}

@test "the container of a container file is one, too; frozen it is paused, and a stop need not wait for it" {
	printf '[Container]\nImage=busybox\nStopTimeout=1\nExec=sleep 1000\n' >"$UNITS/file.container"
	start file
	local scope=$(scope_of systemd-file)
	wait_until 10 has_state "$scope" active/running
	systemctl freeze "$scope"
	expect "$(inspect systemd-file .State.Status)" paused
	expect "$(systemctl show "$scope" -p FreezerState --value)" frozen
	systemctl freeze "$scope"
	systemctl thaw "$scope"
	expect "$(inspect systemd-file .State.Status)" running
	systemctl freeze "$scope"
	stop file
	expect "$(state file)" inactive/dead
	no_container systemd-file
	wait_until 10 is_unknown "$scope"
}
