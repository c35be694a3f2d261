#!/usr/bin/env bats
# `wherry-shim daemon`: a shell script is the daemon that dies, and is run again.

load ../lib/wherry

setup() {
	scratch_begin
	mkfifo "$SCRATCH/events"
	exec 7<>"$SCRATCH/events"
	SUPERVISOR=
}

teardown() {
	[ -z "$SUPERVISOR" ] || kill -KILL "$SUPERVISOR" 2>/dev/null || true
	exec 7<&-
	scratch_end
}

# supervise COUNT SCRIPT: the script's output are the events.
supervise() {
	printf '#!/bin/sh\n%s\n' "$2" >"$SCRATCH/daemon"
	chmod +x "$SCRATCH/daemon"
	wherry-shim daemon "$1" "$SCRATCH/daemon" argument >"$SCRATCH/events" 2>>"$SCRATCH/log" 3</dev/null 4</etc/hosts &
	SUPERVISOR=$!
}

next_event() {
	EVENT=
	read -rt 20 EVENT <&7
}

@test "the daemon gets its arguments, its sockets and their number" {
	supervise 2 'echo "$1 $LISTEN_FDS $WHERRY_SUPERVISED $([ "$LISTEN_PID" = $$ ] && echo mine) $(readlink /proc/self/fd/4)"'
	next_event
	[ "$EVENT" = "argument 2 1 mine /etc/hosts" ]
	wait "$SUPERVISOR"
}

@test "one that is killed is run again, the sockets still open" {
	supervise 2 'echo "$$ $(readlink /proc/self/fd/4)"; exec sleep 1000'
	next_event
	local first=${EVENT% *}
	kill -KILL "$first"
	next_event
	[ "${EVENT% *}" != "$first" ]
	[ "${EVENT#* }" = /etc/hosts ]
	kill -TERM "$SUPERVISOR"
	run wait "$SUPERVISOR"
}

@test "exit code 0 ends both" {
	supervise 0 'echo run'
	next_event
	wait "$SUPERVISOR"
}

@test "a first run that fails at once is a mistake of the settings: its code is ours" {
	supervise 0 'echo run; exit 3'
	next_event
	local code=0
	wait "$SUPERVISOR" || code=$?
	[ "$code" = 3 ]
}

@test "TERM ends the daemon by TERM, and both" {
	supervise 0 'trap "echo terminated; exit 5" TERM; trap "echo reload" HUP; echo run; while :; do sleep 0.05; done'
	next_event
	kill -HUP "$SUPERVISOR"
	next_event
	[ "$EVENT" = reload ]
	kill -TERM "$SUPERVISOR"
	next_event
	[ "$EVENT" = terminated ]
	local code=0
	wait "$SUPERVISOR" || code=$?
	[ "$code" = 5 ]
}

@test "what our parent ignored, as nohup does, reaches the daemon all the same" {
	trap '' HUP
	supervise 0 'trap "echo reload" HUP; echo run; while :; do sleep 0.05; done'
	trap - HUP
	next_event
	kill -HUP "$SUPERVISOR"
	next_event
	[ "$EVENT" = reload ]
}

@test "a daemon that dies again and again is waited for longer each time" {
	local started=${EPOCHREALTIME/./}
	supervise 0 'echo $$; kill -KILL $$'
	next_event; next_event; next_event; next_event
	# 100, 200 and 400 ms
	[ $((${EPOCHREALTIME/./} - started)) -ge 700000 ]
	kill -TERM "$SUPERVISOR"
	wait "$SUPERVISOR" || true
}
