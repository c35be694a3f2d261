#!/usr/bin/env bats
# The filter at work; that it equals libseccomp's on every number is a unit test.

load box

setup_file() { box_begin; }
teardown_file() { box_end; }

probe() { box ".process.args = [\"probe\", $(printf '"%s",' "$@" | sed 's/,$//')]${FILTER:+ | $FILTER}"; }

@test "the default profile denies what leads out of a container" {
	run probe user-namespace; [ "$output" = EPERM ]
	run probe mount /tmp; [ "$output" = EPERM ]
	run probe handle; [ "$output" = EPERM ]
	run probe keyring; says EPERM
	run probe vsock; [ "$output" = EPERM ]
	run probe disguised-vsock; [ "$output" = EPERM ]
	run probe personality 0x0400000; [ "$output" = EPERM ]
	run probe personality 0; [ "$output" = ok ]
}

@test "calls that programs fall back from are not there rather than forbidden" {
	run probe clone3; [ "$output" = ENOSYS ]
	run probe newer-call; [ "$output" = ENOSYS ]
}

@test "without the profile the same calls reach the kernel" {
	FILTER='del(.process.seccomp)' run probe user-namespace
	[ "$output" = ok ]
	FILTER='del(.process.seccomp)' run probe clone3
	[ "${lines[0]}" = ok ]
}

@test "a profile of one's own" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' \
		>"$SCRATCH/own.json"
	"$TOOL" seccomp "$SCRATCH/own.bpf" "$SCRATCH/own.json"
	run box ".process.seccomp = \"$SCRATCH/own.bpf\" | sh(\"mkdir /x; echo still\")"
	says "Function not implemented"
	says still
	run box ".process.seccomp = \"$SCRATCH/own.bpf\" | .process.no_new_privileges = true | .process.user = \"ann\" | sh(\"mkdir /tmp/x\")"
	says "Function not implemented"
}

@test "a program that is cut, absent or refused by the kernel stops the start" {
	head -c 13 "$SCRATCH/default.bpf" >"$SCRATCH/cut.bpf"
	: >"$SCRATCH/empty.bpf"
	head -c 800 /dev/urandom >"$SCRATCH/random.bpf"
	run box ".process.seccomp = \"$SCRATCH/cut.bpf\""
	[ "$status" = 125 ]
	says "is not whole instructions"
	run box ".process.seccomp = \"$SCRATCH/empty.bpf\""
	says "of 0 bytes"
	run box ".process.seccomp = \"$SCRATCH/absent.bpf\""
	says "no such file or directory"
	run box ".process.seccomp = \"$SCRATCH/random.bpf\""
	[ "$status" = 125 ]
	says "cannot install the seccomp program"
}
