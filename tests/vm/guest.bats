#!/usr/bin/env bats
@test "cgroup v2 and systemd are here" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	[ "$(cat /proc/1/comm)" = systemd ]
}
