# Volumes: what the local driver mounts and when it goes again, over the deaths of the daemon too; parts of
# volumes; what is counted, told and pruned.

load daemon

teardown() {
	remove_all_containers
	remove_all_volumes
}

# make_volume NAME TYPE DEVICE [O]
make_volume() {
	api POST /volumes/create "{\"Name\":\"$1\",\"DriverOpts\":{\"type\":\"$2\",\"device\":\"$3\"${4+,\"o\":\"$4\"}}}" \
		>/dev/null
	expect_status 201
}
path_of() { api GET "/volumes/$1" | jq -r .Mountpoint; }
is_mounted() { mountpoint -q "$SCRATCH/data/volumes/$1/_data"; }
is_unmounted() { ! is_mounted "$1"; }

# create_container NAME MEMBERS; start_container NAME
create_container() {
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",$2}" >/dev/null
	expect_status 201
}
start_container() {
	api POST "/containers/$1/start" >/dev/null
	expect_status 204
}
run_container() { create_container "$@" && start_container "$1"; }
stop_container() { api POST "/containers/$1/stop?t=0" >/dev/null; }
inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
has_exited() { [ "$(inspect "$1" .State.Status)" = exited ]; }
logs() { api GET "/containers/$1/logs?stdout=1&stderr=1" | tr -d '\000\001\002'; }

# says NAME MEMBERS TEXT: a container of these members ends, and its output holds the text.
says() {
	run_container "$1" "$2" && wait_until 10 has_exited "$1" || return 1
	logs "$1" | grep -qa -- "$3" || { logs "$1" >&2; return 1; }
}
ends() { run_container "$@" && wait_until 10 has_exited "$1"; }
message_holds() {
	jq -e --arg text "$1" '.message | contains($text)' "$SCRATCH/body" >/dev/null || { cat "$SCRATCH/body" >&2; return 1; }
}

sleeper='"Cmd":["sleep","1000"],"StopSignal":"SIGKILL"'
binds() { printf '"HostConfig":{"Binds":["%s"]}' "$1"; }

@test "a tmpfs is mounted for the first container, shared, and gone after the last" {
	make_volume shared tmpfs tmpfs size=10m,uid=1000
	is_unmounted shared
	run_container t1 "$sleeper,$(binds shared:/data)"
	is_mounted shared
	[ "$(stat -c %u "$(path_of shared)")" = 1000 ]
	[ "$(findmnt -bno SIZE "$(path_of shared)" | tr -d ' ')" = 10485760 ]
	echo hello >"$(path_of shared)/file"
	says t2 "\"Cmd\":[\"cat\",\"/data/file\"],$(binds shared:/data)" hello
	is_mounted shared
	stop_container t1
	wait_until 10 is_unmounted shared
	start_container t1 # a new one, empty
	[ -z "$(ls -A "$(path_of shared)")" ]
}

@test "a bind shows a folder of the host, and what is in there stays when the volume goes" {
	mkdir -p "$SCRATCH/host"
	echo precious >"$SCRATCH/host/file"
	make_volume bound none "$SCRATCH/host" bind,ro
	says b1 "\"Cmd\":[\"sh\",\"-c\",\"cat /data/file; touch /data/x\"],$(binds bound:/data)" precious
	logs b1 | grep -qa "Read-only file system"
	wait_until 10 is_unmounted bound
	# Even when somebody left it mounted.
	api DELETE /containers/b1
	mount --bind "$SCRATCH/host" "$(path_of bound)"
	api DELETE /volumes/bound
	expect_status 204
	nothing_is_left() { [ -z "$(ls -A "$SCRATCH/data/volumes")" ]; }
	wait_until 10 nothing_is_left
	[ "$(cat "$SCRATCH/host/file")" = precious ]
}

@test "a file with a filesystem gets a loop device, which goes with the mount" {
	truncate -s 16M "$SCRATCH/disk.img"
	mkfs.ext4 -q "$SCRATCH/disk.img"
	make_volume disk ext4 "$SCRATCH/disk.img"
	run_container l1 "$sleeper,$(binds disk:/data)"
	losetup -j "$SCRATCH/disk.img" | grep -q loop
	[ "$(findmnt -no FSTYPE "$(path_of disk)")" = ext4 ]
	api DELETE /containers/l1?force=1
	wait_until 10 is_unmounted disk
	no_loop() { [ -z "$(losetup -j "$SCRATCH/disk.img")" ]; }
	wait_until 10 no_loop
	make_volume looped ext4 "$SCRATCH/disk.img" loop,noatime
	says l2 "\"Cmd\":[\"sh\",\"-c\",\"echo on-disk >/data/f; cat /data/f; df -T /data\"],$(binds looped:/data)" on-disk
	wait_until 10 no_loop
	local device
	device=$(losetup -f --show "$SCRATCH/disk.img")
	make_volume block ext4 "$device"
	says l3 "\"Cmd\":[\"cat\",\"/data/f\"],$(binds block:/data)" on-disk
	wait_until 10 is_unmounted block
	losetup -d "$device"
}

# Two devices of one file would be two filesystems that write to it.
@test "a file has one loop device, also when the last mount outlives its container, or two volumes name it" {
	local held
	truncate -s 16M "$SCRATCH/held.img"
	mkfs.ext4 -q "$SCRATCH/held.img"
	make_volume held ext4 "$SCRATCH/held.img"
	make_volume again ext4 "$SCRATCH/held.img"
	run_container h1 "$sleeper,$(binds held:/data)"
	exec {held}</proc/$(api GET /containers/h1/json | jq .State.Pid)/root/data
	api POST "/containers/h1/restart?t=0"
	expect_status 204
	run_container h2 "$sleeper,$(binds again:/data)"
	[ "$(losetup -nj "$SCRATCH/held.img" -O NAME | wc -l)" = 1 ]
	echo seen >"$(path_of again)/file"
	[ "$(cat "$(path_of held)/file")" = seen ]
	exec {held}<&-
	remove_all_containers
	no_loop() { [ -z "$(losetup -j "$SCRATCH/held.img")" ]; }
	wait_until 10 no_loop
}

@test "an empty one is filled from the image, unless nocopy says no" {
	make_volume filled tmpfs tmpfs
	says f1 "\"Cmd\":[\"ls\",\"/x\",\"/home\"],$(binds filled:/home)" ann
	ends f2 "\"Cmd\":[\"ls\",\"-A\",\"/home\"],$(binds filled:/home:nocopy)"
	[ -z "$(logs f2)" ]
	# Only the first start of a container does that.
	api POST /volumes/create '{"Name":"emptied"}' >/dev/null
	ends f3 "\"Cmd\":[\"sh\",\"-c\",\"ls /home; rm -r /home/ann\"],$(binds emptied:/home)"
	start_container f3
	wait_until 10 has_exited f3
	[ -z "$(ls -A "$(path_of emptied)")" ]
}

# Made and started beside others that want the same volume, each sees all of what the image has.
runs_beside() {
	local body
	body=$(jq -nc --arg bind "$2:/many" '{Image: "many", Cmd: ["sh", "-c", "ls /many | wc -l"], HostConfig: {Binds: [$bind]}}')
	ask_daemon POST "/v1.47/containers/create?name=$1" "$body" && ask_daemon POST "/v1.47/containers/$1/start" &&
		ask_daemon POST "/v1.47/containers/$1/wait"
}

@test "one that several fill at once is filled once, and nobody starts with a part of it" {
	local name beside
	ends m0 '"Cmd":["sh","-c","mkdir /many; for i in $(seq 2000); do echo $i >/many/$i; done"]'
	api POST "/commit?container=m0&repo=many" >/dev/null
	expect_status 201
	for name in m1 m2 m3 m4 m5; do
		runs_beside $name crowded >/dev/null &
		beside="$beside $!"
	done
	wait $beside
	for name in m1 m2 m3 m4 m5; do
		[ "$(logs $name | grep -ao '[0-9]*$')" = 2000 ]
	done
	# What is mounted is filled by the start.
	make_volume mounted tmpfs tmpfs
	beside=
	for name in n1 n2 n3 n4 n5; do
		runs_beside $name mounted >/dev/null &
		beside="$beside $!"
	done
	wait $beside
	for name in n1 n2 n3 n4 n5; do
		[ "$(logs $name | grep -ao '[0-9]*$')" = 2000 ]
	done
}

@test "a container that never runs fills its volumes too, for those who share them" {
	create_container w1 '"Cmd":["true"],"Volumes":{"/home":{}},"HostConfig":{"Binds":["given:/etc","part:/none:ro"]}'
	[ "$(cat "$(path_of given)/group" | head -1)" = root:x:0: ]
	[ "$(stat -c %a "$(path_of given)")" = "$(stat -c %a "$SCRATCH/busybox/etc")" ]
	[ -z "$(ls -A "$(path_of part)")" ]
	says w2 '"Cmd":["ls","/home"],"HostConfig":{"VolumesFrom":["w1"]}' ann
	echo mine >"$(path_of given)/group"
	create_container w3 "\"Cmd\":[\"true\"],$(binds given:/etc)"
	[ "$(cat "$(path_of given)/group")" = mine ]
	wait_until 10 no_worker
}
no_worker() { ! pgrep -P "$(daemon_pid)" -f '^wherry-worker archive' >/dev/null; }

@test "what cannot be mounted is said at the start, without passwords" {
	make_volume gone none "$SCRATCH/nowhere" bind
	create_container g1 "$sleeper,$(binds gone:/data)"
	api POST /containers/g1/start
	expect_status 500
	message_holds "failed to mount local volume: mount $SCRATCH/nowhere:gone, options: bind: no such file or directory"
	make_volume share cifs //127.0.0.1/share 'username=ann,password=secret'
	create_container g2 "$sleeper,$(binds share:/data)"
	api POST /containers/g2/start
	expect_status 500
	message_holds 'failed to mount local volume'
	refuted grep -q secret "$SCRATCH/body"
	make_volume nowhere nfs :/export addr=no.such.host.invalid,rw
	create_container g3 "$sleeper,$(binds nowhere:/data)"
	api POST /containers/g3/start
	expect_status 503
	message_holds "cannot find the address of 'no.such.host.invalid'"
	mkdir "$SCRATCH/nowhere" # it can come later
	start_container g1
}

@test "options are checked when a volume is made" {
	local request
	while IFS='|' read -r request message; do
		api POST /volumes/create "$request"
		expect_status 400
		message_holds "$message"
	done <<'CASES'
{"Name":"v2","DriverOpts":{"bogus":"1"}}|create v2: invalid option: "bogus"
{"Name":"v2","DriverOpts":{"type":"nfs"}}|create v2: missing required option: "device"
{"Name":"v2","DriverOpts":{"device":"/x"}}|create v2: missing required option: "type"
{"Name":"v2","DriverOpts":{"size":"10G"}}|create v2: quota size requested but no quota support
CASES
}

@test "a daemon that died finds what is mounted, and unmounts what nobody holds" {
	make_volume held tmpfs tmpfs
	run_container k1 "$sleeper,$(binds held:/data)"
	echo kept >"$(path_of held)/file"
	daemon_kill
	daemon_start
	is_mounted held
	says k2 "\"Cmd\":[\"cat\",\"/data/file\"],$(binds held:/data)" kept
	stop_container k1
	wait_until 10 is_unmounted held
	# The container ends while there is no daemon.
	start_container k1
	local pid
	pid=$(inspect k1 .State.Pid)
	daemon_kill
	is_mounted held
	kill -KILL "$pid"
	daemon_start
	wait_until 10 is_unmounted held
	# And one that died between the mount and the start.
	daemon_kill
	mount -t tmpfs tmpfs "$SCRATCH/data/volumes/held/_data"
	daemon_start
	wait_until 10 is_unmounted held
}

@test "starts and ends of many containers leave nothing mounted" {
	local i
	make_volume busy tmpfs tmpfs
	for i in 1 2 3 4 5 6; do
		create_container "m$i" "\"Cmd\":[\"true\"],$(binds busy:/data)"
	done
	for i in 1 2 3 4 5 6; do
		curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/containers/m$i/start" &
	done
	wait
	wait_until 20 is_unmounted busy
	for i in 1 2 3 4 5 6; do
		wait_until 10 has_exited "m$i"
		[ "$(inspect "m$i" .State.ExitCode)" = 0 ]
	done
}

volume_mount() { printf '"HostConfig":{"Mounts":[{"Type":"volume","Source":"%s","Target":"/data","VolumeOptions":%s}]}' "$1" "$2"; }

@test "a part of a volume is found below it, wherever its links lead" {
	local path
	api POST /volumes/create '{"Name":"parts"}' >/dev/null
	path=$(path_of parts)
	mkdir -p "$path/a/b" "$path/etc"
	echo inside >"$path/a/b/file"
	echo mine >"$path/etc/hostname"
	ln -s /a/b "$path/absolute"
	ln -s ../../../../../../../../etc "$path/escape"
	says p1 "\"Cmd\":[\"cat\",\"/data/file\"],$(volume_mount parts '{"Subpath":"a/b"}')" inside
	says p2 "\"Cmd\":[\"cat\",\"/data/file\"],$(volume_mount parts '{"Subpath":"absolute"}')" inside
	says p3 "\"Cmd\":[\"cat\",\"/data/hostname\"],$(volume_mount parts '{"Subpath":"escape"}')" mine
	create_container p4 "$sleeper,$(volume_mount parts '{"Subpath":"none"}')"
	api POST /containers/p4/start
	expect_status 400
	message_holds "cannot access path $path/none: no such file or directory"
	api POST /containers/create "{\"Image\":\"busybox\",$(volume_mount parts '{"Subpath":"../x"}')}"
	expect_status 400
	message_holds "subpath must be a relative path within the volume"
}

@test "mounts carry a driver's options, labels, and hand on what another container has" {
	run_container o1 "$sleeper,\"HostConfig\":{\"Mounts\":[
		{\"Type\":\"volume\",\"Source\":\"made\",\"Target\":\"/data\",\"VolumeOptions\":{\"Labels\":{\"for\":\"o1\"},
			\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"type\":\"tmpfs\",\"device\":\"tmpfs\",\"o\":\"size=4m\"}}}},
		{\"Type\":\"tmpfs\",\"Target\":\"/scratch\",\"TmpfsOptions\":{\"SizeBytes\":1048576,\"Mode\":448,\"Options\":[[\"noexec\"]]}}]}"
	api GET /volumes/made
	jq -e '.Labels.for == "o1" and .Options.o == "size=4m"' "$SCRATCH/body"
	is_mounted made
	grep -q " /scratch tmpfs rw,.*noexec.*size=1024k,mode=700" "/proc/$(inspect o1 .State.Pid)/mounts"
	says o2 '"Cmd":["sh","-c","df -P /data; touch /data/x"],"HostConfig":{"VolumesFrom":["o1:ro,z"]}' ' 4096 '
	logs o2 | grep -qa "Read-only file system"
	api DELETE /volumes/made
	expect_status 409
	message_holds "remove made: volume is in use - ["
}

@test "what is mounted below a bind is read-only too, unless it is asked not to be" {
	mkdir -p "$SCRATCH/deep/below"
	mount -t tmpfs tmpfs "$SCRATCH/deep/below"
	deep() {
		printf '"Cmd":["sh","-c","touch /data/below/x && echo written"],"HostConfig":{"Mounts":[{"Type":"bind","Source":"%s","Target":"/data","ReadOnly":true,"BindOptions":%s}]}' \
			"$SCRATCH/deep" "$1"
	}
	says d1 "$(deep '{}')" "Read-only file system"
	says d2 "$(deep '{"ReadOnlyForceRecursive":true}')" "Read-only file system"
	says d3 "$(deep '{"ReadOnlyNonRecursive":true}')" written
	says d4 "$(deep '{"NonRecursive":true}')" "Read-only file system"
	umount "$SCRATCH/deep/below"
}

events_since() {
	api GET "/events?since=$1&until=$(date +%s.%N)&filters=%7B%22type%22%3A%5B%22volume%22%5D%7D" | jq -r '"\(.Action) \(.Actor.ID)"'
}

told_is() { [ "$(events_since "$1" | tr "\n" ";")" = "$2" ]; }

@test "events tell of volumes, made and removed by whomever" {
	local start
	start=$(date +%s.%N)
	ends e1 "\"Cmd\":[\"true\"],$(binds told:/data)"
	api DELETE "/containers/e1?v=1"
	api DELETE /volumes/told
	wait_until 10 told_is "$start" "create told;mount told;unmount told;destroy told;"
	start=$(date +%s.%N)
	ends e2 '"Cmd":["true"],"Volumes":{"/data":{}}'
	api DELETE "/containers/e2?v=1"
	anonymous_is_told() { [ "$(events_since "$start" | cut -d' ' -f1 | tr '\n' ' ')" = "create mount unmount destroy " ]; }
	wait_until 10 anonymous_is_told
}

@test "disk usage counts what volumes hold, by a worker, and not what is mounted" {
	api POST /volumes/create '{"Name":"sized"}' >/dev/null
	head -c 5000 /dev/zero >"$(path_of sized)/a"
	ln "$(path_of sized)/a" "$(path_of sized)/same"
	make_volume elsewhere none / bind
	run_container s1 "$sleeper,$(binds elsewhere:/data:ro)"
	api GET /system/df?type=volume
	expect_status 200
	jq -e '[.Volumes[] | {(.Name): .UsageData}] | add == {sized: {RefCount: 0, Size: 5000}}' "$SCRATCH/body"
}

prune() { curl -sS --unix-socket "$SOCKET" -X POST -G "http://wherry/$1/volumes/prune" ${2+--data-urlencode "filters=$2"} >"$SCRATCH/body"; }

@test "a plugin that is not there is no missing image to who runs a container" {
	api POST /volumes/create '{"Name":"plugged","Driver":"nosuch"}'
	expect_status 404
	api POST /containers/create '{"Image":"busybox","HostConfig":{"VolumeDriver":"nosuch","Binds":["plugged:/x"]}}'
	expect_status 400
	jq -e '.message | endswith("plugin \"nosuch\" not found")' "$SCRATCH/body"
	[ "$(api GET /containers/json?all=1 | jq length)" = 0 ]
}

@test "prune takes what its version says" {
	api POST /volumes/create '{"Name":"named"}' >/dev/null
	api POST /volumes/create '{"Labels":{"keep":"1"}}' >/dev/null
	ends q1 '"Cmd":["true"],"Volumes":{"/data":{}}'
	api POST /volumes/create '{}' >/dev/null
	head -c 4096 /dev/urandom >"$SCRATCH/data/volumes/$(jq -r .Name "$SCRATCH/body")/_data/f"
	prune v1.47 '{"label!":["keep"]}'
	jq -e '(.VolumesDeleted | length) == 1 and .SpaceReclaimed >= 4096' "$SCRATCH/body"
	prune v1.42
	jq -e '(.VolumesDeleted | length) == 1' "$SCRATCH/body"
	prune v1.42
	jq -e '.VolumesDeleted == null and .SpaceReclaimed == 0' "$SCRATCH/body"
	prune v1.41
	jq -e '.VolumesDeleted == ["named"]' "$SCRATCH/body"
	api POST /volumes/create '{"Name":"named"}' >/dev/null
	prune v1.47 '{"all":["true"]}'
	jq -e '.VolumesDeleted == ["named"]' "$SCRATCH/body"
	[ "$(api GET /volumes | jq '.Volumes | length')" = 1 ] # of the container
}

@test "a create that fails takes nothing with it that was there before" {
	api POST /volumes/create '{"Name":"theirs"}' >/dev/null
	echo kept >"$(path_of theirs)/file"
	api POST /containers/create "{\"Image\":\"busybox\",\"HostConfig\":{\"Mounts\":[
		{\"Type\":\"volume\",\"Source\":\"theirs\",\"Target\":\"/data\"},
		{\"Type\":\"bind\",\"Source\":\"$SCRATCH/none\",\"Target\":\"/x\"}]},\"Wherry\":{\"OwnVolumes\":[\"theirs\"]}}"
	expect_status 400
	api POST /volumes/create '{"Name":"later"}' >/dev/null # records are written in their order
	api DELETE /volumes/later
	[ "$(cat "$(path_of theirs)/file")" = kept ]
	api GET /volumes/theirs >/dev/null
	expect_status 200
}

@test "a volume that is being removed when a container wants it is made anew" {
	local round client
	for round in $(seq 15); do
		api POST /volumes/create '{"Name":"again"}' >/dev/null
		echo old >"$SCRATCH/data/volumes/again/_data/file"
		curl -sS --unix-socket "$SOCKET" -X DELETE http://wherry/v1.47/volumes/again >/dev/null &
		client=$!
		api POST "/containers/create?name=again" '{"Image":"busybox","Cmd":["ls","/data"],"HostConfig":{"Binds":["again:/data"]}}' >/dev/null
		expect_status 201
		wait "$client" # it came first, or was refused since the volume is in use
		api GET /volumes/again >/dev/null
		expect_status 200
		api DELETE "/containers/again" && api DELETE /volumes/again
		expect_status 204
	done
}
