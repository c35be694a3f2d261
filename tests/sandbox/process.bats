#!/usr/bin/env bats
# The process itself: who it is, what it may do, how it starts and ends.

load box

setup_file() { box_begin; }
teardown_file() { box_end; }
teardown() { finish; }

@test "the exit code is the program's, a signal is 128 and its number" {
	run box 'sh("exit 42")'
	[ "$status" = 42 ]
	run box 'sh("kill -KILL $$; exit 1")' # process 1 cannot kill itself
	[ "$status" = 1 ]
	run box '.init = true | .init_path = "'"$WHERRY_BUILD/wherry-init"'" | sh("kill -TERM $$; exit 1")'
	[ "$status" = 143 ]
}

@test "users and groups are looked up in the image" {
	run box '.process.user = "ann" | sh("id; echo $HOME")'
	[ "${lines[0]}" = "uid=1000(ann) gid=1000(ann) groups=50(staff),1000(ann)" ]
	[ "${lines[1]}" = /home/ann ]
	run box '.process.user = "ann:staff" | .process.group_add = ["video", "99"] | sh("id")'
	[ "$output" = "uid=1000(ann) gid=50(staff) groups=44(video),50(staff),99" ]
	run box '.process.user = "4242" | sh("id; echo $HOME")'
	[ "${lines[0]}" = "uid=4242 gid=0(root) groups=0(root)" ]
	[ "${lines[1]}" = / ]
	run box '.process.user = "nobody"'
	[ "$status" = 125 ]
	says "unable to find user nobody: no matching entries in passwd file"
	run box '.process.user = "0:nogroup"'
	says "unable to find group nogroup: no matching entries in group file"
}

@test "passwd files that are no files keep nobody waiting" {
	run box '.layers = ["fifo", "base"]' # the layer is missing: only to see that it is
	[ "$status" = 125 ]
	mkdir -p "$SCRATCH/layers/fifo/etc"
	mkfifo "$SCRATCH/layers/fifo/etc/passwd"
	run timeout 10 "$TOOL" run "$SCRATCH/spec.json"
	[ "$status" = 125 ]
	says "'/etc/passwd' in the container is not a file"
	rm "$SCRATCH/layers/fifo/etc/passwd"
	ln -s /dev/zero "$SCRATCH/layers/fifo/etc/passwd"
	run timeout 10 "$TOOL" run "$SCRATCH/spec.json"
	says "is not a file of at most"
}

@test "programs that cannot run say why in the words that clients know" {
	touch "$SCRATCH/layers/base/data/plain"
	printf '#!/no/interpreter\n' >"$SCRATCH/layers/base/data/script"
	printf 'garbage' >"$SCRATCH/layers/base/data/garbage"
	chmod +x "$SCRATCH/layers/base/data/script" "$SCRATCH/layers/base/data/garbage"
	run box '.process.args = ["nope"]'
	says 'exec: "nope": executable file not found in $PATH'
	run box '.process.args = ["/nope"]'
	says 'exec: "/nope": stat /nope: no such file or directory'
	run box '.process.args = ["/data"]'
	says 'exec: "/data": permission denied'
	run box '.process.args = ["/data/plain"]'
	says 'exec: "/data/plain": permission denied'
	run box '.process.args = ["/data/script"]'
	says 'exec /data/script: no such file or directory'
	run box '.process.args = ["/data/garbage"]'
	says 'exec /data/garbage: exec format error'
	run box '.process.args = []'
	says "no command specified"
	run box '.init = true | .init_path = "'"$WHERRY_BUILD/wherry-init"'" | .process.args = ["nope"]'
	says 'exec: "nope": executable file not found in $PATH'
}

@test "PATH of the container's environment is searched, the last one of two" {
	printf '#!/bin/sh\necho found\n' >"$SCRATCH/layers/base/data/only-here"
	chmod +x "$SCRATCH/layers/base/data/only-here"
	run box '.process.env = ["PATH=/nowhere", "PATH=/data:relative"] | .process.args = ["only-here"]'
	[ "$output" = found ]
	run box '.process.env = ["PATH=/nowhere"] | .process.args = ["sh"]'
	says "executable file not found in \$PATH"
	run box '.process.env = [] | sh("echo default")'
	[ "$output" = default ]
}

@test "a missing working folder is made, a file is refused" {
	run box '.process.cwd = "/new/deep" | sh("pwd")'
	[ "$output" = /new/deep ]
	run box '.process.cwd = "/etc/which"'
	[ "$status" = 125 ]
	says 'chdir to cwd ("/etc/which") set in config.json failed: not a directory'
}

@test "HOME is added, an own one is kept" {
	run box 'sh("echo $HOME")'
	[ "$output" = /root ]
	run box '.process.env += ["HOME=/own"] | sh("echo $HOME")'
	[ "$output" = /own ]
}

@test "capabilities are those given, and none for other users" {
	run box 'sh("grep Cap /proc/self/status")'
	says "CapPrm:	00000000a80425fb"
	says "CapBnd:	00000000a80425fb"
	says "CapInh:	0000000000000000"
	says "CapAmb:	0000000000000000"
	run box '.process.capabilities = 0 | sh("grep CapBnd /proc/self/status; chown 1 /tmp")'
	says "CapBnd:	0000000000000000"
	says "Operation not permitted"
	run box '.process.user = "ann" | sh("grep Cap /proc/self/status")'
	says "CapEff:	0000000000000000"
	says "CapBnd:	00000000a80425fb"
	run box '.process.capabilities = 2199023255551 | del(.process.seccomp) | sh("grep CapEff /proc/self/status")'
	[ "$status" = 0 ]
}

@test "no_new_privs is set where asked, with the filter in place for every user" {
	run box '.process.args = ["probe", "no-new-privileges"]'
	[ "${lines[0]}" = 0 ]
	run box '.process.no_new_privileges = true | .process.user = "ann" | .process.args = ["probe", "no-new-privileges"]'
	[ "${lines[0]}" = 1 ]
	run box '.process.user = "ann" | sh("grep Seccomp: /proc/self/status")'
	[ "$output" = "Seccomp:	2" ]
}

@test "limits are set, and lowered with a warning to what the host allows" {
	run box '.process.rlimits = [{name: "nofile", soft: 100, hard: 200}] | sh("ulimit -n; ulimit -Hn")'
	[ "${lines[0]}" = 100 ]
	[ "${lines[1]}" = 200 ]
	run box '.process.rlimits = [{name: "bogus", soft: 1, hard: 1}]'
	says "invalid ulimit type: bogus"
	grep -q "CapEff:.*[1-9a-f]" /proc/self/status
	if (($(awk '/CapEff/ {print "0x" $2}' /proc/self/status) >> 24 & 1)); then skip "this host may raise limits"; fi
	run box '.process.rlimits = [{name: "nofile", soft: 1048576, hard: 1048576}] | sh("ulimit -n")'
	says "warning: ulimit nofile is lowered to $(ulimit -Hn)"
	[ "${lines[-1]}" = "$(ulimit -Hn)" ] || [ "${lines[0]}" = "$(ulimit -Hn)" ]
}

@test "the oom score is set, or kept with a warning" {
	run box '.process.oom_score_adj = 500 | sh("cat /proc/self/oom_score_adj")'
	[ "${lines[-1]}" = 500 ]
	run box '.process.oom_score_adj = -900 | sh("cat /proc/self/oom_score_adj")'
	[ "$status" = 0 ]
	[ "${lines[-1]}" = -900 ] || says "oom score -900 is not allowed on this host"
}

@test "a terminal is the container's own, with its size, owner and /dev/console" {
	run box '.process.terminal = true | .process.rows = 33 | .process.columns = 111 | .process.user = "ann" |
		sh("tty; stty size; stat -c %U /dev/pts/0 /dev/console; echo to-console > /dev/console; [ -t 0 ] && [ -t 2 ] && echo all; cat /dev/tty & kill $!")'
	says "/dev/pts/0"
	says "33 111"
	says "to-console"
	says "all"
	[ "$(grep -c ann <<<"$output")" = 2 ]
}

@test "the init reaps, forwards signals and ends as its program does" {
	start '.init = true | .init_path = "'"$WHERRY_BUILD/wherry-init"'" |
		sh("trap \"echo got; exit 9\" TERM; (sh -c \": > /orphaned\" &) ; while :; do sleep 0.05; done")'
	[ "$(tr '\0' ' ' <"/proc/$PID/cmdline" | cut -c1-17)" = "/sbin/docker-init" ]
	wait_until 5 test -e "$(upper)/orphaned" # the signal is minded by now
	wait_until 5 sh -c "! grep -l '^State:.*Z' /proc/$PID/root/proc/[0-9]*/status 2>/dev/null | grep -q ."
	kill -TERM "$PID"
	local code=0
	wait "$TOOL_PID" || code=$?
	PID=
	[ "$code" = 9 ]
	[ "$(cat "$SCRATCH/out")" = got ]
}

@test "the program that --init gives is read-only inside" {
	run box '.init = true | .init_path = "'"$WHERRY_BUILD/wherry-init"'" | sh("echo x > /sbin/docker-init")'
	says "Read-only file system"
}

@test "a process joins with the container's files, namespaces, cgroup and fewer rights" {
	start 'sh("echo made > /made; sleep 100")'
	wait_until 5 test -s "$(upper)/made"
	run join 'sh("cat /made; hostname; cat /proc/1/comm; grep CapEff /proc/self/status; cat /proc/self/cgroup")'
	[ "$status" = 0 ]
	[ "${lines[0]}" = made ]
	[ "${lines[1]}" = box ]
	[ "${lines[2]}" = sleep ] || [ "${lines[2]}" = sh ]
	says "00000000a80425fb"
	says "$(cgroup)"
	run join '.user = "ann" | .cwd = "/home/ann" | .seccomp = "'"$SCRATCH/default.bpf"'" | sh("id -un; pwd; grep Seccomp: /proc/self/status; exit 5")'
	[ "$status" = 5 ]
	[ "${lines[0]}" = ann ]
	[ "${lines[1]}" = /home/ann ]
	[ "${lines[2]}" = "Seccomp:	2" ]
}

@test "a process that joins can have a terminal of the container" {
	start
	run join '.terminal = true | .rows = 5 | .columns = 6 | sh("tty; stty size")'
	says "/dev/pts/0"
	says "5 6"
}

@test "joining fails by name: no program, no folder, no user, no container" {
	start
	run join '.args = ["nope"]'
	says 'exec: "nope": executable file not found in $PATH'
	run join '.cwd = "/nope"'
	says 'chdir to cwd ("/nope") set in config.json failed: no such file or directory'
	run join '.user = "nope"'
	says "unable to find user nope"
	START=1 run join
	says "the container is not running"
}

# As an init does, or an engine within: then the kernel takes no process into the group itself.
@test "a process joins a container that has divided its control group, where its first process is" {
	local tree group controllers
	tree=$(findmnt -nro TARGET -t cgroup2 | head -1)
	[ -n "$tree" ] || skip "this host has no unified tree of control groups"
	start
	group=$tree$(cgroup)
	read -r controllers _ <"$group/cgroup.controllers" || true
	[ -n "$controllers" ] || skip "the unified tree has no controllers"
	mkdir "$group/init"
	echo "$PID" >"$group/init/cgroup.procs"
	echo "+$controllers" >"$group/cgroup.subtree_control"
	run join 'sh("cat /proc/self/cgroup")'
	[ "$status" = 0 ]
	grep -qx "0::$(cgroup)/init" <<<"$output" || grep -qx "0::/init" <<<"$output" || grep -qx "0::/" <<<"$output"
	[ "$(cat "$group/init/cgroup.procs")" = "$PID" ]
}

# The kernel tells of a first process's end when its others have gone; one of them has not, as it has somebody who
# traces it and does not look.
@test "joining one that is ending says so, however long that takes" {
	local tracer
	start 'sh("sleep 100 & exec sleep 100")'
	one_child() { [ "$(pgrep -P "$PID" | wc -l)" = 1 ]; }
	wait_until 10 one_child
	python3 - "$(pgrep -P "$PID")" "$SCRATCH/traces" 3>&- <<-'P' &
		import ctypes, sys, time
		seize = 0x4206
		assert ctypes.CDLL(None).ptrace(seize, int(sys.argv[1]), None, None) == 0
		open(sys.argv[2], "w").close()
		time.sleep(1000)
	P
	tracer=$!
	wait_until 10 test -e "$SCRATCH/traces"
	kill -KILL "$PID"
	has_left() { ! readlink "/proc/$PID/ns/mnt" >/dev/null; }
	wait_until 10 has_left
	run join '.args = ["true"]'
	kill "$tracer"
	says "the container is not running"
}

@test "the end of the shim is the end of the container" {
	start
	kill -KILL "$TOOL_PID"
	wait "$TOOL_PID" 2>/dev/null || true
	wait_until 5 sh -c "! kill -0 $PID 2>/dev/null"
	PID=
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ ! -d "$hierarchy$(cgroup)" ] || rmdir "$hierarchy$(cgroup)"
	done
}
