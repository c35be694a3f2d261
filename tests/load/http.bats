#!/usr/bin/env bats
# Bodies of gigabytes and clients that do not read, against the real daemon: its memory stays flat.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
}

teardown_file() {
	daemon_stop
	scratch_end
}

teardown() { [ -z "${CLIENTS-}" ] || kill "${CLIENTS[@]}" 2>/dev/null || true; }

peak_kb() { awk '/^VmHWM/ {print $2}' "/proc/$DAEMON/status"; }
upload() { curl -sS --max-time 120 --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' "$@"; }

@test "an upload of a gigabyte passes the daemon by" {
	truncate -s 1G "$SCRATCH/big"
	local before after
	before=$(peak_kb)
	tar -C "$SCRATCH" -c big | upload -T - "http://x/v1.47/images/create?fromSrc=-&repo=big" >"$SCRATCH/answer"
	after=$(peak_kb)
	grep -q sha256: "$SCRATCH/answer"
	echo "# $before kB, afterwards $after kB"
	[ $((after - before)) -lt 3000 ]
	api DELETE "/images/big:latest"
}

@test "a gigabyte that is no archive is refused, and its sender hears why" {
	head -c 1000000000 /dev/zero | upload -T - "http://x/v1.47/images/load" >"$SCRATCH/answer"
	[ -s "$SCRATCH/answer" ]
	[ "$(api GET /_ping)" = OK ]
}

@test "50 clients of events that never read do not make the daemon grow" {
	local i before after
	CLIENTS=()
	mkfifo "$SCRATCH/stuck"
	exec 9<>"$SCRATCH/stuck"
	for i in {1..50}; do
		curl -sSN --unix-socket "$SOCKET" http://x/events >&9 3>&- &
		CLIENTS+=($!)
	done
	before=$(peak_kb)
	for i in {1..100}; do
		api POST /volumes/create "{\"Name\":\"v$i\"}" >/dev/null
		api DELETE "/volumes/v$i"
	done
	after=$(peak_kb)
	exec 9>&-
	echo "# $before kB, afterwards $after kB"
	[ $((after - before)) -lt 3000 ]
}
