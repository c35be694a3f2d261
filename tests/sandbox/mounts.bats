#!/usr/bin/env bats
# What is mounted into a container, and where it lands.

load box

setup_file() {
	box_begin
	mkdir -p "$SCRATCH/host/sub"
	echo content >"$SCRATCH/host/file"
}
teardown_file() { box_end; }
teardown() { finish; }

bind() { printf '.mounts = [{type: "bind", source: "%s", target: "%s"%s}]' "$SCRATCH/$1" "$2" "${3:+, $3}"; }

@test "a folder is bound, written through, and made inside where it is missing" {
	run box "$(bind host /a/b/c) | sh(\"cat /a/b/c/file; echo x > /a/b/c/new\")"
	[ "$output" = content ]
	[ "$(cat "$SCRATCH/host/new")" = x ]
}

@test "a file is bound over a missing and over an existing one" {
	run box "$(bind host/file /etc/deep/one) | sh(\"cat /etc/deep/one\")"
	[ "$output" = content ]
	run box "$(bind host/file /etc/which) | sh(\"cat /etc/which\")"
	[ "$output" = content ]
}

@test "a read-only bind refuses writes, with the mounts below it when asked so" {
	mkdir -p "$SCRATCH/nest/inner"
	mount -t tmpfs tmpfs "$SCRATCH/nest/inner"
	run box "$(bind nest /n 'recursive: true, read_only: true') | sh(\"touch /n/x; touch /n/inner/x && echo inner-written\")"
	says "Read-only file system"
	says inner-written
	run box "$(bind nest /n 'recursive: true, read_only: true, read_only_recursive: true') | sh(\"touch /n/inner/x && echo inner-written\")"
	umount "$SCRATCH/nest/inner"
	[[ $output != *inner-written* ]]
}

@test "what is mounted below a source comes along only when asked" {
	mkdir -p "$SCRATCH/nest/inner"
	mount -t tmpfs tmpfs "$SCRATCH/nest/inner"
	touch "$SCRATCH/nest/inner/there"
	run box "$(bind nest /n) | sh(\"ls /n/inner\")"
	local flat=$output
	run box "$(bind nest /n 'recursive: true') | sh(\"ls /n/inner\")"
	umount "$SCRATCH/nest/inner"
	[ "$flat" = "" ]
	[ "$output" = there ]
}

@test "a missing source is named, or made where that is asked for" {
	run box "$(bind gone /g)"
	[ "$status" = 125 ]
	says "bind source path does not exist: $SCRATCH/gone"
	run box "$(bind made/deep /g 'make_source: true') | sh(\"touch /g/x\")"
	[ "$status" = 0 ]
	[ -e "$SCRATCH/made/deep/x" ]
}

@test "a folder over a file and a file over a folder say what is wrong" {
	run box "$(bind host /etc/which)"
	[ "$status" = 125 ]
	says "Are you trying to mount a directory onto a file (or vice-versa)?"
	run box "$(bind host/file /etc)"
	says "Are you trying to mount a directory onto a file (or vice-versa)?"
}

@test "mounts are made in the order given, links of the image are followed inside" {
	ln -sf /data/real "$SCRATCH/layers/base/link"
	mkdir -p "$SCRATCH/layers/base/data/real"
	run box ".mounts = [{type: \"tmpfs\", target: \"/link/x\"}, {type: \"bind\", source: \"$SCRATCH/host\", target: \"/link/x/y\"}] |
		sh(\"cat /data/real/x/y/file; grep -c /data/real/x /proc/mounts\")"
	rm "$SCRATCH/layers/base/link"
	[ "${lines[0]}" = content ]
	[ "${lines[1]}" = 2 ]
}

@test "nothing can be mounted into /proc but what tools fill in on purpose" {
	run box "$(bind host /proc/sys/kernel)"
	[ "$status" = 125 ]
	says "leads into /proc"
	run box "$(bind host/file /proc/uptime) | sh(\"cat /proc/uptime\")"
	[ "$output" = content ]
}

@test "a tmpfs has the size, mode and rights asked for" {
	run box '.mounts = [{type: "tmpfs", target: "/t", options: "size=64k,mode=1770,noexec", nosuid: true}] |
		sh("stat -c %a /t; dd if=/dev/zero of=/t/big bs=1k count=100 2>&1; cp /bin/busybox /t/b; grep \" /t \" /proc/mounts")'
	[ "${lines[0]}" = 1770 ]
	says "No space left on device"
	says nosuid
	says noexec
	run box '.mounts = [{type: "tmpfs", target: "/t", options: "nonsense=1"}]'
	[ "$status" = 125 ]
	says "nonsense"
}

@test "an empty volume is filled from the image, with owners, modes, links and holes" {
	local data=$SCRATCH/layers/base/srv
	mkdir -p "$data/sub" "$SCRATCH/volume"
	echo one >"$data/a"
	ln "$data/a" "$data/sub/b"
	ln -s a "$data/link"
	truncate -s 10M "$data/hole"
	chown 1000:50 "$data" "$data/a"
	chmod 751 "$data"
	chmod 4755 "$data/hole"
	run box "$(bind volume /srv 'copy_up: true') | sh(\"cat /srv/sub/b; touch /srv/new\")"
	[ "$output" = one ]
	[ "$(stat -c '%u:%g %a' "$SCRATCH/volume")" = "1000:50 751" ]
	[ "$(stat -c '%u %h' "$SCRATCH/volume/a")" = "1000 2" ]
	[ "$(stat -c '%a' "$SCRATCH/volume/hole")" = 4755 ]
	[ "$(du -k "$SCRATCH/volume/hole" | cut -f1)" -lt 100 ]
	[ "$(readlink "$SCRATCH/volume/link")" = a ]
	rm "$SCRATCH/volume/a"
	run box "$(bind volume /srv 'copy_up: true, read_only: true') | sh(\"ls /srv/a; touch /srv/x\")"
	says "No such file"
	says "Read-only file system"
	rm -rf "$data"
}

@test "mounts of the host arrive in slave binds, those of the container leave shared ones" {
	local shared=$SCRATCH/shared
	mkdir -p "$shared"
	mount -t tmpfs tmpfs "$shared"
	mount --make-shared "$shared"
	mkdir "$shared/from-host" "$shared/from-box"
	start ".mounts = [{type: \"bind\", source: \"$shared\", target: \"/s\", propagation: \"rslave\", recursive: true},
		{type: \"bind\", source: \"$shared\", target: \"/r\", propagation: \"rshared\", recursive: true},
		{type: \"bind\", source: \"$shared\", target: \"/p\", recursive: true}] | sh(\"sleep 100\")"
	mount -t tmpfs tmpfs "$shared/from-host"
	touch "$shared/from-host/seen"
	nsenter -t "$PID" -m -r -w ls /s/from-host /r/from-host /p/from-host >"$SCRATCH/listing" || true
	nsenter -t "$PID" -m -r -w mount -t tmpfs tmpfs /r/from-box
	local arrived=no
	! grep -q " $shared/from-box " /proc/self/mountinfo || arrived=yes
	umount "$shared/from-box" "$shared/from-host" || true
	finish
	umount "$shared"
	[ "$(grep -c seen "$SCRATCH/listing")" = 2 ]
	[ "$arrived" = yes ]
}

@test "propagation that the host's mount cannot give is refused" {
	mount -t tmpfs tmpfs "$SCRATCH/host/sub"
	mount --make-private "$SCRATCH/host/sub"
	run box "$(bind host/sub /s 'propagation: "rshared"')"
	umount "$SCRATCH/host/sub"
	[ "$status" = 125 ]
	says "not a shared mount"
	run box "$(bind host /s 'propagation: "sideways"')"
	says "invalid propagation mode: sideways"
}

@test "/etc/hosts, hostname and resolv.conf come from their folder, other files are left alone" {
	mkdir -p "$SCRATCH/etc"
	for file in hosts hostname resolv.conf; do echo "our $file" >"$SCRATCH/etc/$file"; done
	run box ".etc_folder = \"$SCRATCH/etc\" | sh(\"cat /etc/hosts /etc/hostname /etc/resolv.conf /etc/which; echo more >> /etc/hosts\")"
	[ "${lines[0]}" = "our hosts" ]
	[ "${lines[2]}" = "our resolv.conf" ]
	[ "${lines[3]}" = from-top ]
	[ "$(tail -1 "$SCRATCH/etc/hosts")" = more ]
}

@test "/dev/shm has its size, /dev its nodes and links, /dev/pts a world of its own" {
	run box '.shm_size = 1048576 | sh("df -k /dev/shm | tail -1 | tr -s \" \" | cut -d\" \" -f2; readlink /dev/fd; readlink /dev/ptmx; ls /dev/pts; stat -c %t:%T:%a /dev/full /dev/null")'
	[ "${lines[0]}" = 1024 ]
	says /proc/self/fd
	says pts/ptmx
	says "1:7:666"
	says "1:3:666"
}

@test "devices of the host appear where asked, with their rule; what is none is refused" {
	run box '.devices = [{path_on_host: "/dev/null", path_in_container: "/dev/deep/hole", access: "rwm"}] |
		sh("echo x > /dev/deep/hole && stat -c %t:%T /dev/deep/hole")'
	[ "$output" = 1:3 ]
	run box '.devices = [{path_on_host: "/dev/nope", path_in_container: "/dev/x", access: "r"}]'
	[ "$status" = 125 ]
	says 'error gathering device information while adding custom device "/dev/nope": no such file or directory'
	run box '.devices = [{path_on_host: "/etc/passwd", path_in_container: "/dev/x", access: "r"}]'
	says "not a device node"
}

@test "a device outside of /dev is there again when the container is started again, with the number of now" {
	describe '.devices = [{path_on_host: "/dev/null", path_in_container: "/opt/hole", access: "rwm"}] |
		sh("stat -c %t:%T /opt/hole")'
	[ "$("$TOOL" run "$SCRATCH/spec.json")" = 1:3 ]
	[ "$("$TOOL" run "$SCRATCH/spec.json")" = 1:3 ]
	jq '.devices[0].path_on_host = "/dev/zero"' "$SCRATCH/spec.json" >"$SCRATCH/changed.json"
	[ "$("$TOOL" run "$SCRATCH/changed.json")" = 1:5 ]
	rm "$(upper)/opt/hole"
	echo text >"$(upper)/opt/hole"
	run "$TOOL" run "$SCRATCH/spec.json"
	[ "$status" = 125 ]
	says "cannot make device '/opt/hole': file exists"
}

@test "all devices: the host's nodes are there and open, /sys and cgroups can be written" {
	run box '.all_devices = true | .masked_paths = [] | .read_only_paths = [] | del(.process.seccomp) |
		.process.capabilities = 2199023255551 |
		sh("ls /dev | wc -l; grep \" /sys \" /proc/mounts; mkdir /sys/fs/cgroup/pids/sub 2>/dev/null || mkdir /sys/fs/cgroup/sub && echo made")'
	[ "${lines[0]}" -gt 10 ]
	says "sysfs rw"
	says made
}

@test "masked paths are empty, read-only ones refuse writes" {
	run box 'sh("cat /proc/keys | wc -c; ls /sys/firmware | wc -l; echo x > /proc/sys/kernel/hostname; echo rest; cat /proc/timer_list | wc -c")'
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	says "Read-only file system"
	[ "${lines[-1]}" = 0 ]
}

# Two files in memory, one of them of user 1000.
files='.files_folder = "$SCRATCH/files" | .files = [{target: "/run/s/one", mode: 288, uid: 1000, gid: 50}, {target: "/etc/which", mode: 365}]'

@test "files in memory have their owner and mode, in a user namespace too, and nothing of them stays" {
	local filter=${files//\$SCRATCH/$SCRATCH} user
	mkdir "$SCRATCH/files"
	echo first >"$SCRATCH/files/0"
	printf '#!/bin/sh\necho second\n' >"$SCRATCH/files/1"
	for user in . '.user.mode = 0 | .uid_map = [{inside: 0, outside: 200000, count: 65536}] | .gid_map = .uid_map'; do
		run box "$filter | $user | .read_only_root = true | sh(\"cat /run/s/one; /etc/which; stat -c '%u %g %a' /run/s/one /etc/which; echo x >/run/s/one\")"
		says first
		says second
		says "1000 50 440"
		says "0 0 555"
		says "Read-only file system"
		[ -z "$(cat "$(upper)/run/s/one")" ]
	done
	run box "$filter | .files[0].uid = 70000 | .user.mode = 0 | .uid_map = [{inside: 0, outside: 200000, count: 65536}] | .gid_map = .uid_map"
	[ "$status" != 0 ]
	says "file '/run/s/one': cannot give it to 70000:50"
	rm "$SCRATCH/files/1"
	run box "$filter"
	[ "$status" != 0 ]
	says "file '/etc/which': cannot open"
}
