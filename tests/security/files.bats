#!/usr/bin/env bats
# Files in and out of a container that does not wish us well: it swaps folders for links while we copy
# (CVE-2018-15664), and has libraries of its own where the copier might look for some (CVE-2019-14271).

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	# What must never be read nor written: the same names are inside the container, with other contents.
	mkdir -p "$SCRATCH/host/folder"
	echo host-secret >"$SCRATCH/host/folder/file"
}

teardown_file() {
	daemon_stop
	scratch_end
}

teardown() { remove_all_containers; }

run_one() {
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",\"Cmd\":$2${3+,$3}}" >/dev/null
	expect_status 201
	api POST "/containers/$1/start" >/dev/null
	expect_status 204
}
inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
root_of() { echo "/proc/$(inspect "$1" .State.Pid)/root"; }
archive() { echo "http://d/v1.47/containers/$1/archive?path=$2"; }
worker() { pgrep -P "$(cat "$SCRATCH/run/wherryd.pid")" -f '^wherry-worker archive' | head -1; }
has_worker() { [ -n "$(worker)" ]; }

# racer NAME: /swap is a folder, and then a link to the host's folder, and then a folder ...
racer() {
	cat >"$SCRATCH/racer.c" <<-'EOF'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			for (unsigned i = 0;; i++) {
				syscall(SYS_renameat2, AT_FDCWD, "/swap", AT_FDCWD, "/link", 2); /* exchange */
				if (i % 7 == 0) /* odd: at rest it is either; and who copies gets on, too */
					usleep(1);
			}
		}
	EOF
	[ -x "$SCRATCH/racer" ] || cc -static -o "$SCRATCH/racer" "$SCRATCH/racer.c"
	run_one "$1" '["sh","-c","mkdir -p /swap/folder; echo inside >/swap/folder/file; while [ ! -e /racer ]; do sleep 0.05; done; exec /racer"]'
	local root
	root=$(root_of "$1")
	has_swap() { [ -e "$root/swap/folder/file" ]; }
	wait_until 10 has_swap
	ln -s "$SCRATCH/host" "$root/link"
	cp "$SCRATCH/racer" "$root/racer.new" && mv "$root/racer.new" "$root/racer"
}

@test "a folder that becomes a link to the host's while it is copied out gives nothing of the host (CVE-2018-15664)" {
	racer c1
	local i found=0
	for i in $(seq 60); do
		curl -sS --unix-socket "$SOCKET" "$(archive c1 /swap/folder)" -o "$SCRATCH/out.tar" || true
		curl -sS --unix-socket "$SOCKET" "$(archive c1 /swap/)" -o "$SCRATCH/out2.tar" || true
		refuted grep -qa host-secret "$SCRATCH/out.tar" "$SCRATCH/out2.tar"
		! grep -qa inside "$SCRATCH/out.tar" || found=$((found + 1))
	done
	[ $found -gt 0 ] && [ $found -lt 60 ] # it did race
}

@test "nor is anything written to the host when it is copied in" {
	racer c1
	mkdir -p "$SCRATCH/in/folder/deep"
	echo planted >"$SCRATCH/in/folder/planted"
	echo planted >"$SCRATCH/in/folder/deep/planted"
	mkdir -p "$SCRATCH/in/swap"
	cp -r "$SCRATCH/in/folder" "$SCRATCH/in/swap/folder"
	tar -C "$SCRATCH/in" -cf "$SCRATCH/in.tar" folder
	tar -C "$SCRATCH/in" -cf "$SCRATCH/swap.tar" swap/folder/planted swap/folder/deep/planted
	local i
	for i in $(seq 60); do
		curl -sS --unix-socket "$SOCKET" -T "$SCRATCH/in.tar" "$(archive c1 /swap)" -o /dev/null || true
		curl -sS --unix-socket "$SOCKET" -T "$SCRATCH/swap.tar" "$(archive c1 /)" -o /dev/null || true
	done
	[ "$(find "$SCRATCH/host" | sort | tr '\n' ' ')" = "$SCRATCH/host $SCRATCH/host/folder $SCRATCH/host/folder/file " ]
	[ "$(cat "$SCRATCH/host/folder/file")" = host-secret ]
}

# A library that leaves a mark wherever it is loaded.
evil_library() {
	cat >"$SCRATCH/evil.c" <<-'EOF'
		#include <fcntl.h>
		#include <unistd.h>
		__attribute__((constructor)) static void loaded(void)
		{
			close(open("/tmp/loaded", O_CREAT | O_WRONLY, 0666));
		}
		int gconv_init(void *step) { loaded(); return 1; }
		int gconv(void) { return 0; }
	EOF
	cc -shared -fPIC -o "$SCRATCH/evil.so" "$SCRATCH/evil.c"
}

@test "libraries, name services and tables of the container are not loaded by who copies (CVE-2019-14271)" {
	evil_library
	run_one c1 '["sleep","1000"]' '"User":"ann"'
	local root folder name
	root=$(root_of c1)
	for folder in lib lib64 usr/lib usr/lib64 lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu/gconv usr/lib/gconv; do
		mkdir -p "$root/$folder"
		for name in libnss_files.so.2 libnss_compat.so.2 libnss_dns.so.2 libnss_systemd.so.2 libc.so.6 libgcc_s.so.1 libzstd.so.1 \
			UTF-16.so UTF-7.so ISO8859-1.so ANSI_X3.110.so libCNS.so; do
			cp "$SCRATCH/evil.so" "$root/$folder/$name"
		done
	done
	printf 'module UTF-8// INTERNAL ISO8859-1 1\nmodule INTERNAL UTF-8// ISO8859-1 1\n' |
		tee "$root/usr/lib/gconv/gconv-modules" >"$root/usr/lib/x86_64-linux-gnu/gconv/gconv-modules"
	printf 'passwd: files compat systemd\ngroup: files compat systemd\nhosts: dns\n' >"$root/etc/nsswitch.conf"
	for folder in lib usr/lib lib/x86_64-linux-gnu; do echo "/$folder/libnss_files.so.2"; done >"$root/etc/ld.so.preload"
	mkdir -p "$SCRATCH/names"
	touch "$SCRATCH/names/$(printf 'na\303\257ve')" "$SCRATCH/names/$(printf 'la\344tin')"
	tar -C "$SCRATCH/names" --format=posix --owner=ann:1000 -cf "$SCRATCH/names.tar" .
	tar -C "$SCRATCH/names" --format=posix --pax-option=hdrcharset=BINARY -cf "$SCRATCH/binary.tar" .
	local tar
	for tar in names binary; do
		curl -sS --unix-socket "$SOCKET" -T "$SCRATCH/$tar.tar" "$(archive c1 /root)&copyUIDGID=1" -o "$SCRATCH/body"
		[ ! -s "$SCRATCH/body" ]
	done
	curl -sS --unix-socket "$SOCKET" "$(archive c1 /root)" -o "$SCRATCH/out.tar"
	[ "$(tar -tf "$SCRATCH/out.tar" | wc -l)" = 3 ]
	curl -sS --unix-socket "$SOCKET" http://d/containers/c1/changes -o /dev/null
	curl -sS --unix-socket "$SOCKET" http://d/containers/c1/export -o "$SCRATCH/out.tar"
	tar -tf "$SCRATCH/out.tar" >/dev/null
	[ ! -e "$root/tmp/loaded" ]
	[ ! -e /tmp/loaded ]
}

status_of() { awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status"; }

@test "who copies is caged: the container's root, few rights, a filter, nothing of the host" {
	run_one c1 '["sleep","1000"]'
	head -c 20000000 /dev/urandom >"$SCRATCH/noise"
	tar -C "$SCRATCH" -cf "$SCRATCH/noise.tar" noise
	curl -sS --unix-socket "$SOCKET" -T "$SCRATCH/noise.tar" "$(archive c1 /tmp)" -o /dev/null
	local pid caps mode
	for mode in out in; do
		if [ $mode = out ]; then
			curl -sS --unix-socket "$SOCKET" --limit-rate 200K "$(archive c1 /tmp)" -o /dev/null 3>&- &
			caps=0000000000200004
		else
			curl -sS --unix-socket "$SOCKET" --limit-rate 200K -T "$SCRATCH/noise.tar" "$(archive c1 /tmp)" -o /dev/null 3>&- &
			caps=000000008820001b
		fi
		local client=$!
		wait_until 10 has_worker
		pid=$(worker)
		caged() { [ "$(status_of "$pid" Seccomp)" = 2 ]; }
		wait_until 10 caged
		[ "$(status_of "$pid" CapEff)" = $caps ]
		[ "$(status_of "$pid" CapPrm)" = $caps ]
		[ "$(status_of "$pid" NoNewPrivs)" = 1 ]
		[ "$(stat -Lc %i "/proc/$pid/root")" = "$(stat -Lc %i "$(root_of c1)")" ]
		[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
		[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink "/proc/$(inspect c1 .State.Pid)/ns/mnt")" ]
		# Every mount is without code, devices and setuid; out: read-only.
		refuted grep -v noexec "/proc/$pid/mounts"
		[ $mode = in ] || ! grep -vE ' ro,' "/proc/$pid/mounts"
		refuted grep -q " /proc\| /sys" "/proc/$pid/mounts"
		# No descriptor leads to the host's files.
		if ls -l "/proc/$pid/fd" | grep -E " -> /(work|home|tmp|var|etc|root|usr)" | grep -v "$SCRATCH/wherryd.log" | grep -v -- "-> /tmp/\?\(noise\)\?$"; then return 1; fi
		kill "$client" 2>/dev/null || true
		wait "$client" 2>/dev/null || true
		gone() { [ ! -d "/proc/$pid" ]; }
		wait_until 10 gone
	done
}

@test "in that cage a new volume is filled, too" {
	api POST "/containers/create?name=c1" '{"Image":"busybox","HostConfig":{"Binds":["given:/etc","bin:/bin"]}}' >/dev/null
	expect_status 201
	cmp "$SCRATCH/busybox/etc/passwd" "$SCRATCH/data/volumes/given/_data/passwd"
	cmp "$SCRATCH/busybox/bin/busybox" "$SCRATCH/data/volumes/bin/_data/busybox"
	[ "$(readlink "$SCRATCH/data/volumes/bin/_data/ls")" = busybox ]
}

@test "who builds may keep a folder that was sent beside the context, in its cage" {
	mkdir -p "$SCRATCH/context" "$SCRATCH/beside"
	printf 'FROM busybox\nCOPY --from=beside . /all/\n' >"$SCRATCH/context/Dockerfile"
	echo kept >"$SCRATCH/beside/file"
	wherry build -q -t beside --build-context "beside=$SCRATCH/beside" "$SCRATCH/context"
	[ "$(wherry run --rm --network none beside cat /all/file)" = kept ]
}

# with_capability CAPABILITY TAG: a build that copies a file with it twice, from the context and from a stage.
with_capability() {
	setcap "$1" "$SCRATCH/capable/tool"
	tar -C "$SCRATCH/capable" --xattrs --xattrs-include='*' -c . | wherry build -t "$2" - >"$SCRATCH/output"
}

@test "what a file may do and is noted with travels with it, in the cage of who builds" {
	local copies
	command -v setcap >/dev/null && command -v setfattr >/dev/null || skip "needs setcap and setfattr"
	mkdir "$SCRATCH/capable"
	echo tool >"$SCRATCH/capable/tool"
	setfattr -n user.note -v kept "$SCRATCH/capable/tool"
	printf 'FROM busybox AS first\nCOPY tool /tool\nFROM busybox\nCOPY --from=first /tool /again\n' >"$SCRATCH/capable/Dockerfile"
	with_capability cap_net_raw+ep capable:1
	copies=$(getfattr -d -m 'user|capability' "$SCRATCH"/data/layers/*/{tool,again} 2>/dev/null)
	[ "$(grep -c '^user.note="kept"' <<<"$copies")" = 2 ]
	[ "$(grep -c '^security.capability=' <<<"$copies")" = 2 ]
	with_capability cap_net_admin+ep capable:2 # is another file for the cache
	refuted grep -q 'Using cache' "$SCRATCH/output"
}
