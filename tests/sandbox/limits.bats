#!/usr/bin/env bats
# Limits: what the cgroups say, and that they hold.

load box

setup_file() { box_begin; }
teardown_file() { box_end; }
teardown() { finish; }

# value CONTROLLER V1-FILE V2-FILE: of the cgroup of `start`.
value() {
	local group
	group=$(cgroup)
	if [ -d "/sys/fs/cgroup/$1$group" ]; then cat "/sys/fs/cgroup/$1$group/$2"; else cat "/sys/fs/cgroup$group/$3"; fi
}

on_v2() { [ -f /sys/fs/cgroup/cgroup.controllers ]; }

@test "memory and swap are limited, and going over it is seen as an OOM kill" {
	start '.resources = {memory: 33554432, memory_swap: 67108864, memory_reservation: 16777216} | sh("sleep 100")'
	[ "$(value memory memory.limit_in_bytes memory.max)" = 33554432 ]
	on_v2 || [ "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" = 67108864 ]
	[ "$(value memory memory.soft_limit_in_bytes memory.low)" = 16777216 ]
	finish
	run box '.resources = {memory: 16777216, memory_swap: 16777216} |
		sh("x=$(head -c 200000000 /dev/zero | tr \\\\0 x); echo survived")'
	says oom
	[[ $output != *survived* ]]
}

@test "processes are counted" {
	run box '.resources = {pids_limit: 5} | sh("for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait")'
	says "can't fork"
}

@test "processor shares, quota and sets" {
	start '.resources = {cpu_shares: 512, nano_cpus: 500000000, cpuset_cpus: "0", cpuset_mems: "0"} | sh("sleep 100")'
	on_v2 || [ "$(value cpu cpu.shares cpu.weight)" = 512 ]
	if on_v2; then
		[ "$(value cpu x cpu.max)" = "50000 100000" ]
	else
		[ "$(value cpu cpu.cfs_quota_us x)" = 50000 ]
		[ "$(value cpu cpu.cfs_period_us x)" = 100000 ]
	fi
	grep -q "^Cpus_allowed_list:	0$" "/proc/$PID/status"
	[ -d "/sys/fs/cgroup/cpuset$(cgroup)" ] || on_v2
	finish
	[ ! -d "/sys/fs/cgroup/cpuset$(cgroup)" ]
}

@test "devices: made but not opened, unless they are allowed" {
	run box '.process.args = ["probe", "device", "c1", "5"]' # zero
	[ "$output" = ok ]
	run box '.process.args = ["probe", "device", "c1", "1"]' # the memory
	[ "$output" = EPERM ]
	run box '.process.args = ["probe", "device", "c10", "229"]' # fuse
	[ "$output" = EPERM ]
	run box '.resources.device_cgroup_rules = ["c 1:11 r"] | .process.args = ["probe", "device", "c1", "11"]' # kmsg
	[ "$output" != EPERM ] || ! [ -r /dev/kmsg ]
	run box '.resources.device_cgroup_rules = ["nonsense"]'
	says "invalid device cgroup rule format: 'nonsense'"
}

# former_group FILE VALUE: the control group of the latest description is there already, where it has this file,
# with this in it; FORMER is that folder, empty: this host has none such.
former_group() {
	local tree
	FORMER=
	for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ -e "$tree/cgroup.procs" ] && mkdir -p "$tree$(cgroup)" || continue
		if [ -e "$tree$(cgroup)/$1" ]; then
			FORMER=$tree$(cgroup)
			echo "$2" >"$FORMER/$1"
			return
		fi
		rmdir -p --ignore-fail-on-non-empty "$tree$(cgroup)" 2>/dev/null || true
	done
}

@test "a control group that is left of the last run does not reach the next one" {
	for setting in "cgroup.kill 1" "cgroup.freeze 1" "freezer.state FROZEN" "pids.max 1"; do
		describe 'sh("echo $(echo ran)")'
		former_group $setting
		run timeout 20 "$TOOL" run "$SCRATCH/spec.json" </dev/null
		[ "$status $output" = "0 ran" ]
	done
}

@test "a process that hangs in the control group of the last run keeps no container from its start" {
	describe 'sh("echo $(echo ran)")'
	former_group cgroup.kill 1
	[ -n "$FORMER" ] || skip "this host has no unified tree of control groups"
	sleep 100 3>&- &
	echo $! >"$FORMER/cgroup.procs"
	echo 1 >"$FORMER/cgroup.freeze"
	run timeout 20 "$TOOL" run "$SCRATCH/spec.json" </dev/null
	[ "$status $output" = "0 ran" ]
	wait # it has ended with the container
}

@test "block devices are limited where the host can" {
	local device
	device=$(lsblk -ndo PATH 2>/dev/null | grep -m1 /dev/[vsn]) || skip "no disk"
	run box ".resources = {blkio_read_bps: [{path: \"$device\", rate: 1048576}], blkio_weight: 300}"
	[ "$status" = 0 ]
	run box '.resources = {blkio_read_bps: [{path: "/dev/null", rate: 1}]}'
	says "'/dev/null' is not a block device"
	run box '.resources = {blkio_read_bps: [{path: "/dev/nope", rate: 1}]}'
	says "cannot limit device '/dev/nope'"
}

@test "a refused limit leaves nothing behind" {
	run box '.resources = {cpuset_cpus: "4000"}'
	[ "$status" = 125 ]
	says "cpuset.cpus"
	local left
	left=$(find /sys/fs/cgroup -path "*$(cgroup)" -type d 2>/dev/null) || true # groups of others come and go
	[ "$left" = "" ]
}

@test "what a container left running in its cgroup ends with it" {
	run box '.pid.mode = 1 | sh("sleep 300 & echo $!")'
	[ "$status" = 0 ]
	wait_until 5 has_ended "$output" # it is in no group any more, and may not have been reaped
	[ "$(find /sys/fs/cgroup -path "*$(cgroup)" -type d)" = "" ]
}

@test "groups that a container made below its own go too" {
	run box '.all_devices = true | .process.capabilities = 2199023255551 | del(.process.seccomp) |
		sh("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir -p $d/sub/deep 2>/dev/null; done; ls -d /sys/fs/cgroup/*/sub /sys/fs/cgroup/sub 2>/dev/null | wc -l")'
	[ "$output" -ge 1 ]
	[ "$(find /sys/fs/cgroup -path "*$(cgroup)*" -type d)" = "" ]
}
