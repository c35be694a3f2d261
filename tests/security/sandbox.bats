#!/usr/bin/env bats
# Ways out of a container that worked somewhere, once.  Each is tried from the inside with what a
# container is given by default, or by an image or a volume that somebody prepared.

load ../sandbox/box

setup_file() {
	box_begin
	mkdir -p "$SCRATCH/secret"
	echo host-secret >"$SCRATCH/secret/file"
}
teardown_file() { box_end; }
teardown() { finish; }

# evil NAME: a layer for an image with something prepared in it.
evil() {
	EVIL=$SCRATCH/layers/$1
	mkdir -p "$EVIL"
}

# ---- CVE-2019-5736: overwriting the runtime's program through /proc/PID/exe ----

@test "a program that an image starts in place of its own cannot be overwritten" {
	evil exe
	mkdir -p "$EVIL/bin"
	printf '#!/proc/self/exe\n' >"$EVIL/bin/start"
	chmod +x "$EVIL/bin/start"
	cp "$TOOL" "$SCRATCH/runtime"
	local before
	before=$(sha256sum <"$SCRATCH/runtime")
	describe '.layers = ["exe", "base"] | .process.args = ["/bin/start"]'
	run timeout 20 "$SCRATCH/runtime" protected run "$SCRATCH/spec.json"
	# the runtime itself ran inside, as the usage that it prints shows; now one that stays there
	start
	local own=$SCRATCH/runtime
	"$own" protected exec /dev/stdin "$PID" "$START" "$(cgroup)" <<<'{"args": ["sleep", "50"], "env": ["PATH=/bin"]}' &
	local joined=$!
	run join 'sh("for p in /proc/[0-9]*; do echo x > $p/exe; done 2>/dev/null; for p in /proc/[0-9]*; do probe write $p/exe; done")'
	kill "$joined" 2>/dev/null || true
	wait "$joined" 2>/dev/null || true
	[ "$(sha256sum <"$SCRATCH/runtime")" = "$before" ]
}

@test "the runtime's program is reached through a read-only mount only" {
	cp "$TOOL" "$SCRATCH/runtime2"
	"$SCRATCH/runtime2" protected run "$SCRATCH/absent.json" || true
	describe 'sh("sleep 100")'
	rm -f "$SCRATCH/started"
	mkfifo "$SCRATCH/started"
	"$SCRATCH/runtime2" protected run "$SCRATCH/spec.json" "$SCRATCH/started" </dev/null >/dev/null 2>&1 3>&- &
	TOOL_PID=$!
	read -rt 20 PID START <"$SCRATCH/started"
	local shim
	shim=$(awk '/^PPid/ {print $2}' "/proc/$PID/status")
	run chmod 755 "/proc/$shim/exe" # writing is ETXTBSY as long as it runs; this asks the mount
	says "Read-only file system"
}

# ---- CVE-2024-21626, CVE-2016-9962: descriptors of the host ----

@test "no descriptor of the host is left, and none can be the working folder" {
	run box '.process.args = ["probe", "descriptors"]'
	[ "$output" = ok ]
	start
	run join '.args = ["probe", "descriptors"]'
	[ "$output" = ok ]
	local fd
	for fd in 3 4 5 6 7 8 9 10 12 15 20; do
		run box ".process.cwd = \"/proc/self/fd/$fd\""
		[ "$status" = 125 ]
		run join ".cwd = \"/proc/self/fd/$fd\""
		[ "$status" = 125 ]
	done
	run box '.process.cwd = "/proc/self/fd/7/../../.."'
	[ "$status" = 125 ]
}

@test "a link in the image cannot make a host folder the working folder" {
	evil cwd
	ln -s /proc/self/fd/8 "$EVIL/cwd"
	run box '.layers = ["cwd", "base"] | .process.cwd = "/cwd"'
	[ "$status" = 125 ]
	ln -sfn "../../../../..$SCRATCH/secret" "$EVIL/cwd"
	run box '.layers = ["cwd", "base"] | .process.cwd = "/cwd" | sh("cat file")'
	[[ $output != *host-secret* ]]
}

# ---- CVE-2021-30465, CVE-2019-16884, CVE-2019-19921: mounts led astray by links ----

@test "links in an image lead no mount out of the root" {
	evil links
	mkdir -p "$EVIL/etc"
	ln -s "../../../../../../..$SCRATCH/secret" "$EVIL/up"
	ln -s "$SCRATCH/secret" "$EVIL/absolute"
	ln -s "$SCRATCH/secret/made-by-mount" "$EVIL/dangling"
	mkdir -p "$SCRATCH/give"
	local target
	for target in /up /absolute /dangling /up/below /absolute/below; do
		run box ".layers = [\"links\", \"base\"] | .mounts = [{type: \"bind\", source: \"$SCRATCH/give\", target: \"$target\"}] |
			sh(\"touch $target/inside\")"
		[ "$status" = 0 ]
	done
	[ "$(ls -A "$SCRATCH/secret")" = file ]
}

@test "an image whose /proc, /sys or /dev is a link is refused" {
	local place
	for place in proc sys dev; do
		evil "fake-$place"
		mkdir -p "$EVIL/data/fake"
		ln -s /data/fake "$EVIL/$place"
		run box ".layers = [\"fake-$place\", \"base\"]"
		[ "$status" = 125 ]
		says "'/$place' is a symbolic link in the image"
	done
}

@test "an image's /etc/hosts that is a link to a host path is written inside only" {
	evil etc
	mkdir -p "$EVIL/etc" "$SCRATCH/etc"
	ln -s "$SCRATCH/secret/hosts" "$EVIL/etc/hosts"
	echo ours >"$SCRATCH/etc/hosts"
	run box ".layers = [\"etc\", \"base\"] | .etc_folder = \"$SCRATCH/etc\" | sh(\"cat /etc/hosts\")"
	[ "$output" = ours ]
	[ "$(ls -A "$SCRATCH/secret")" = file ]
}

@test "a volume whose folder turns into a link while it is mounted to leads nowhere else" {
	local volume=$SCRATCH/race
	mkdir -p "$volume/dir" "$SCRATCH/give"
	ln -s / "$volume/link"
	python3 - "$volume" <<-'P' &
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		a, b = (os.path.join(sys.argv[1], n).encode() for n in ("dir", "link"))
		while os.path.exists(sys.argv[1]):
		    libc.renameat2(-100, a, -100, b, 2)
	P
	local swapper=$! i
	for i in $(seq 40); do
		run box ".mounts = [{type: \"bind\", source: \"$volume\", target: \"/v\"},
			{type: \"bind\", source: \"$SCRATCH/give\", target: \"/v/dir/below\"}] |
			sh(\"grep -c $SCRATCH /proc/self/mountinfo; ls /work /var/lib/dpkg 2>/dev/null; true\")"
		[[ $output != *dpkg* ]] || break
	done
	kill "$swapper"
	wait "$swapper" 2>/dev/null || true
	[ ! -d /below ]
	refuted grep -q "$SCRATCH" /proc/self/mountinfo
}

@test "a mount target in a volume cannot be led into /proc" {
	local volume=$SCRATCH/toproc
	mkdir -p "$volume" "$SCRATCH/give"
	ln -s /proc "$volume/p"
	run box ".mounts = [{type: \"bind\", source: \"$volume\", target: \"/v\"},
		{type: \"bind\", source: \"$SCRATCH/give\", target: \"/v/p/sys\"}]"
	[ "$status" = 125 ]
	says "leads into /proc"
}

# ---- CVE-2022-0492, CVE-2022-0185, CVE-2015-3627 and kin: the kernel's own doors ----

@test "a release agent cannot be set, nor a world made where it could be" {
	run box '.process.args = ["probe", "release-agent"]'
	[ "$output" != ok ]
	run box '.process.args = ["probe", "user-namespace"]'
	[ "$output" = EPERM ]
	run box 'sh("unshare -U -r -m -C true")'
	[ "$status" != 0 ]
	# and without the filter the kernel still asks for rights that the container does not have
	run box 'del(.process.seccomp) | .process.args = ["probe", "mount", "/tmp"]'
	[ "$output" = EPERM ]
	run box 'del(.process.seccomp) | .process.args = ["probe", "release-agent"]'
	[ "$output" != ok ]
}

@test "files of the host cannot be opened by handle" {
	run box '.process.args = ["probe", "handle"]'
	[ "$output" = EPERM ]
	run box 'del(.process.seccomp) | .process.args = ["probe", "handle"]'
	[ "$output" = EPERM ]
}

@test "disks and memory of the host cannot be read through nodes" {
	local disk
	disk=$(stat -c '%Hd %Ld' / 2>/dev/null) || skip
	run box ".process.args = [\"probe\", \"device\", \"b${disk% *}\", \"${disk#* }\"]"
	[ "$output" = EPERM ]
	run box '.process.args = ["probe", "read", "/proc/kcore"]'
	[ "$output" != ok ]
	run box '.process.args = ["probe", "read", "/proc/keys"]'
	[ "$output" != ok ]
}

@test "what the kernel takes orders from is read-only" {
	local file
	for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/panic_on_oom \
		/proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/uevent_helper \
		/sys/class/mem/null/uevent; do
		run box ".process.args = [\"probe\", \"write\", \"$file\"]"
		[ "$output" != ok ]
	done
}

@test "the mode of the host's /dev/null stays as it is, whoever changes that of stdin" {
	local before
	before=$(stat -c %a /dev/null)
	describe '.process.args = ["probe", "chmod-stdin"]'
	jq . "$SCRATCH/spec.json" >/dev/null
	run "$TOOL" run "$SCRATCH/spec.json" <&-
	[ "$(stat -c %a /dev/null)" = "$before" ]
}

@test "a container has a session keyring of its own" {
	run box 'del(.process.seccomp) | .process.args = ["probe", "keyring"]'
	[ "$status" = 0 ]
	local inside=$output
	run "$PROBE" keyring
	[ "$output" != "$inside" ] || [ "${lines[-1]}" != ok ] || [[ $inside == *_ses* ]]
}

@test "root of a container cannot trace or signal what is outside" {
	run box 'sh("ls -d /proc/[0-9]* | wc -l; kill -0 2 && echo more")'
	[ "${lines[0]}" -le 3 ]
}

# ---- what a dead or lying container must not do to a join ----

@test "a container that replaced /dev/pts or /dev/null is not trusted by a join" {
	start '.process.capabilities = 2199023255551 | del(.process.seccomp) |
		sh("umount /dev/pts; mkdir -p /dev/pts; mknod /dev/pts/ptmx c 1 3; rm /dev/null; mknod /dev/null c 1 5; echo ready > /tmp/ready; sleep 100")'
	wait_until 10 test -s "/proc/$PID/root/tmp/ready"
	run join '.terminal = true'
	[ "$status" = 125 ]
	says "is not a devpts"
	jq -n '{args: ["true"], env: ["PATH=/bin"]}' >"$SCRATCH/process.json"
	run "$TOOL" exec "$SCRATCH/process.json" "$PID" "$START" "$(cgroup)" </dev/null
	[ "$status" = 0 ] || says "'/dev/null' in the container is something else"
}
