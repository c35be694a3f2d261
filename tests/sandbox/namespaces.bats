#!/usr/bin/env bats
# Which world a process sees: its own, the host's, another container's, or one with other owners.

load box

setup_file() { box_begin; }
teardown_file() { box_end; }
teardown() { finish; }

@test "a container has its own hostname, processes, network, IPC and cgroups" {
	run box '.domainname = "lan" | sh("hostname; cat /proc/sys/kernel/domainname; echo $$; ip link | grep -c mtu; cat /proc/self/cgroup")'
	[ "${lines[0]}" = box ]
	[ "${lines[1]}" = lan ]
	[ "${lines[2]}" = 1 ]
	[ "${lines[3]}" = 1 ]
	says "$(cgroup)"
}

@test "a cgroup namespace makes the container's own group the root" {
	run box '.cgroup.mode = 0 | sh("grep -v -E \"systemd|cpuset|freezer|perf|net|hugetlb|rdma|misc\" /proc/self/cgroup")'
	[ "$status" = 0 ]
	[[ $output != *wt-* ]]
}

@test "the host's namespaces are kept where asked" {
	run box '.uts.mode = 1 | .network.mode = 1 | .pid.mode = 1 | .ipc.mode = 1 | sh("hostname; readlink /proc/self/ns/net; echo $$")'
	[ "${lines[0]}" = "$(hostname)" ]
	[ "${lines[1]}" = "$(readlink /proc/self/ns/net)" ]
	[ "${lines[2]}" -gt 1 ]
}

@test "another container's network, processes and IPC are joined" {
	start 'sh("echo $$ > /dev/shm/x; sleep 100")'
	local first=$PID first_start=$START
	nsenter -t "$first" -n ip link set lo up
	wait_until 5 test -s "/proc/$first/root/dev/shm/x"
	run box ".network = {mode: 2, join_pid: $first, join_start_time: $first_start} |
		.pid = .network | .ipc = .network |
		sh(\"ip link show lo | grep -c UP; ps | grep -c sleep; cat /dev/shm/x\")"
	[ "$status" = 0 ]
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" -ge 1 ]
	[ "${lines[2]}" = 1 ]
}

@test "a namespace of a process that has gone is refused" {
	run box '.network = {mode: 2, join_pid: 1, join_start_time: 77777777}'
	[ "$status" = 125 ]
	says "is not running"
}

user_box='.user.mode = 0 | .uid_map = [{inside: 0, outside: 200000, count: 65536}] | .gid_map = .uid_map'

@test "in a user namespace root is somebody else outside, and files keep the image's owners" {
	run box "$user_box"' | sh("id -u; touch /made; chown 1000 /made; ls -ln /made /etc/passwd | tr -s \" \" | cut -d\" \" -f3; cat /proc/self/uid_map; ls -l /dev/null | cut -c1-10; echo x > /dev/null && echo null-works")'
	[ "$status" = 0 ] || { echo "$output" >&2; false; }
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = 1000 ]
	says 200000
	says crw-rw-rw-
	says null-works
	[ "$(stat -c %u "$(upper)/made")" = 1000 ]
}

@test "a user namespace works without lowerdir+ too" {
	WHERRY_FORCE_FALLBACK=lowerdir run box "$user_box"' | sh("cat /etc/which; id -u")'
	[ "${lines[0]}" = from-top ]
	[ "${lines[1]}" = 0 ]
}

@test "root of a user namespace cannot touch the host's files or devices" {
	mkdir -p "$SCRATCH/private"
	echo secret >"$SCRATCH/private/file"
	chmod 600 "$SCRATCH/private/file"
	run box "$user_box | .mounts = [{type: \"bind\", source: \"$SCRATCH/private\", target: \"/private\"}] |
		sh(\"cat /private/file; echo x > /private/new; mknod /tmp/d c 1 1\")"
	[[ $output != *secret* ]]
	says "Permission denied"
	says "Operation not permitted"
}

@test "a process joins a container with a user namespace as its root" {
	start "$user_box | sh(\"sleep 100\")"
	run join 'sh("id -u; cat /proc/self/uid_map; hostname; echo $(cat /etc/which)")'
	[ "$status" = 0 ]
	[ "${lines[0]}" = 0 ]
	says 200000
	says box
	says from-top
}

@test "sysctls of its namespaces are set, /proc/sys stays read-only" {
	run box '.sysctls = {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.shm_rmid_forced": "1"} |
		sh("cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced; echo 1 > /proc/sys/kernel/shm_rmid_forced")'
	[ "${lines[0]}" = 80 ]
	[ "${lines[1]}" = 1 ]
	says "Read-only file system"
	run box '.sysctls = {"net.no.such": "1"}'
	[ "$status" = 125 ]
	says "sysctl 'net.no.such'"
}
