# A daemon that is killed, and what must not be there afterwards.

load ../lib/wherry

setup_file() {
	scratch_begin
	supervised_start
	busybox_image
}

teardown_file() {
	supervised_stop
	scratch_end
}

# The daemon as `wherryd` alone starts it: a shim keeps the sockets and starts it again.
supervised_start() {
	SUPERVISED=1 daemon_start
}

supervised_stop() {
	daemon_stop
}

traces() {
	local parent=wt${SCRATCH##*.}
	find /sys/fs/cgroup -path "*/$parent/c/*" -type d | head
	grep "$SCRATCH" /proc/self/mountinfo
	ls "$SCRATCH/run/c"
	ls "$SCRATCH/data/containers"
	ip -o link show master "$BRIDGE" 2>/dev/null
	nft list table inet "wherry-$BRIDGE" 2>/dev/null | grep -E 'elements'
}

nothing_left() { [ -z "$(traces)" ]; }
