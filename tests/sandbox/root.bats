#!/usr/bin/env bats
# The root filesystem: layers, what is written, and that the host sees nothing of it.

load box

setup_file() { box_begin; }
teardown_file() { box_end; }

@test "upper layers hide lower ones, and what is written lands in the writable folder" {
	run box 'sh("cat /etc/which; echo new > /etc/which; rm /etc/group; mkdir /made")'
	[ "$status" = 0 ]
	[ "$output" = from-top ]
	[ "$(cat "$(upper)/etc/which")" = new ]
	[ -c "$(upper)/etc/group" ]
	[ -d "$(upper)/made" ]
}

@test "a second start finds what the first one wrote" {
	run box 'sh("echo kept > /kept")'
	[ "$status" = 0 ]
	jq '.process.args = ["cat", "/kept"]' "$SCRATCH/spec.json" >"$SCRATCH/again.json"
	run "$TOOL" run "$SCRATCH/again.json"
	[ "$output" = kept ]
}

@test "a read-only root refuses writes but not those to /dev/shm and tmpfs" {
	run box '.read_only_root = true | .mounts = [{type: "tmpfs", target: "/tmp"}] |
		sh("touch /x; touch /tmp/x /dev/shm/x && echo written")'
	says "Read-only file system"
	says written
}

@test "500 layers are mounted, 501 and none are refused by number" {
	mkdir -p "$SCRATCH"/layers/l{1..498}
	run box '.layers = (["top"] + [range(498) | "l\(. + 1)"] + ["base"]) | sh("cat /etc/which")'
	[ "$output" = from-top ]
	run box '.layers = (["top"] + [range(499) | "l\(. % 498 + 1)"] + ["base"])'
	[ "$status" = 125 ]
	says "a root of 501 layers cannot be mounted"
	run box '.layers = []'
	says "a root of 0 layers"
}

@test "without lowerdir+ short relative names carry 400 layers" {
	mkdir -p "$SCRATCH"/layers/l{1..400}
	WHERRY_FORCE_FALLBACK=lowerdir run box \
		'.layers = (["top"] + [range(398) | "l\(. + 1)"] + ["base"]) | sh("cat /etc/which")'
	[ "$output" = from-top ]
	WHERRY_FORCE_FALLBACK=lowerdir run box '.layers = (["top"] + [range(498) | "l0000\(. + 1)"] + ["base"])'
	[ "$status" = 125 ]
	says "layers are too many for this kernel"
}

@test "a comma in the path of the data is no option" {
	describe 'sh("echo fine > /x")'
	mkdir -p "$SCRATCH/with,comma"
	jq --arg folder "$SCRATCH/with,comma" '.writable_folder = $folder' "$SCRATCH/spec.json" >"$SCRATCH/c.json"
	run "$TOOL" run "$SCRATCH/c.json"
	[ "$status" = 0 ]
	WHERRY_FORCE_FALLBACK=lowerdir run "$TOOL" run "$SCRATCH/c.json"
	[ "$status" = 0 ]
	[ "$(cat "$SCRATCH/with,comma/upper/x")" = fine ]
}

@test "a missing layer is named" {
	run box '.layers = ["top", "gone", "base"]'
	[ "$status" = 125 ]
	says "'gone'"
	says "no such file or directory"
}

@test "a ready folder can be the root instead" {
	run box '.root_folder = (.layers_folder + "/base") | del(.layers) | sh("cat /etc/which")'
	[ "$output" = from-base ]
}

@test "the host's mount table shows nothing of a running container" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	start
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
	[ "$(wc -l <"/proc/$PID/mountinfo")" -gt 5 ]
	finish
}

@test "nothing of the host's files is left inside" {
	run box 'sh("grep -c / /proc/mounts; grep -E \" /(work|home|var|boot|mnt|run) \" /proc/mounts; ls /..")'
	[ "$status" = 0 ]
	[[ $output != *boot* ]]
}

@test "with an init layer the places of mounts are no changes of the container" {
	local tree=$SCRATCH/layers/bare
	mkdir -p "$tree/bin" "$SCRATCH/etc"
	cp /bin/busybox "$tree/bin/sh"
	for file in hosts hostname resolv.conf; do echo "our $file" >"$SCRATCH/etc/$file"; done
	"$TOOL" init-layer "$SCRATCH/init"
	"$TOOL" init-layer "$SCRATCH/init"
	run box ".layers = [\"bare\"] | .etc_folder = \"$SCRATCH/etc\" | .init_layer = \"$SCRATCH/init\" |
		sh(\"while read l; do echo \\\"\$l\\\"; done < /etc/hosts; [ -e /.dockerenv ] && echo there; : > /own\")"
	[ "${lines[0]}" = "our hosts" ]
	[ "${lines[1]}" = there ]
	[ "$(ls -A "$(upper)")" = own ]
	WHERRY_FORCE_FALLBACK=lowerdir run "$TOOL" run "$SCRATCH/spec.json"
	[ "${lines[0]}" = "our hosts" ]
}
