# Files of containers: archive in and out, changes, export; running and stopped, and what happens when
# somebody dies on the way.

load daemon

teardown() {
	remove_all_containers
	remove_all_volumes
	wait_until 10 no_worker
}

# make NAME [MEMBERS]: stopped; run_one NAME [MEMBERS]: running.
make() {
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\"${2+,$2}}" >/dev/null
	expect_status 201
}
start() { api POST "/containers/$1/start" >/dev/null && expect_status 204; }
run_one() { make "$@" && start "$1"; }
inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
inside() { # inside NAME COMMAND: what a running one's shell says
	local id
	id=$(api POST "/containers/$1/exec" "$(jq -nc --arg c "$2" '{Cmd: ["sh", "-c", $c], AttachStdout: true, AttachStderr: true, Tty: true}')" | jq -r .Id)
	api POST "/exec/$id/start" '{"Tty":true}' | tr -d '\r'
}
root_of() { echo "/proc/$(inspect "$1" .State.Pid)/root"; }

# request METHOD CONTAINER PATH [CURL OPTIONS]: headers in $SCRATCH/headers, body in $SCRATCH/body.
request() {
	local method=$1 container=$2 path=$3
	shift 3
	curl -sS --unix-socket "$SOCKET" -D "$SCRATCH/headers" -o "$SCRATCH/body" -w '%{http_code}' -X "$method" -G \
		--data-urlencode "path=$path" "$@" "http://wherry/v1.47/containers/$container/archive" >"$SCRATCH/status"
}
get() { request GET "$@"; }
names() { tar -tf "$SCRATCH/body" 2>/dev/null; }
stat_header() { sed -n 's/^X-Docker-Container-Path-Stat: //p' "$SCRATCH/headers" | tr -d '\r' | base64 -d; }
head_of() {
	curl -sS --unix-socket "$SOCKET" -I -G --data-urlencode "path=$2" "http://wherry/v1.47/containers/$1/archive" >"$SCRATCH/headers"
	stat_header
}
# put CONTAINER PATH FILE [QUERY]
put() {
	curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/body" -w '%{http_code}' -T "$3" -H 'Transfer-Encoding: chunked' \
		"http://wherry/v1.47/containers/$1/archive?path=$2${4+&$4}" >"$SCRATCH/status"
}
message_is() {
	[ "$(jq -r .message "$SCRATCH/body")" = "$1" ] || { cat "$SCRATCH/body" >&2; return 1; }
}
message_holds() { jq -e --arg text "$1" '.message | contains($text)' "$SCRATCH/body" >/dev/null || { cat "$SCRATCH/body" >&2; return 1; }; }

workers() { pgrep -P "$(daemon_pid)" -f '^wherry-worker archive'; }
no_worker() { ! workers >/dev/null; }
has_worker() { workers >/dev/null; }
has_worker_beside() { [ -n "$(workers | grep -vxF -e none -e "$1")" ]; } # PIDS: those of before

# A tree with everything that a tree can hold.
make_tree() {
	local tree=$SCRATCH/tree
	[ ! -d "$tree" ] || return 0
	mkdir -p "$tree/folder/deep" "$tree/empty"
	echo hello >"$tree/file"
	ln "$tree/file" "$tree/folder/same"
	ln -s ../file "$tree/folder/link"
	ln -s /nowhere "$tree/dangling"
	mkfifo "$tree/fifo"
	mknod "$tree/null" c 1 3
	truncate -s 3M "$tree/sparse"
	printf end >>"$tree/sparse"
	head -c 300000 /dev/urandom >"$tree/folder/deep/random"
	printf 'umlaut' >"$tree/$(printf 'na\303\257ve \001 \377')"
	echo x >"$tree/folder/$(printf 'long%.0s' $(seq 50))"
	chown 1000:50 "$tree/folder" "$tree/folder/deep/random"
	chmod 4755 "$tree/file"
	chmod 1777 "$tree/empty"
	setfattr -n user.note -v kept "$tree/file"
	setcap cap_net_raw+ep "$tree/folder/deep/random" 2>/dev/null || true
	touch -d '2020-02-02 02:02:02.123456789' "$tree/file" "$tree/folder/deep" "$tree/folder" "$tree/empty"
	tar -C "$tree" --xattrs --xattrs-include='*' --format=posix -Scf "$SCRATCH/tree.tar" .
}
# The same as text: names, kinds, modes, owners, times, sizes, links, contents.
describe() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %T@ %l %n\n' | LC_ALL=C sort &&
		find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum && getfattr -d -m user file)
}

@test "what is put in comes out again, whether it runs or not" {
	make_tree
	describe "$SCRATCH/tree" >"$SCRATCH/expected"
	make stopped
	run_one running
	local name
	for name in stopped running; do
		put "$name" /srv "$SCRATCH/tree.tar"
		expect_status 404
		put "$name" /home "$SCRATCH/tree.tar"
		expect_status 200
		[ ! -s "$SCRATCH/body" ]
		get "$name" /home/.
		expect_status 200
		rm -rf "$SCRATCH/out"
		mkdir "$SCRATCH/out"
		tar -C "$SCRATCH/out" --xattrs --xattrs-include='*' -xpf "$SCRATCH/body"
		rm -r "$SCRATCH/out/ann"
		touch -r "$SCRATCH/tree" "$SCRATCH/out"
		describe "$SCRATCH/out" >"$SCRATCH/actual"
		diff "$SCRATCH/expected" "$SCRATCH/actual"
	done
	start stopped
	[ "$(inside stopped 'cat /home/folder/link; stat -c %h /home/file')" = "$(printf 'hello\n2')" ]
	[ "$(du -k "$(root_of stopped)/home/sparse" | cut -f1)" -lt 200 ]
}

@test "a path says how its entries are named; a link is itself unless something follows it" {
	run_one c1
	inside c1 'mkdir -p /a/d/sub; echo 1 >/a/d/f; ln -s d /a/link; ln -s /a/d/f /a/abs; ln -s /none /a/broken'
	local path expected
	while IFS='|' read -r path expected; do
		get c1 "$path"
		expect_status 200
		[ "$(names | tr '\n' ' ')" = "$expected" ] || { echo "$path: $(names)" >&2; false; }
	done <<'CASES'
/a/d|d/ d/f d/sub/ 
/a/d/|d/ d/f d/sub/ 
/a/d/.|./ ./f ./sub/ 
a/d/f|f 
/a/../a/d/f|f 
/a/link|link 
/a/link/|link/ link/f link/sub/ 
/a/link/.|./ ./f ./sub/ 
/a/link/f|f 
CASES
	head_of c1 /a/d | jq -e '.name == "d" and .mode == 2147484141 and .linkTarget == "" and (.mtime | test("^20.*Z$"))'
	head_of c1 /a/link | jq -e '.name == "link" and .mode == 134218239 and .linkTarget == "/a/d"'
	head_of c1 /a/abs | jq -e '.linkTarget == "/a/d/f"'
	head_of c1 /a/broken | jq -e '.linkTarget == "/none"'
	head_of c1 /a/d/f | jq -e '.size == 2 and .mode == 420'
	head_of c1 / | jq -e '.name == "/"'
	get c1 /
	names | grep -qx /a/d/f
	names | grep -qx /proc/
	if names | grep -q '/proc/.'; then return 1; fi
}

@test "what cannot be is refused by name" {
	make_tree
	mkdir -p "$SCRATCH/bound"
	tar -cf "$SCRATCH/one.tar" -C "$SCRATCH/tree" file
	mkdir -p "$SCRATCH/mixed/file" "$SCRATCH/plain"
	echo f >"$SCRATCH/plain/home"
	tar -cf "$SCRATCH/folder.tar" -C "$SCRATCH/mixed" file
	tar -cf "$SCRATCH/home.tar" -C "$SCRATCH/plain" home
	head -c 100000 "$SCRATCH/tree.tar" >"$SCRATCH/cut.tar"
	make c1
	make c2 "\"HostConfig\":{\"ReadonlyRootfs\":true,\"Binds\":[\"$SCRATCH/bound:/rw\",\"$SCRATCH/bound:/ro:ro\"]}"
	local round
	for round in stopped running; do
		api GET "/containers/c1/archive"
		expect_status 400
		get c1 /none
		expect_status 404
		message_is "Could not find the file /none in container c1"
		get c1 /none/x
		expect_status 404
		get c1 /etc/passwd/.
		expect_status 400
		get absent /x
		message_is "No such container: absent"
		[ -z "$(head_of c1 /none)" ]
		grep -q '^HTTP/1.1 404' "$SCRATCH/headers"
		put c1 /none "$SCRATCH/one.tar"
		expect_status 404
		message_is "Could not find the file /none in container c1"
		put c1 /etc/passwd "$SCRATCH/one.tar"
		expect_status 400
		message_is "extraction point is not a directory"
		put c2 /tmp "$SCRATCH/one.tar"
		expect_status 400
		message_is "container rootfs is marked read-only"
		put c2 /ro "$SCRATCH/one.tar"
		expect_status 400
		message_is "mounted volume is marked read-only"
		put c2 /rw "$SCRATCH/one.tar"
		expect_status 200
		put c1 /tmp "$SCRATCH/one.tar"
		expect_status 200
		put c1 /tmp "$SCRATCH/folder.tar" noOverwriteDirNonDir=1
		expect_status 400
		message_holds 'cannot overwrite non-directory "/tmp/file" with directory'
		put c1 / "$SCRATCH/home.tar" noOverwriteDirNonDir=true
		expect_status 400
		message_holds 'cannot overwrite directory "/home" with non-directory'
		put c1 /tmp "$SCRATCH/folder.tar"
		expect_status 200
		put c1 /tmp "$SCRATCH/tree/folder/deep/random"
		expect_status 400
		message_holds "bad tar"
		put c1 /tmp "$SCRATCH/cut.tar"
		expect_status 400
		put c1 /tmp /dev/null
		expect_status 200
		[ $round = running ] || { start c1 && start c2; }
	done
	[ "$(cat "$SCRATCH/bound/file")" = hello ]
}

@test "compressed tars are understood" {
	make_tree
	run_one c1
	local program
	for program in gzip bzip2 xz zstd; do
		command -v "$program" >/dev/null || continue
		tar -C "$SCRATCH/tree" -c file | "$program" >"$SCRATCH/packed"
		inside c1 "mkdir /$program"
		put c1 "/$program" "$SCRATCH/packed"
		expect_status 200
		[ "$(inside c1 "cat /$program/file")" = hello ]
	done
	[ -f "$(root_of c1)/gzip/file" ]
}

@test "links lead where they lead inside, both ways" {
	make_tree
	run_one c1
	echo host >"$SCRATCH/target"
	inside c1 "mkdir -p $SCRATCH /in; echo container >$SCRATCH/target; ln -s $SCRATCH/target /abs; ln -s ../../../../../../..$SCRATCH /up; ln -s $SCRATCH /dir; ln -s /in /bent"
	local round
	for round in running stopped; do
		get c1 /dir/target
		[ "$(tar -xOf "$SCRATCH/body")" = container ]
		get c1 /up/target
		[ "$(tar -xOf "$SCRATCH/body")" = container ]
		put c1 /dir "$SCRATCH/tree.tar"
		expect_status 200
		put c1 /up "$SCRATCH/tree.tar"
		expect_status 200
		[ ! -e "$SCRATCH/dangling" ]
		# A folder of the tar that goes through a link, and one whose own link leads out.
		mkdir -p "$SCRATCH/t/bent"
		echo through >"$SCRATCH/t/bent/x"
		tar -C "$SCRATCH/t" -cf "$SCRATCH/t.tar" bent/x
		put c1 / "$SCRATCH/t.tar"
		expect_status 200
		get c1 /in/x
		[ "$(tar -xOf "$SCRATCH/body")" = through ]
		python3 - "$SCRATCH" <<-'PY'
			import io, sys, tarfile
			scratch = sys.argv[1]
			t = tarfile.open(scratch + "/evil.tar", "w")
			def add(name, **kw):
			    e = tarfile.TarInfo(name)
			    for k, v in kw.items(): setattr(e, k, v)
			    t.addfile(e, io.BytesIO(b"evil\n") if e.size else None)
			add("out", type=tarfile.SYMTYPE, linkname=scratch)
			add("out/written", size=5)
			add("../../../../../../../.." + scratch + "/climbed", size=5)
			t.close()
		PY
		put c1 /in "$SCRATCH/evil.tar"
		[ ! -e "$SCRATCH/written" ]
		[ ! -e "$SCRATCH/climbed" ]
		api POST "/containers/c1/stop?t=0"
	done
	[ "$(cat "$SCRATCH/target")" = host ]
}

@test "volumes are seen, also of a stopped container, and unmounted again" {
	make_tree
	api POST /volumes/create '{"Name":"kept"}' >/dev/null
	mkdir -p "$SCRATCH/backing"
	api POST /volumes/create "{\"Name\":\"made\",\"DriverOpts\":{\"type\":\"none\",\"device\":\"$SCRATCH/backing\",\"o\":\"bind\"}}" >/dev/null
	make c1 '"HostConfig":{"Binds":["kept:/kept","made:/kept/made"]}'
	tar -C "$SCRATCH/tree" -cf "$SCRATCH/one.tar" file
	put c1 /kept "$SCRATCH/one.tar"
	expect_status 200
	put c1 /kept/made "$SCRATCH/one.tar"
	expect_status 200
	[ "$(cat "$SCRATCH/data/volumes/kept/_data/file")" = hello ]
	[ "$(cat "$SCRATCH/backing/file")" = hello ]
	get c1 /kept
	[ "$(names | tr '\n' ' ')" = "kept/ kept/file kept/made/ kept/made/file " ]
	is_unmounted() { ! mountpoint -q "$SCRATCH/data/volumes/made/_data"; }
	wait_until 10 is_unmounted
	# Not part of the container itself.
	curl -sS --unix-socket "$SOCKET" "http://d/containers/c1/export" >"$SCRATCH/body"
	if names | grep -q file; then return 1; fi
	names | grep -qx 'bin/busybox'
	start c1
	inside c1 'echo mine >/mine; echo theirs >/kept/theirs; rm /bin/ar'
	curl -sS --unix-socket "$SOCKET" "http://d/containers/c1/export" >"$SCRATCH/body"
	names | grep -qx mine
	names | grep -qx kept/
	if names | grep -q 'kept/.'; then return 1; fi
	if names | grep -qx bin/ar; then return 1; fi
	names | grep -qx etc/hosts
	[ "$(tar -xOf "$SCRATCH/body" etc/hosts | wc -c)" = 0 ]
}

@test "with copyUIDGID everything belongs to the container's user" {
	make_tree
	make c1 '"User":"ann:staff"'
	make c2
	tar -C "$SCRATCH/tree" -cf "$SCRATCH/one.tar" folder
	put c1 /tmp "$SCRATCH/one.tar" copyUIDGID=1
	expect_status 200
	get c1 /tmp/folder/deep
	[ "$(tar --numeric-owner -tvf "$SCRATCH/body" | awk '{print $2}' | sort -u)" = 1000/50 ]
	put c2 /tmp "$SCRATCH/one.tar" copyUIDGID=1
	get c2 /tmp/folder
	[ "$(tar --numeric-owner -tvf "$SCRATCH/body" | awk '{print $2}' | sort -u | tr '\n' ' ')" = "0/0 1000/50 " ]
	make c3 '"User":"nobody-we-know"'
	put c3 /tmp "$SCRATCH/one.tar" copyUIDGID=1
	expect_status 400
	message_holds "unable to find user nobody-we-know"
}

changes() { api GET "/containers/$1/changes" | jq -r 'if . == null then "null" else .[] | "\(.Kind) \(.Path)" end'; }

@test "changes are what differs from the image" {
	make c1
	[ "$(changes c1)" = null ]
	start c1
	[ "$(changes c1)" = null ]
	inside c1 'echo 1 >/new; mkdir /tmp/t; echo >>/etc/passwd; rm /bin/ar; rm -r /home/ann; mkdir /home/ann; echo 2 >/home/ann/x; rm -r /root; rmdir /var; touch /var; ln -s x /usr/l; touch /tmp/gone; rm /tmp/gone; chmod 700 /usr/bin' >/dev/null
	cat >"$SCRATCH/expected" <<-'EOF'
		0 /bin
		2 /bin/ar
		0 /etc
		0 /etc/passwd
		0 /home
		0 /home/ann
		1 /home/ann/x
		1 /new
		2 /root
		0 /tmp
		1 /tmp/t
		0 /usr
		0 /usr/bin
		1 /usr/l
		0 /var
	EOF
	changes c1 | diff "$SCRATCH/expected" -
	api POST "/containers/c1/stop?t=0"
	changes c1 | diff "$SCRATCH/expected" -
}

@test "events tell of what went in and out" {
	local begin
	make_tree
	begin=$(date +%s.%N)
	run_one c1
	tar -C "$SCRATCH/tree" -cf "$SCRATCH/one.tar" file
	put c1 /tmp "$SCRATCH/one.tar"
	get c1 /tmp/file
	head_of c1 /tmp/file
	get c1 /none
	changes c1 >/dev/null
	curl -sS --unix-socket "$SOCKET" "http://d/containers/c1/export" -o /dev/null
	api GET "/events?since=$begin&until=$(date +%s.%N)&filters=%7B%22container%22%3A%5B%22c1%22%5D%7D" |
		jq -r 'select(.Type == "container") | .Action' | tr '\n' ' ' >"$SCRATCH/told"
	[ "$(cat "$SCRATCH/told")" = "create start extract-to-dir archive-path export " ]
}

# A client that reads or writes a little and then stands still.
stalled_get() {
	python3 - "$SOCKET" "$1" "$2" "$SCRATCH/stalled" >"$SCRATCH/got" 3>&- <<-'PY' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(f"GET /v1.47/containers/{sys.argv[2]}/archive?path={sys.argv[3]} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
		print(s.recv(1000)[:12].decode(), flush=True)
		open(sys.argv[4], "w").close()
		time.sleep(100)
	PY
	CLIENT=$!
	wait_until 10 test -e "$SCRATCH/stalled"
	rm "$SCRATCH/stalled"
}
stalled_put() {
	local before
	before=$(workers || true)
	python3 - "$SOCKET" "$1" "$2" "$SCRATCH/tree.tar" "$SCRATCH/stalled" >"$SCRATCH/got" 3>&- <<-'PY' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(f"PUT /v1.47/containers/{sys.argv[2]}/archive?path={sys.argv[3]} HTTP/1.1\r\nHost: d\r\nContent-Length: 10000000\r\n\r\n".encode())
		s.sendall(open(sys.argv[4], "rb").read(200000))
		open(sys.argv[5], "w").close()
		s.settimeout(100)
		try:
		    print(s.recv(1000)[:12].decode(), flush=True)
		except OSError as e:
		    print(type(e).__name__, flush=True)
	PY
	CLIENT=$!
	wait_until 10 test -e "$SCRATCH/stalled"
	rm "$SCRATCH/stalled"
	wait_until 10 has_worker_beside "$before"
}
client_ended() { has_ended "$CLIENT"; }
fill_with_big() {
	[ -e "$SCRATCH/big" ] || head -c 8000000 /dev/urandom >"$SCRATCH/big"
	tar -C "$SCRATCH" -cf "$SCRATCH/big.tar" big
	put "$1" /tmp "$SCRATCH/big.tar"
	expect_status 200
}

@test "a client that stands still holds nobody up, and one that goes away ends its worker" {
	make_tree
	run_one c1
	make c2
	fill_with_big c1
	fill_with_big c2
	stalled_get c1 /tmp
	stalled_put c1 /home
	[ "$(workers | wc -l)" = 2 ]
	head_of c1 /tmp/big | jq -e '.size == 8000000'
	kill -KILL "$CLIENT"
	local i
	one_worker() { [ "$(workers | wc -l)" = 1 ]; }
	wait_until 10 one_worker
	api POST "/containers/c1/restart?t=0" # with a reader
	expect_status 204
	stalled_put c1 /home
	api POST "/containers/c1/stop?t=0"
	expect_status 204
	wait_until 10 client_ended # what it wrote into has ended
	[ -z "$(cat "$SCRATCH/got" | grep 200)" ]
	api DELETE /containers/c1
	expect_status 204
	wait_until 10 no_worker # the reader too
	# A stopped one can be looked at while it starts; who writes into it is waited for.
	stalled_get c2 /tmp
	local reader=$CLIENT
	start c2
	api POST "/containers/c2/stop?t=0"
	stalled_put c2 /home
	api POST "/containers/c2/start" >/dev/null &
	local starting=$!
	nap 0.5
	kill -0 "$starting"
	kill -KILL "$CLIENT"
	wait "$starting"
	[ "$(inspect c2 .State.Status)" = running ]
	kill -KILL "$reader"
}

@test "the death of the daemon leaves a transfer out going on, and ends one in; nothing stays" {
	make_tree
	run_one c1
	make c2
	fill_with_big c1
	fill_with_big c2
	local name mounts
	mounts=$(grep -c "$SCRATCH" /proc/self/mountinfo || true) # others mount things meanwhile
	for name in c1 c2; do
		curl -sS --unix-socket "$SOCKET" --limit-rate 2M "http://d/containers/$name/archive?path=/tmp" -o "$SCRATCH/out-$name.tar" 3>&- &
		eval "reader_$name=$!"
	done
	both_flow() { [ -s "$SCRATCH/out-c1.tar" ] && [ -s "$SCRATCH/out-c2.tar" ]; }
	wait_until 10 both_flow
	daemon_kill
	daemon_start
	wait "$reader_c1"
	wait "$reader_c2"
	for name in c1 c2; do
		tar -xOf "$SCRATCH/out-$name.tar" tmp/big | cmp - "$SCRATCH/big"
	done
	for name in c1 c2; do
		stalled_put "$name" /home
		daemon_kill
		wait_until 10 client_ended
		daemon_start
		head_of "$name" /home/ann | jq -e '.name == "ann"'
	done
	start c2
	inside c2 'ls /home' | grep -q ann
	[ "$(grep -c "$SCRATCH" /proc/self/mountinfo || true)" = "$mounts" ]
}

@test "the death of a worker is an error for its client, and nothing else" {
	make_tree
	run_one c1
	make c2
	fill_with_big c1
	fill_with_big c2
	local name
	for name in c1 c2; do
		curl -sS --unix-socket "$SOCKET" --limit-rate 1M "http://d/containers/$name/archive?path=/tmp" -o /dev/null 2>"$SCRATCH/said" 3>&- &
		local client=$!
		wait_until 10 has_worker
		nap 0.3
		kill -KILL "$(workers)"
		refuted wait "$client"
		wait_until 10 no_worker
		stalled_put "$name" /home
		kill -KILL "$(workers)"
		wait_until 10 client_ended
		refuted grep -q 200 "$SCRATCH/got"
		put "$name" /home "$SCRATCH/tree.tar"
		expect_status 200
	done
	start c2
}

# The worker lies still from soon after its birth, while the container ends; until one of them had not looked yet.
@test "what is put into a container that ends before it was looked into is put into the stopped one" {
	local client
	echo late >"$SCRATCH/late"
	tar -C "$SCRATCH" -cf "$SCRATCH/late.tar" late
	make c9
	for _ in $(seq 30); do
		start c9
		curl -sS --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' -T "$SCRATCH/late.tar" \
			"http://wherry/v1.47/containers/c9/archive?path=/home" >"$SCRATCH/answer" &
		client=$!
		stop_newborn "$client"
		api POST "/containers/c9/kill"
		[ -z "$NEWBORN" ] || kill -CONT "$NEWBORN" 2>/dev/null || true
		wait "$client" || true
		[ -z "$NEWBORN" ] || [ "$(cat "$SCRATCH/answer")" != 200 ] || break
		NEWBORN=
	done
	[ -n "$NEWBORN" ]
	[ "$(cat "$SCRATCH/data/containers/$(inspect c9 .Id)/upper/home/late")" = late ]
}
# stop_newborn CLIENT: the worker that it has got, in NEWBORN; empty: it was too fast for us.
stop_newborn() {
	NEWBORN=
	while [ -z "$NEWBORN" ] && kill -0 "$1" 2>/dev/null; do NEWBORN=$(workers | head -n 1); done
	[ -z "$NEWBORN" ] || kill -STOP "$NEWBORN" 2>/dev/null || NEWBORN=
	[ -z "$NEWBORN" ] || { [ "$(ps -o state= -p "$NEWBORN")" = T ] && kill -0 "$1" 2>/dev/null; } || NEWBORN=
}
