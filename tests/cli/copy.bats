#!/usr/bin/env bats
# cp: what goes where, under which name.  The daemon is canned; tests/engine has a real one.

load ../lib/wherry
load canned

setup() {
	canned_begin
	cd "$SCRATCH"
	mkdir -p src/dir
	echo one >src/f
	echo two >src/dir/g
	ln -s f src/link
}
teardown() { canned_end; }

folder=$((1 << 31 | 0755)) file=0644 link=$((1 << 27 | 0777)) device=$((1 << 26 | 1 << 21))

# in_container METHOD MODE [BODY-FILE]: what is at every path of container c.
in_container() {
	local stat
	stat=$(printf '{"name":"x","size":1,"mode":%d,"mtime":"2025-01-01T00:00:00Z","linkTarget":"%s"}' "$2" "${TARGET-}" |
		base64 -w0)
	{ echo "200 stat=$stat"; [ -z "${3-}" ] || cat "$3"; } >"$SCRATCH/${1}_containers_c_archive"
}

@test "cp to a container makes names as the destination asks for" {
	answer "PUT /containers/c/archive" 200
	in_container HEAD $folder
	wherry cp src/f c:/data
	requests | grep -aqx 'PUT /containers/c/archive?path=%2Fdata&noOverwriteDirNonDir=true'
	requests | tr '\0' '\n' | grep -aqx one
	in_container HEAD $file
	wherry cp -a src/f c:/data/new
	requests | grep -aqx 'PUT /containers/c/archive?path=%2Fdata&noOverwriteDirNonDir=true&copyUIDGID=true'
	requests | tr '\0' '\n' | grep -aqx new
	run wherry cp src/dir c:/data/new
	[ "$output" = "cannot copy directory" ]
	rm HEAD_containers_c_archive
	run wherry cp src/f c:/data/new/
	[ "$output" = "no such directory" ]
}

@test "cp from a container unpacks below the destination" {
	tar -C src -cf dir.tar dir
	tar -C src -cf f.tar f
	in_container GET $folder dir.tar
	wherry cp c:/x/dir out
	[ "$(cat out/g)" = two ]
	mkdir there
	wherry cp c:/x/dir there
	[ "$(cat there/dir/g)" = two ]
	run wherry cp c:/x/dir src/f
	[ "$output" = "cannot copy directory" ]
	in_container GET $file f.tar
	wherry cp c:/x/f there/other
	[ "$(cat there/other)" = one ]
	ln -s elsewhere dangling
	wherry cp c:/x/f dangling
	[ "$(cat elsewhere)" = one ]
	[ "$(wherry cp c:/x/f - | tar -xOf -)" = one ]
	run wherry cp c:/x/f missing/
	[ "$output" = "no such directory" ]
	run wherry cp c:/x/f missing/x
	[ "$output" = "invalid output path: directory \"$SCRATCH/missing\" does not exist" ]
	run wherry cp c:/x/f /dev/null
	[ "$output" = 'invalid output path: "/dev/null" must be a directory or a regular file: got a device' ]
}

@test "an archive that leads out of the destination is refused" {
	(cd src && tar -cPf ../evil.tar ../elsewhere.bats f 2>/dev/null) || true
	echo out >elsewhere.bats
	(cd src && tar -cPf ../evil.tar ../elsewhere.bats)
	rm elsewhere.bats
	in_container GET $folder evil.tar
	mkdir out
	run wherry cp c:/x out
	[ "$status" = 1 ]
	[ ! -e elsewhere.bats ]
}

@test "with -L the link's target comes, under the link's name" {
	tar -C src -cf f.tar f
	in_container GET $file f.tar
	TARGET=f in_container HEAD $link
	mkdir out
	wherry cp -L c:/x/link out
	requests | grep -aqx 'GET /containers/c/archive?path=%2Fx%2Ff'
	[ "$(cat out/link)" = one ]
}

@test "cp is refused where it makes no sense" {
	in_container HEAD $device
	run wherry cp src/f c:/dev/sda
	[ "$output" = 'destination "c:/dev/sda" must be a directory or a regular file: got a device' ]
	run wherry cp - c:/nothing </dev/null
	[ "$output" = 'destination "c:/nothing" must be a directory or a regular file: got a device' ]
	in_container HEAD $file
	run wherry cp - c:/nothing </dev/null
	[ "$output" = 'destination "c:/nothing" must be a directory' ]
	run wherry cp a b
	[ "$output" = "must specify at least one container source" ]
	run wherry cp a:x b:y
	[ "$output" = "copying between containers is not supported" ]
	run wherry cp "" c:x
	[ "$output" = "source can not be empty" ]
	run wherry cp nosuch c:/x
	[ "$output" = "lstat $SCRATCH/nosuch: no such file or directory" ]
}
