# What tests of the sandbox share: a root of Debian's static busybox, a description to start from, and
# the tool that runs it.  Nothing here needs a daemon.

. "${BASH_SOURCE[0]%/*}/../lib/wherry.bash"
TOOL=$WHERRY_BUILD/tests/sandbox_tool
PROBE=$WHERRY_BUILD/tests/probe

box_begin() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	scratch_folder
	GROUP=/wt-${SCRATCH##*.}
	export SCRATCH GROUP
	local root=$SCRATCH/layers/base
	mkdir -p "$root"/{bin,etc,root,tmp,var,home/ann,usr/bin,dev,proc,sys,data} "$SCRATCH/layers/top/etc"
	cp /bin/busybox "$PROBE" "$root/bin/"
	busybox_links "$root/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nann:x:1000:\nstaff:x:50:ann\nvideo:x:44:\n' >"$root/etc/group"
	chmod 1777 "$root/tmp"
	echo from-base >"$root/etc/which"
	echo from-top >"$SCRATCH/layers/top/etc/which"
	"$TOOL" seccomp "$SCRATCH/default.bpf"
}

box_end() {
	local hierarchy
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ ! -d "$hierarchy$GROUP" ] || rmdir "$hierarchy$GROUP/c" "$hierarchy$GROUP" 2>/dev/null || true
	done
	rm -rf --one-file-system "$SCRATCH"
}

# describe [FILTER]: writes $SCRATCH/spec.json, the usual container changed by a jq filter; `sh SCRIPT` in
# it is short for running a script.  Each call has a fresh writable folder and cgroup.
describe() {
	BOX=$((${BOX:-0} + 1))
	local id=box$BASHPID-$BOX
	mkdir -p "$SCRATCH/$id"
	jq -n --arg id "$id" --arg scratch "$SCRATCH" --arg group "$GROUP/c/$id" --arg writable "$SCRATCH/$id" '
		def sh($script): .process.args = ["sh", "-c", $script];
		{id: $id, hostname: "box", layers_folder: ($scratch + "/layers"), layers: ["top", "base"],
		writable_folder: $writable, user: {mode: 1}, cgroup: {mode: 1}, cgroup_path: $group,
		masked_paths: ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
			"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
			"/sys/firmware", "/sys/devices/virtual/powercap"],
		read_only_paths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
		process: {args: ["true"], env: ["PATH=/bin:/usr/bin"], capabilities: 2818844155, cwd: "/",
			seccomp: ($scratch + "/default.bpf")}} | '"${1:-.}" >"$SCRATCH/spec.json"
}

# Of the latest description.
upper() { jq -r '.writable_folder + "/upper"' "$SCRATCH/spec.json"; }
cgroup() { jq -r .cgroup_path "$SCRATCH/spec.json"; }

# box [FILTER]: describe and run.
box() {
	describe "${1:-.}"
	"$TOOL" run "$SCRATCH/spec.json" </dev/null
}

# start [FILTER]: runs in the background; returns when its program runs.  PID, START and TOOL_PID are set.
start() {
	describe "${1:-sh(\"sleep 100\")}"
	rm -f "$SCRATCH/started"
	mkfifo "$SCRATCH/started"
	"$TOOL" run "$SCRATCH/spec.json" "$SCRATCH/started" </dev/null >"$SCRATCH/out" 2>"$SCRATCH/err" 3>&- &
	TOOL_PID=$!
	read -rt 120 PID START <"$SCRATCH/started"
}

# finish: end what `start` began.
finish() {
	[ -n "${PID-}" ] || return 0
	kill -KILL "$PID" 2>/dev/null || true
	wait "$TOOL_PID" 2>/dev/null || true
	PID=
}

# join [FILTER]: a process in the container of `start`, from the usual process changed by a filter.
join() {
	jq -n 'def sh($script): .args = ["sh", "-c", $script];
		{args: ["true"], env: ["PATH=/bin:/usr/bin"], capabilities: 2818844155, cwd: "/"} |
		'"${1:-.}" >"$SCRATCH/process.json"
	"$TOOL" exec "$SCRATCH/process.json" "$PID" "$START" "$(cgroup)" </dev/null
}

# says TEXT: of the last `run`.
says() {
	[[ $output == *"$1"* ]] || {
		printf '# expected "%s" in:\n%s\n' "$1" "$output" | sed '2,$s/^/# /' >&2
		return 1
	}
}
