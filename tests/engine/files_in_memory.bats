# Files that a create gives to a container (`Wherry.Files`): in memory alone, at their places in every run,
# and in nothing that the container is made of.

load daemon
load life

# file TARGET TEXT [MEMBERS]: one of the list.
file() { printf '{"Target":"%s","Content":"%s"%s}' "$1" "$(printf %s "$2" | base64 -w0)" "${3+,$3}"; }
digest_of() { printf 'sha256:%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }

# create NAME FILES [MEMBERS]
create() {
	api POST "/containers/create?name=$1" \
		"{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\",\"Wherry\":{\"Files\":[$2]}${3+,$3}}" >/dev/null
}
made() { create "$@" && expect_status 201; }
start() { api POST "/containers/$1/start" >/dev/null && expect_status 204; }
up() { made "$@" && start "$1"; }
id_of() { inspect "$1" .Id; }

# shell NAME COMMAND: what an exec says, by its output alone.
shell() {
	local id
	id=$(api POST "/containers/$1/exec" "$(jq -nc --arg c "$2" '{Cmd: ["sh", "-c", $c], AttachStdout: true, AttachStderr: true, Tty: true}')" | jq -r .Id)
	api POST "/exec/$id/start" '{"Tty":true}' | tr -d '\r'
}
# copied NAME PATH: what `cp` brings out.
copied() {
	curl -sS --unix-socket "$SOCKET" -G --data-urlencode "path=$2" "http://wherry/v1.47/containers/$1/archive" | tar -xO
}
# refused FILES TEXT: 400 with these words, and no container of it.
refused() {
	create bad "$1"
	expect_status 400 || return 1
	jq -e --arg text "$2" '.message == $text' "$SCRATCH/body" >/dev/null || { cat "$SCRATCH/body" >&2; return 1; }
	api GET /containers/bad/json >/dev/null
	expect_status 404
}
# What `content` is found in, of everything that the daemon keeps: names of files.
found_in() { grep -rlaF -- "$1" "$@" 2>/dev/null; }

@test "the daemon says that it has files" {
	api GET /version | jq -e '.Components[] | select(.Name == "wherry") | .Details.Features | split(" ") | index("files")'
}

@test "a file has the content, owner and mode that were asked for, read-only" {
	up one "$(file /run/secrets/s hush '"Uid":1000,"Gid":50,"Mode":256'),$(file /c 'a config')"
	[ "$(shell one 'cat /run/secrets/s')" = hush ]
	[ "$(shell one 'stat -c "%u %g %a" /run/secrets/s')" = "1000 50 400" ]
	[ "$(shell one 'cat /c; stat -c " %u %g %a" /c')" = "a config 0 0 444" ]
	shell one 'echo more >>/c' | grep -q 'Read-only file system'
	shell one 'rm -f /run/secrets/s' | grep -q 'busy'
	[ "$(shell one 'grep -c " /c tmpfs ro,nosuid,nodev" /proc/mounts')" = 1 ]
}

@test "an empty file and one of 1 MiB, and a config that is executed" {
	head -c 1048576 /dev/urandom >"$SCRATCH/large"
	jq -nc --rawfile large <(base64 -w0 "$SCRATCH/large") '{Image: "busybox", Cmd: ["/start"], Wherry: {Files: [
		{Target: "/empty"}, {Target: "/large", Content: $large},
		{Target: "/start", Mode: 493, Content: ("#!/bin/sh\nsha256sum </large; echo empty: $(stat -c %s /empty); exec sleep 1000" | @base64)}]}}' >"$SCRATCH/request"
	api POST '/containers/create?name=one' @"$SCRATCH/request" >/dev/null
	expect_status 201
	start one
	wait_until 10 logs_hold one "$(sha256sum <"$SCRATCH/large" | cut -d' ' -f1)"
	wait_until 10 logs_hold one 'empty: 0$'
}

@test "a read-only root has them, below folders that the image lacks" {
	up one "$(file /a/b/c deep),$(file /run/secrets/s hush)" '"HostConfig":{"ReadonlyRootfs":true}'
	[ "$(shell one 'cat /a/b/c /run/secrets/s')" = deephush ]
	shell one 'touch /a/x' | grep -q 'Read-only file system'
}

@test "they lie on top of the mounts that hold their places" {
	up one "$(file /run/secrets/s hush),$(file /data/f in-volume)" '"HostConfig":{"Tmpfs":{"/run":""},"Binds":["filesvolume:/data"]}'
	[ "$(shell one 'cat /run/secrets/s /data/f')" = hushin-volume ]
	refuted found_in in-volume "$SCRATCH/data/volumes"
}

@test "inspect shows digests and places" {
	made one "$(file /run/secrets/s hush '"Uid":1000,"Mode":256')"
	api GET /containers/one/json | jq -e --arg digest "$(digest_of hush)" \
		'.Wherry.Files == [{"Target": "/run/secrets/s", "Content": $digest, "Uid": 1000, "Gid": 0, "Mode": 256}]'
}

@test "nothing but the file itself holds the content: not logs, events, inspect, image or root" {
	local since secret=xyzzy-$RANDOM-$RANDOM id
	since=$(date +%s)
	up one "$(file /run/secrets/s "$secret")"
	id=$(id_of one)
	api GET /containers/one/json >"$SCRATCH/seen"
	api GET '/containers/json?all=1' >>"$SCRATCH/seen"
	curl -sS --unix-socket "$SOCKET" "http://wherry/v1.47/events?since=$since&until=$(date +%s)" >>"$SCRATCH/seen"
	api POST '/commit?container=one&repo=hasnone' >/dev/null
	expect_status 201
	curl -sS --unix-socket "$SOCKET" http://wherry/v1.47/images/hasnone/get >>"$SCRATCH/seen"
	curl -sS --unix-socket "$SOCKET" http://wherry/v1.47/containers/one/export >>"$SCRATCH/seen"
	refuted grep -aqF -e "$secret" -e "$(printf %s "$secret" | base64)" "$SCRATCH/seen" "$SCRATCH/wherryd.log"
	api GET /containers/one/changes >/dev/null
	refuted grep -qF "$secret" "$SCRATCH/body"
	[ "$(grep -rlaF -e "$secret" "$SCRATCH/data" "$SCRATCH/run")" = "$SCRATCH/data/containers/$id/files/0" ]
	[ "$(stat -c '%a %u' "$SCRATCH/data/containers/$id/files")" = "700 0" ]
	[ "$(stat -c '%a %u' "$SCRATCH/data/containers/$id/files/0")" = "600 0" ]
	api DELETE "/images/hasnone" >/dev/null
}

@test "removing the container removes what its files held" {
	local id
	made one "$(file /run/secrets/s hush)"
	id=$(id_of one)
	[ -f "$SCRATCH/data/containers/$id/files/0" ]
	api DELETE /containers/one >/dev/null
	wait_until 10 test ! -e "$SCRATCH/data/containers/$id"
}

@test "cp brings them out, of a running container and of a stopped one" {
	made one "$(file /run/secrets/s hush),$(file /etc/c conf)"
	[ "$(copied one /run/secrets/s)" = hush ]
	start one
	[ "$(copied one /run/secrets/s)" = hush ]
	api POST /containers/one/stop >/dev/null
	[ "$(copied one /etc/c)" = conf ]
}

@test "they are there after a restart, after a kill of the daemon, and after both" {
	up one "$(file /run/secrets/s hush)"
	api POST /containers/one/restart >/dev/null
	[ "$(shell one 'cat /run/secrets/s')" = hush ]
	restart_daemon
	[ "$(shell one 'cat /run/secrets/s')" = hush ]
	api POST /containers/one/restart >/dev/null
	[ "$(shell one 'cat /run/secrets/s')" = hush ]
	inspects one '.Wherry.Files[0].Content' "$(digest_of hush)"
}

@test "they are there after the host was started anew" {
	local pid
	up one "$(file /run/secrets/s hush)" '"HostConfig":{"RestartPolicy":{"Name":"always"}}'
	pid=$(inspect one .State.Pid)
	daemon_kill
	kill -KILL "$(ps -o ppid= -p "$pid" | tr -d ' ')" "$pid"
	rm -rf --one-file-system "${SCRATCH:?}/run/"*
	daemon_start
	wait_until 20 inspects one .State.Status running
	[ "$(shell one 'cat /run/secrets/s')" = hush ]
}

@test "what stands in the image at their place is covered, not changed" {
	up one "$(file /etc/passwd 'root:x:0:0:other:/:/bin/sh')"
	[ "$(shell one 'cat /etc/passwd')" = root:x:0:0:other:/:/bin/sh ]
	api GET /containers/one/changes >/dev/null
	refuted grep -q passwd "$SCRATCH/body"
}

@test "links of a hostile image lead nowhere but into the container" {
	local tree=$SCRATCH/hostile
	mkdir -p "$tree"/{bin,etc,run,proc}
	cp /bin/busybox "$tree/bin/"
	ln -sf busybox "$tree/bin/sh"
	for name in sleep cat stat; do ln -sf busybox "$tree/bin/$name"; done
	mkdir -p "$SCRATCH/outside"
	ln -s "../../../../../../../$SCRATCH/outside" "$tree/run/secrets"
	ln -s "$SCRATCH/outside/host" "$tree/link"
	ln -s /proc/self/attr/exec "$tree/kernel"
	ln -s loop "$tree/loop"
	tar -C "$tree" -c . | curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' -H 'Transfer-Encoding: chunked' \
		--data-binary @- 'http://wherry/v1.47/images/create?fromSrc=-&repo=hostile&tag=latest' | grep -q sha256:
	hostile() {
		api POST "/containers/create?name=$1" "{\"Image\":\"hostile\",\"Cmd\":[\"/bin/sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\",\"Wherry\":{\"Files\":[$2]}}" >/dev/null
		expect_status 201 && api POST "/containers/$1/start" >/dev/null
	}
	hostile one "$(file /run/secrets/s hush),$(file /link conf)"
	expect_status 204
	[ -z "$(ls -A "$SCRATCH/outside")" ]
	[ "$(copied one "$SCRATCH/outside/s")" = hush ]
	[ "$(copied one "$SCRATCH/outside/host")" = conf ]
	hostile two "$(file /kernel x)"
	expect_status 400
	grep -q "leads into /proc" "$SCRATCH/body"
	hostile three "$(file /loop/s x)"
	expect_status 500
	grep -q "file '/loop/s'" "$SCRATCH/body"
	hostile four "$(file /bin x)"
	expect_status 400
	grep -q "file '/bin': there is a folder" "$SCRATCH/body"
}

@test "what cannot be is refused by name" {
	refused '{"Target":"etc/x"}' "Wherry.Files[0].Target 'etc/x' is not an absolute path"
	refused '{"Content":"aGk="}' "Wherry.Files[0].Target '' is not an absolute path"
	refused '{"Target":"/"}' "Wherry.Files[0].Target '/' is no file"
	refused '{"Target":"/a/../../etc/x"}' "Wherry.Files[0].Target '/a/../../etc/x' must not hold '..'"
	refused '{"Target":"/a"},{"Target":"//a/"}' "Wherry.Files: '/a' and '/a' exclude each other"
	refused '{"Target":"/a/b"},{"Target":"/a"}' "Wherry.Files: '/a' and '/a/b' exclude each other"
	refused '{"Target":"/a","Mode":1024}' "Wherry.Files[0].Mode 1024 is not between 0 and 511"
	refused '{"Target":"/a","Uid":-1}' "Wherry.Files[0].Uid -1 is not between 0 and 4294967294"
	refused '{"Target":"/a","Content":"no base64!"}' "Wherry.Files: the content of '/a' is not base64"
	refused "{\"Target\":\"/a\",\"Content\":\"$(digest_of x)\"}" "Wherry.Files: the content of '/a' is not base64"
	create bad '{"Target":"/data"}' '"HostConfig":{"Tmpfs":{"/data":""}}'
	expect_status 400
	grep -q 'Duplicate mount point: /data' "$SCRATCH/body"
}

# sized COUNT BYTES: a create with so many files of so many bytes.
sized() {
	python3 - "$1" "$2" >"$SCRATCH/request" <<'PY'
import base64, json, sys
count, size = int(sys.argv[1]), int(sys.argv[2])
content = base64.b64encode(b"x" * size).decode()
print(json.dumps({"Image": "busybox", "Cmd": ["sleep", "1000"], "StopSignal": "SIGKILL",
                  "Wherry": {"Files": [{"Target": "/f/%d" % i, "Content": content} for i in range(count)]}}))
PY
	api POST '/containers/create?name=sized' @"$SCRATCH/request" >/dev/null
}

@test "16 MiB in 16 files are taken, and more is refused by its limit" {
	sized 16 1048576
	expect_status 201
	start sized
	[ "$(shell sized 'cat /f/* | wc -c')" = 16777216 ]
	api DELETE '/containers/sized?force=1' >/dev/null
	sized 1 1048577
	expect_status 400
	grep -q "'/f/0' is larger than 1 MiB" "$SCRATCH/body"
	sized 17 1000000
	expect_status 400
	grep -q 'larger than 16 MiB together' "$SCRATCH/body"
	sized 256 10
	expect_status 201
	start sized
	[ "$(shell sized 'ls /f | wc -l')" = 256 ]
	api DELETE '/containers/sized?force=1' >/dev/null
	sized 257 10
	expect_status 400
	grep -q 'at most 256 files' "$SCRATCH/body"
	sized 17 1200000
	expect_status 413
}

# Where somebody else has the processor for a moment, one of the pings waits for that; whom the create itself holds up
# waits each time.
@test "others are answered while megabytes of files are read" {
	sized 16 1048576 # the request is written, and all is in the cache
	api DELETE '/containers/sized?force=1' >/dev/null
	python3 - "$SOCKET" "$SCRATCH/request" <<-'P'
		import socket, sys, threading, time
		def ask(head, body=b""):
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(sys.argv[1])
		    s.sendall(head + b"Host: x\r\nConnection: close\r\n\r\n" + body)
		    answer = b""
		    while data := s.recv(4096):
		        answer += data
		    return answer
		body = open(sys.argv[2], "rb").read()
		head = b"POST /v1.47/containers/create?name=sized HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
		def others_are_answered():
		    made = []
		    begun = time.monotonic()
		    creating = threading.Thread(target=lambda: made.append((ask(head, body), time.monotonic() - begun)))
		    creating.start()
		    waits = []
		    while creating.is_alive():
		        asked = time.monotonic()
		        assert b"200 OK" in ask(b"GET /_ping HTTP/1.1\r\n")
		        waits.append(time.monotonic() - asked)
		    assert b"201 Created" in made[0][0], made[0][0]
		    assert b"204 No Content" in ask(b"DELETE /v1.47/containers/sized?force=1 HTTP/1.1\r\n")
		    print(f"# {len(waits)} pings, the slowest {max(waits):.3f} s; the create {made[0][1]:.3f} s")
		    return max(waits) < made[0][1] / 4
		assert any(others_are_answered() for _ in range(20))
	P
}

@test "a create that the daemon did not survive leaves no content behind" {
	local i secret=left-$RANDOM asking
	for i in 1 2 3 4 5; do
		create "kill$i" "$(file /s "$secret")" 2>/dev/null 3>&- & # its answer may be cut off
		asking=$!
		nap "0.00$i"
		restart_daemon
		wait "$asking" || true
	done
	for i in $(grep -rlaF "$secret" "$SCRATCH/data/containers"); do
		i=${i#"$SCRATCH/data/containers/"}
		api GET "/containers/${i%%/*}/json" >/dev/null
		expect_status 200
	done
}
