#!/usr/bin/env bats
# Two daemons that were told one exec root, each with a data root of its own: the second is refused, whoever it is
# and whoever starts it, and takes nothing from the first.

load ../lib/wherry
load life

setup_file() {
	[ "$EUID" = 0 ] || return 0
	scratch_begin
}
teardown_file() { [ "$EUID" != 0 ] || scratch_end; }
setup() { [ "$EUID" = 0 ] || skip "needs root: namespaces, mounts, control groups"; }
teardown() { daemon_stop; }

# What belongs to the daemon $WHO alone; the rest is of both.
daemon_flags() {
	printf '%s\n' --data-root "$SCRATCH/$WHO" --exec-root "$SCRATCH/run" -H "unix://$SCRATCH/$WHO.sock" \
		--bridge "$BRIDGE" --bip "$SUBNET.1/24" --cgroup-parent "/wt${SCRATCH##*.}" --config-file "$SCRATCH/wherry.json"
}

# begin NAME: the daemon that is spoken to from now on.
begin() {
	WHO=$1 SOCKET=$SCRATCH/$1.sock
	daemon_start
}

# refused NAME [FLAG...]: this one comes second, and leaves no socket.
refused() {
	local flags second=$1
	mapfile -t flags < <(WHO=$second daemon_flags)
	shift
	run timeout 20 "${LAUNCHER[@]}" wherryd "${flags[@]}" "$@"
	[ "$status" = 1 ] && [[ $output == *"another daemon uses '$SCRATCH/run'"* ]] || { echo "# $status: $output" >&2; return 1; }
	[ ! -e "$SCRATCH/$second.sock" ]
}

# Each file of the exec root, and who it is that the pidfile names.
exec_root() {
	find "$SCRATCH/run" -printf '%P %i %m %U:%G\n' | sort
	cat "$SCRATCH/run/wherryd.pid"
}

# begin_with_container NAME: its container is `kept`, whose process is $pid; the exec root is as $before says.
begin_with_container() {
	begin "$1"
	api GET /images/busybox/json >/dev/null
	[ "$(api_status)" = 200 ] || busybox_image
	run_container kept "$sleeper" >/dev/null
	pid=$(inspect kept .State.Pid)
	before=$(exec_root)
}

# The first daemon has all that it had, and its container is the same.
goes_on() {
	diff <(echo "$before") <(exec_root)
	[ "$(api GET /_ping)" = OK ]
	inspects kept .State.Pid "$pid"
}

first_of() {
	local before pid
	begin_with_container "$1"
	refused "$2" --no-supervisor
	goes_on
	exec_says kept '["echo","still here"]' "still here"
	api POST /containers/kept/stop
	inspects kept '"\(.State.Status) \(.State.ExitCode)"' "exited 0"
}

@test "the second daemon in an exec root is refused by name, and nothing of the first is touched" { first_of one two; }
@test "the same the other way round, for the root is free when its daemon has ended" { first_of two one; }

@test "so is one that has a supervisor, which ends with it, and one whose sockets a service manager has opened" {
	local before pid
	begin_with_container one
	refused two
	goes_on
	LAUNCHER=(python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(os.environ["SCRATCH"] + "/activated.sock")
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[1], ["fd://" if a.startswith("unix://") else a for a in sys.argv[1:]])')
	refused two
	goes_on
}

has_another_pid() { [ -s "$SCRATCH/run/wherryd.pid" ] && [ "$(daemon_pid)" != "$1" ]; }

@test "a daemon that its supervisor starts again has its exec root again, and keeps others out" {
	local before pid killed again
	SUPERVISED=1 begin_with_container one
	killed=$(daemon_pid)
	kill -KILL "$killed"
	refused two --no-supervisor # which comes while nobody is there but the supervisor
	wait_until 20 has_another_pid "$killed"
	again=$(daemon_pid)
	refused two
	[ "$(daemon_pid)" = "$again" ]
	[ "$(api GET /_ping)" = OK ]
	inspects kept .State.Pid "$pid"
}

# Shims, those of execs, the keeper of waits: whoever inherited the lock would keep the next daemon out.
@test "nobody but the daemon holds the lock, so who is killed can be started again at once" {
	local before pid id i
	begin_with_container one
	api POST /containers/kept/exec '{"Cmd":["sleep","1000"]}' >/dev/null
	id=$(jq -r .Id "$SCRATCH/body")
	api POST "/exec/$id/start" '{"Detach":true}'
	run_container over '"Cmd":["true"]' >/dev/null
	wait_until 10 inspects over .State.Status exited
	curl -s --unix-socket "$SOCKET" -X POST http://x/v1.47/containers/over/wait?condition=removed >/dev/null 3>&- &
	wait_until 10 test -S "$SCRATCH/run/keep/shim.sock"
	[ "$(find /proc/[0-9]*/fd -lname "$SCRATCH/run/wherryd.lock" 2>/dev/null | cut -d/ -f3 | sort -u)" = "$DAEMON" ]
	[ "$(stat -c %a "$SCRATCH/run/wherryd.lock")" = 600 ]
	for i in 1 2 3 4 5; do
		kill -KILL "$DAEMON"
		daemon_start
		[ "$(api GET /_ping)" = OK ]
	done
	inspects kept .State.Pid "$pid"
}

@test "data root and exec root may be one folder" {
	daemon_flags() {
		printf '%s\n' --data-root "$SCRATCH/both" --exec-root "$SCRATCH/both" -H "unix://$SCRATCH/both.sock" \
			--bridge "$BRIDGE" --bip "$SUBNET.1/24" --cgroup-parent "/wt${SCRATCH##*.}" --config-file "$SCRATCH/wherry.json"
	}
	begin both
	[ "$(api GET /_ping)" = OK ]
}

no_socket() { [ ! -e "$SOCKET" ]; }

@test "the socket goes with the daemon that is stopped, and stays for one that is started again" {
	local killed
	begin one
	kill -TERM "$DAEMON"
	wait "$DAEMON"
	no_socket
	SUPERVISED=1 begin one
	killed=$(daemon_pid)
	kill -KILL "$killed"
	[ -S "$SOCKET" ]
	wait_until 20 has_another_pid "$killed"
	[ "$(api GET /_ping)" = OK ]
	kill -TERM "$(daemon_pid)"
	wait_until 20 no_socket
}
