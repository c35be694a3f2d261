# Records that another version has written, and a host that was started anew.

load ../lib/wherry

setup() {
	scratch_begin
}

teardown() {
	daemon_stop
	scratch_end
}

# refused WORDS: the daemon does not come up, and says why.
refused() {
	refuted daemon_start 2>/dev/null
	rm -f "$SCRATCH/daemon"
	grep -q "$1" "$SCRATCH/wherryd.log" || { tail -5 "$SCRATCH/wherryd.log" >&2; return 1; }
}

state_is() { [ "$(api GET "/containers/$1/json" | jq -r .State.Status)" = "$2" ]; }

# Without removing its containers.
daemon_stop_only() {
	local pid
	pid=$(cat "$SCRATCH/daemon")
	kill -TERM "$pid"
	wait_until 20 has_ended "$pid"
}

@test "a state.db of a newer version is refused by its number" {
	daemon_start
	daemon_stop_only
	python3 - "$SCRATCH/data/state.db" <<'PY'
import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version = 9").connection.commit()
PY
	refused "schema 9, this one knows 2"
}

@test "a state.db of an older version is brought up to date, with all that it holds" {
	daemon_start
	busybox_image
	api POST '/containers/create?name=kept' '{"Image":"busybox"}' >/dev/null
	daemon_stop_only
	python3 - "$SCRATCH/data/state.db" <<'PY'
import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript("DROP TABLE document; PRAGMA user_version = 1")
PY
	daemon_start
	state_is kept created
	curl -sS --unix-socket "$SOCKET" -X PUT -H 'Content-Type: application/json' -d '{"Model":{},"Style":"v2","Directory":"/p"}' \
		http://wherry/wherry/v1/projects/shop | jq -e '.Revision == 1'
}

@test "a reboot ends what ran, and says so" {
	daemon_start
	busybox_image
	api POST '/containers/create?name=up' '{"Image":"busybox","Cmd":["sleep","1000"]}' >/dev/null
	api POST /containers/up/start
	local pid
	pid=$(api GET /containers/up/json | jq .State.Pid)
	daemon_kill
	kill -KILL $(ps -o ppid= -p "$pid") "$pid"
	rm -rf "$SCRATCH/run/c" "$SCRATCH/run/e"
	daemon_start
	state_is up exited
	[ "$(api GET /containers/up/json | jq .State.ExitCode)" = 255 ]
	find /sys/fs/cgroup -depth -path "*/wt${SCRATCH##*.}/c/*" -type d -exec rmdir {} + 2>/dev/null || true
}

# What a child on its way to its program has of the daemon's descriptors, it has for longer on a busy host.
@test "what a killed daemon had may be held for a moment more" {
	daemon_start
	daemon_kill
	mkfifo "$SCRATCH/held"
	python3 - "$SOCKET" "$SCRATCH/held" "$SCRATCH/data/lock" "$SCRATCH/run/wherryd.lock" <<'PY' &
import fcntl, os, socket, sys, time
locks = [open(name) for name in sys.argv[3:]]
for lock in locks:
    fcntl.flock(lock, fcntl.LOCK_EX)
os.unlink(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
open(sys.argv[2], "w").write("held\n")
time.sleep(0.3)
PY
	read -r _ <"$SCRATCH/held"
	daemon_start
	[ "$(api GET /_ping)" = OK ]
}
