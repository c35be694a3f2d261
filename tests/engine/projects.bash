# What the tests of projects share.

load ../lib/wherry
load ../engine/life

setup() {
	scratch_begin
	mkdir "$SCRATCH/programs"
	ln -s "$WHERRY_BUILD"/wherry-{shim,worker,network,init} "$SCRATCH/programs/"
	cat >"$SCRATCH/programs/wherry" <<EOF
#!/bin/bash
SCRATCH=$SCRATCH SOCKET=$SOCKET
echo \$\$ >>"$SCRATCH/commands"
echo "\$* at \$WHERRY_HOST" >>"$SCRATCH/calls"
. "$SCRATCH/behave"
EOF
	chmod +x "$SCRATCH/programs/wherry"
	: >"$SCRATCH/calls" >"$SCRATCH/commands"
	behave 'exit 0'
}

teardown() {
	local pid
	daemon_stop
	while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done <"$SCRATCH/commands"
	scratch_end
}

again() { daemon_start --program-folder "$SCRATCH/programs" "$@"; }
up() { again && busybox_image; }

# behave COMMANDS: what the command does from now on; it has `ask METHOD PATH` and `start NAME`.
behave() {
	cat >"$SCRATCH/behave.new" <<'EOF'
ask() { curl -sS --unix-socket "$SOCKET" -X "$1" "http://wherry$2"; }
start() { ask POST "/v1.47/containers/$1/start"; }
EOF
	printf '%s\n' "$1" >>"$SCRATCH/behave.new"
	mv "$SCRATCH/behave.new" "$SCRATCH/behave"
}
calls() { wc -l <"$SCRATCH/calls"; }
has_calls() { [ "$(calls)" = "$1" ]; }
logged() { grep -q -- "$1" "$SCRATCH/wherryd.log"; }

# own METHOD PATH [JSON]: as `api`, for what is ours.
own() { daemon_request "$1" "/wherry/v1$2" ${3+"$3"}; }
# record NAME [MODEL]: the revision.
record() {
	own PUT "/projects/$1" "{\"Files\":[{\"Path\":\"/p/compose.yaml\",\"Text\":\"services: {}\\n\"}],\"Model\":${2-{\}},\"Style\":\"v2\",\"Directory\":\"/p\"}" >/dev/null
	expect_status 200 && jq .Revision "$SCRATCH/body"
}
due() { own GET "/projects/$1" | jq -r '.Due | length'; }

# member NAME PROJECT POLICY [LABEL]: a container that runs.
member() {
	run_container "$1" "$sleeper,\"Labels\":{\"com.docker.compose.project\":\"$2\"${4+,$4}},\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"$3\"}}" >/dev/null
}
runs() { inspects "$1" .State.Running true; }
all_run() { local name; for name in "$@"; do runs "$name" || return 1; done; }
started_at() { inspect "$1" .State.StartedAt; }

# The host goes down and comes up, but for the daemon.
host_down() {
	local pid pids
	pids=$(api GET /containers/json | jq -r '.[].Id' | while read -r id; do inspect "$id" .State.Pid; done)
	daemon_kill
	for pid in $pids; do kill -KILL "$(ps -o ppid= -p "$pid" | tr -d ' ')" "$pid" 2>/dev/null || true; done
	rm -rf --one-file-system "${SCRATCH:?}/run/"*
}
host_anew() { host_down && again; }
