# What scenario tests share: a private daemon in a scratch folder, images, waiting for events.
# Load it from a .bats file:  load ../lib/wherry
#
# WHERRY_BUILD is the folder of the programs.  Every name a daemon uses on the host (bridge, nft table,
# cgroup, addresses) is derived from one random number, so that suites may run side by side.

WHERRY_BUILD=${WHERRY_BUILD:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build}
export WHERRY_BUILD PATH=$WHERRY_BUILD:$PATH

# A small program of the release that does at once what curl takes long to begin; tests of an installed tree
# have none.
QUICK=${BASH_SOURCE[0]%/*}/../../build/tests

# The same language, and begins in a tenth of the time.
jq() { gojq "$@"; }

# Bats notes where it is before each command, which takes 0.17 ms: for the lines of the tests and of what stands
# before and after them, no deeper.  What they call and fails is told by the line that calls it.
trace_tests_alone() {
	local name
	for name in ${BATS_TEST_NAME-} setup teardown setup_file teardown_file; do
		declare -F "$name" >/dev/null || eval "$name() { :; }" # to be marked; the file's own comes in its place
		declare -ft "$name"
	done
	declare -ft bats_error_trap bats_check_status_from_trap # which end the noting when something has failed
	set +T
}
[ -z "${BATS_VERSION-}" ] || trace_tests_alone

# A folder whose end names what its test makes on the host (tests/lib/leaks looks for it afterwards).
scratch_folder() {
	SCRATCH=$(mktemp -d /tmp/wherry-test.XXXXXX)
	echo "${SCRATCH##*.}" >>"${WHERRY_TEST_NAMES:-/dev/null}"
}

# A scratch folder of this file, and the names that go with it.
scratch_begin() {
	scratch_folder
	local number=$((RANDOM % 250 + 1)) second=$((RANDOM % 200 + 16))
	BRIDGE=wt${SCRATCH##*.}
	SUBNET=10.$second.$number
	SOCKET=$SCRATCH/run/wherry.sock
	export SCRATCH BRIDGE SUBNET SOCKET
	export WHERRY_HOST=unix://$SOCKET DOCKER_HOST=unix://$SOCKET DOCKER_CONFIG=$SCRATCH/client
	mkdir -p "$SCRATCH/run" "$SCRATCH/client"
	echo "{}" >"$SCRATCH/wherry.json"
}

# What a daemon leaves on the host on purpose, for the next one: its bridge, its nft table, and the parent
# that --cgroup-parent named, which is empty now.
host_sweep() {
	ip link delete "$BRIDGE" 2>/dev/null || true
	nft delete table inet "wherry-$BRIDGE" 2>/dev/null || true
	find /sys/fs/cgroup -depth -type d -path "*/wt${SCRATCH##*.}*" -exec rmdir {} + 2>/dev/null || true
}

# What the sanitizers found in the daemons, their workers and shims, leaks at their ends too: no test need have
# noticed.  (A worker that is killed at its end may leave a word of its leak checker alone: no finding.)
sanitizers_complain() {
	[ -f "$SCRATCH/wherryd.log" ] && grep -E -A 20 'ERROR: [A-Za-z]+Sanitizer|: runtime error: ' "$SCRATCH/wherryd.log" >&2
}

scratch_end() {
	local code=0
	! sanitizers_complain || code=1
	[ -z "${BRIDGE-}" ] || host_sweep # also after a daemon that was killed, or never came up
	rm -rf --one-file-system "$SCRATCH"
	return $code
}

# daemon_flags: one flag a line.
daemon_flags() {
	printf '%s\n' --data-root "$SCRATCH/data" --exec-root "$SCRATCH/run" -H "unix://$SOCKET" \
		--pidfile "$SCRATCH/run/wherryd.pid" --bridge "$BRIDGE" --bip "$SUBNET.1/24" \
		--cgroup-parent "/wt${SCRATCH##*.}" --config-file "$SCRATCH/wherry.json"
}

# daemon_start [FLAG...]: returns when it answers (`wherryd --ready-fd` tells through a pipe).  With
# SUPERVISED set the daemon runs under its own shim and is started again when it dies.
daemon_start() {
	local flags ready
	mapfile -t flags < <(daemon_flags)
	rm -f "$SCRATCH/ready"
	mkfifo "$SCRATCH/ready"
	[ -n "${SUPERVISED-}" ] || flags+=(--no-supervisor)
	wherryd "${flags[@]}" "$@" --ready-fd 8 8>"$SCRATCH/ready" >>"$SCRATCH/wherryd.log" 2>&1 3>&- &
	export DAEMON=$!
	echo "$DAEMON" >"$SCRATCH/daemon" # tests are processes of their own: what they export ends with them
	if ! read -rt 120 ready <"$SCRATCH/ready" || [ "$ready" != ready ]; then
		echo "# the daemon did not start:" >&2
		tail -20 "$SCRATCH/wherryd.log" >&2
		return 1
	fi
}

daemon_pid() { cat "$SCRATCH/run/wherryd.pid"; }

# All of its threads: one that is still ending keeps the sockets open.
has_ended() { ! kill -0 "$1" 2>/dev/null || { [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ] && [ "$(ls "/proc/$1/task" 2>/dev/null | wc -l)" -le 1 ]; }; }

# End the daemon politely, and its containers first.
daemon_stop() {
	local pid
	pid=$(cat "$SCRATCH/daemon" 2>/dev/null) || return 0 # none runs
	if ! has_ended "$pid"; then
		remove_all_containers
		kill -TERM "$pid"
		wait "$pid" 2>/dev/null || wait_until 20 has_ended "$pid"
	fi
	rm -f "$SCRATCH/daemon"
	host_sweep
}

daemon_kill() {
	local pid
	pid=$(cat "$SCRATCH/daemon")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || wait_until 20 has_ended "$pid"
}

remove_all_containers() {
	local id
	for id in $(api GET "/containers/json?all=1" | grep -oE '"Id":"[0-9a-f]+' | cut -c7-); do # the demo has no jq
		api DELETE "/containers/$id?force=1&v=1" >/dev/null
	done
}

# daemon_request METHOD TARGET [JSON]: the body, which is also in $SCRATCH/body, as the status is in $SCRATCH/status.
daemon_request() {
	local method=$1 target=$2
	shift 2
	if [ -x "$QUICK/ask" ]; then
		"$QUICK/ask" "$SOCKET" "$method" "$target" "$SCRATCH" ${1+"$1"}
		return
	fi
	curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/body" -w '%{http_code}' -X "$method" \
		${1+-H 'Content-Type: application/json' --data-binary "$1"} "http://wherry$target" >"$SCRATCH/status"
	cat "$SCRATCH/body" 2>/dev/null
}

# api METHOD PATH [JSON]: a request of Docker's; api_status prints the status of the last one.
api() { daemon_request "$1" "/v1.47$2" ${3+"$3"}; }
api_status() { echo "$(<"$SCRATCH/status")"; }

# ask_daemon METHOD TARGET [JSON]: the body, and nothing is kept; of any version and any daemon's part.
ask_daemon() {
	if [ -x "$QUICK/ask" ]; then
		"$QUICK/ask" "$SOCKET" "$1" "$2" - ${3+"$3"}
	else
		curl -sS --unix-socket "$SOCKET" -X "$1" ${3+-H 'Content-Type: application/json' --data-binary "$3"} \
			"http://wherry$2"
	fi
}

# expect_status CODE: of the last api call.
expect_status() {
	local status
	read -r status <"$SCRATCH/status" || true # it has no end of line
	[ "$status" = "$1" ] || {
		echo "# status $status, expected $1: $(cat "$SCRATCH/body")" >&2
		return 1
	}
}

# refuted COMMAND...: for a test, to which "! command" says nothing: bash does not end at what is negated.
refuted() {
	if "$@"; then
		echo "# this went well and should not: $*" >&2
		return 1
	fi
}

# nap SECONDS: by a process of its own, so that $! remains what it was for who waits for it afterwards.
nap() { (read -rt "$1" <> <(:)) || true; }

# wait_until SECONDS COMMAND...: for what has no event to wait for; fails when the time is over.  The seconds are
# those of a machine that has nothing else to do: one that is loaded gets SLOWNESS times as many.
wait_until() {
	local end=$((SECONDS + $1 * ${SLOWNESS:-6}))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "# never became true: $*" >&2; return 1; }
		nap 0.05
	done
}

# busybox_links FOLDER: its names, beside it; by its own shell, which needs no program for each.
busybox_links() {
	(cd "$1" && ./busybox sh -c 'for name in $(./busybox --list); do [ "$name" = busybox ] || ln -s busybox "$name"; done')
}

# busybox_image [NAME]: a small image in the daemon, made from Debian's static busybox.
busybox_image() {
	local name=${1:-busybox:latest} tree=$SCRATCH/busybox
	if [ ! -d "$tree" ]; then
		mkdir -p "$tree"/{bin,etc,root,tmp,var,home/ann,usr/bin}
		cp /bin/busybox "$tree/bin/"
		busybox_links "$tree/bin"
		printf 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n' >"$tree/etc/passwd"
		printf 'root:x:0:\nann:x:1000:\nstaff:x:50:ann\n' >"$tree/etc/group"
		chmod 1777 "$tree/tmp"
	fi
	tar -C "$tree" -c . | curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' \
		-H 'Transfer-Encoding: chunked' --data-binary @- \
		"http://wherry/v1.47/images/create?fromSrc=-&repo=${name%:*}&tag=${name#*:}&changes=CMD%20%5B%22sh%22%5D" \
		>"$SCRATCH/import"
	grep -q sha256: "$SCRATCH/import" || { cat "$SCRATCH/import" >&2; return 1; }
}
