# Push to the real registry: plain, with TLS and passwords, over a wire that breaks.

load ../lib/wherry

setup_file() {
	scratch_begin
	certificate
	daemon_start
	busybox_image
	# three, and none that a connection begins at
	export PORT=$((RANDOM % 4000 + 20000)) TLS_PORT=$((RANDOM % 4000 + 24000)) TOKEN_PORT=$((RANDOM % 4000 + 28000))
	registry plain "127.0.0.1:$PORT"
	echo "user:$(perl -e 'print crypt("secret", q($2b$05$abcdefghijklmnopqrstuu))')" >"$SCRATCH/htpasswd"
	registry tls "127.0.0.1:$TLS_PORT" ", tls: {certificate: $SCRATCH/cert.pem, key: $SCRATCH/key.pem}" \
		"auth: {htpasswd: {realm: test, path: $SCRATCH/htpasswd}}"
	big_image
}

teardown_file() {
	local pid
	for pid in $(cat "$SCRATCH"/pids); do kill "$pid" 2>/dev/null || true; done
	daemon_stop
	scratch_end
}

certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SCRATCH/key.pem" -out "$SCRATCH/cert.pem" -days 2 \
		-subj /CN=registry -addext subjectAltName=IP:127.0.0.1 2>/dev/null
}

# registry NAME ADDRESS [HTTP [MORE]]
registry() {
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "%s"%s}\n%s\n' \
		"$SCRATCH/$1" "$2" "${3-}" "${4-}" >"$SCRATCH/$1.yml"
	docker-registry serve "$SCRATCH/$1.yml" >"$SCRATCH/$1.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 20 bash -c ": </dev/tcp/${2%:*}/${2#*:}" 2>/dev/null
}

# 40 MB that do not compress, in a layer of their own.
big_image() {
	api POST '/containers/create?name=big' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/big bs=1M count=40; echo x >/small"]}'
	api POST /containers/big/start
	api POST /containers/big/wait
	api POST '/commit?container=big&repo=big'
	api DELETE /containers/big
}

tag() { # IMAGE REPOSITORY TAG
	api POST "/images/$1/tag?repo=$2&tag=$3"
	expect_status 201
}

auth_of() { printf '{"username":"%s","password":"%s"}' "$1" "$2" | base64 -w0 | tr '+/' '-_'; }

# push REPOSITORY TAG [AUTH]: the lines are in $SCRATCH/push.
push() {
	curl -sS --unix-socket "$SOCKET" -X POST -H "X-Registry-Auth: ${3-e30=}" -o "$SCRATCH/push" -w '%{http_code}' \
		"http://wherry/images/$1/push${2:+?tag=$2}" >"$SCRATCH/status"
}

last_digest() { jq -rs 'map(select(.aux))[-1].aux.Digest' "$SCRATCH/push"; }

# What the registry has is what was pushed: every blob by its digest.
check_pushed() { # NAME:TAG of the plain registry, IMAGE
	rm -rf "$SCRATCH/copy"
	skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$PORT/$1" "dir:$SCRATCH/copy"
	[ "$(jq -r .config.digest "$SCRATCH/copy/manifest.json")" = "$(api GET "/images/$2/json" | jq -r .Id)" ]
}

@test "an image is pushed, told as Docker tells it, and is the same when it comes back" {
	tag big "127.0.0.1:$PORT/a/big" 1
	push "127.0.0.1:$PORT/a/big" 1
	jq -se --arg p "$PORT" '.[0].status == "The push refers to repository [127.0.0.1:" + $p + "/a/big]" and
		(map(select(.status == "Preparing")) | length) == 2 and (map(select(.status == "Pushed")) | length) == 2 and
		(map(select(.status == "Pushing" and .progressDetail.total > 40000000)) | length) > 0 and
		(map(select(.aux))[0].aux | .Tag == "1" and .Size > 100)' "$SCRATCH/push"
	grep -q "\"1: digest: $(last_digest) size: " "$SCRATCH/push"
	check_pushed a/big:1 big
	api GET "/images/127.0.0.1:$PORT/a/big:1/json"
	jq -e --arg d "127.0.0.1:$PORT/a/big@$(last_digest)" '.RepoDigests | index($d)' "$SCRATCH/body"
	curl -sS --unix-socket "$SOCKET" "http://wherry/events?since=1&until=$(date +%s.%N)&filters=%7B%22event%22:%5B%22push%22%5D%7D" >"$SCRATCH/events"
	jq -se --arg n "127.0.0.1:$PORT/a/big:1" '.[0].Actor.ID == $n' "$SCRATCH/events"
}

@test "what the registry has is not sent again: same repository, other repository, after a restart" {
	push "127.0.0.1:$PORT/a/big" 1
	jq -se '(map(select(.status == "Layer already exists")) | length) == 2 and (map(select(.status == "Pushed")) | length) == 0' "$SCRATCH/push"
	local digest
	digest=$(last_digest)
	daemon_kill
	daemon_start
	tag big "127.0.0.1:$PORT/b/other" 2
	push "127.0.0.1:$PORT/b/other" 2
	jq -se '(map(select(.status == "Mounted from a/big")) | length) == 2' "$SCRATCH/push"
	[ "$(last_digest)" = "$digest" ]
	check_pushed b/other:2 big
}

@test "all tags are pushed when none is named" {
	tag busybox "127.0.0.1:$PORT/many" x
	tag big "127.0.0.1:$PORT/many" y
	push "127.0.0.1:$PORT/many" ''
	jq -se 'map(select(.aux) | .aux.Tag) | sort == ["x","y"]' "$SCRATCH/push"
	check_pushed many:x busybox
	check_pushed many:y big
}

@test "a pulled layer goes back as it came, without its bytes" {
	api DELETE "/images/127.0.0.1:$PORT/many:x?force=1"
	api DELETE "/images/127.0.0.1:$PORT/many:y?force=1"
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/create?fromImage=127.0.0.1:$PORT/many&tag=y" >/dev/null
	api GET "/images/127.0.0.1:$PORT/many:y/json"
	expect_status 200
	tag "127.0.0.1:$PORT/many:y" "127.0.0.1:$PORT/back" 1
	push "127.0.0.1:$PORT/back" 1
	jq -se '(map(select(.status == "Pushed")) | length) == 0' "$SCRATCH/push"
	check_pushed back:1 big
}

@test "layers of an older version, which left no recipe, get theirs with the next pull" {
	rm "$SCRATCH"/data/recipes/*
	tag "127.0.0.1:$PORT/many:y" "127.0.0.1:$PORT/old" 1
	curl -sS --unix-socket "$SOCKET" "http://wherry/images/127.0.0.1:$PORT/many:y/get" >"$SCRATCH/body"
	jq -e '.message | test("pull or load the image again")' "$SCRATCH/body"
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/create?fromImage=127.0.0.1:$PORT/many&tag=y" >"$SCRATCH/pull"
	[ "$(grep -c 'Pull complete' "$SCRATCH/pull")" = 2 ]
	curl -sSf --unix-socket "$SOCKET" -o "$SCRATCH/many.tar" "http://wherry/images/127.0.0.1:$PORT/many:y/get"
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/create?fromImage=127.0.0.1:$PORT/many&tag=y" | grep -q 'up to date'
}

@test "TLS and a password: refused without, taken with" {
	tag busybox "127.0.0.1:$TLS_PORT/secret" 1
	push "127.0.0.1:$TLS_PORT/secret" 1 "$(auth_of user wrong)"
	[ "$(api_status)" = 200 ]
	jq -se '.[-1].error | test("unauthorized|authentication")' "$SCRATCH/push"
	push "127.0.0.1:$TLS_PORT/secret" 1 "$(auth_of user secret)"
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	curl -sS --unix-socket "$SOCKET" -X POST -H "X-Registry-Auth: $(auth_of user secret)" \
		"http://wherry/images/create?fromImage=127.0.0.1:$TLS_PORT/secret&tag=1" | grep -q 'up to date'
	refuted grep -rq secret "$SCRATCH/wherryd.log"
}

# A registry that sends its clients to a token server: TOKEN_PORT, and what was asked of it in tokens.log.
token_registry() {
	[ ! -s "$SCRATCH/tokens" ] || return 0
	python3 -u "$BATS_TEST_DIRNAME/token_server.py" "$SCRATCH/key.pem" "$SCRATCH/cert.pem" "$SCRATCH/tokens" \
		>"$SCRATCH/tokens.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/tokens"
	registry token "127.0.0.1:$TOKEN_PORT" '' "auth: {token: {realm: 'http://127.0.0.1:$(cat "$SCRATCH/tokens")/token',
		service: shelf, issuer: test, rootcertbundle: $SCRATCH/cert.pem}}"
}

@test "a token server: what is asked for is what the push needs, and who may not push is refused" {
	token_registry
	local host=127.0.0.1:$TOKEN_PORT
	tag big "$host/own/big" 1
	push "$host/own/big" 1
	jq -se '.[-1].error == "denied: requested access to the resource is denied"' "$SCRATCH/push"
	grep -qxF -- '- repository:own/big:pull,push' "$SCRATCH/tokens.log"
	push "$host/own/big" 1 "$(auth_of user wrong)"
	jq -se '.[-1].error | test("incorrect username or password")' "$SCRATCH/push"
	push "$host/own/big" 1 "$(auth_of reader secret)"
	jq -se '.[-1].error == "denied: requested access to the resource is denied"' "$SCRATCH/push"
	grep -qxF 'reader repository:own/big:pull,push' "$SCRATCH/tokens.log"

	push "$host/own/big" 1 "$(auth_of user secret)"
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	tag big "$host/other/big" 2
	push "$host/other/big" 2 "$(printf '{"identitytoken":"refresh-user"}' | base64 -w0)"
	jq -se '(map(select(.status == "Mounted from own/big")) | length) == 2' "$SCRATCH/push"
	grep -qxF 'user repository:other/big:pull,push repository:own/big:pull' "$SCRATCH/tokens.log"

	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/create?fromImage=$host/own/big&tag=1" >"$SCRATCH/pull"
	jq -e --arg n "$host/own/big" '.message == "pull access denied for " + $n + ", repository does not exist or may require '"'docker login'"': denied: requested access to the resource is denied"' "$SCRATCH/pull"
	curl -sS --unix-socket "$SOCKET" -X POST -H "X-Registry-Auth: $(auth_of reader secret)" \
		"http://wherry/images/create?fromImage=$host/own/big&tag=1" | grep -q 'up to date'
	grep -qxF 'reader repository:own/big:pull' "$SCRATCH/tokens.log"
	refuted grep -q secret "$SCRATCH/wherryd.log"
}

@test "login and push with the command, through a token server" {
	token_registry
	local host=127.0.0.1:$TOKEN_PORT
	run wherry login -u user --password-stdin "$host" <<<wrong
	[ "$status" = 1 ]
	[[ $output == *'incorrect username or password'* ]]
	wherry login -u user --password-stdin "$host" <<<secret
	tag busybox "$host/public/bb" 1
	wherry push -q "$host/public/bb:1"
	wherry logout "$host"
	wherry rmi "$host/public/bb:1"
	wherry pull -q "$host/public/bb:1" # anonymous
	run wherry push "$host/public/bb:1"
	[ "$status" = 1 ]
}

@test "what is not there, or has no registry, is told" {
	push "127.0.0.1:$PORT/absent" 1
	[ "$(api_status)" = 200 ]
	jq -se --arg p "$PORT" '.[-1].error == "An image does not exist locally with the tag: 127.0.0.1:" + $p + "/absent"' "$SCRATCH/push"
	tag busybox 127.0.0.1:1/x 1
	push 127.0.0.1:1/x 1
	jq -se '.[-1].errorDetail.message | startswith("cannot reach registry")' "$SCRATCH/push"
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/busybox/push" >"$SCRATCH/push"
	jq -e '.message | startswith("bad parameters and missing X-Registry-Auth: ")' "$SCRATCH/push"
}

@test "a wire that breaks is mended: the upload goes on where it stopped" {
	rm -f "$SCRATCH/wire"
	python3 "$BATS_TEST_DIRNAME/cutter.py" "$PORT" "$SCRATCH/wire" 3000000 2 >"$SCRATCH/cuts" 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/wire"
	local wire=127.0.0.1:$(cat "$SCRATCH/wire")
	api POST '/containers/create?name=broken' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/new bs=1M count=20"]}'
	api POST /containers/broken/start
	api POST /containers/broken/wait
	api POST '/commit?container=broken&repo=broken'
	tag broken "$wire/broken" 1
	push "$wire/broken" 1
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	[ "$(grep -c cut "$SCRATCH/cuts")" = 2 ]
	grep -q 'Retrying in' "$SCRATCH/push"
	check_pushed broken:1 broken
}

@test "a registry that forgets uploads and loses answers gets them again" {
	python3 "$BATS_TEST_DIRNAME/forgetful.py" "$PORT" "$SCRATCH/forgetful" >"$SCRATCH/forgetful.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/forgetful"
	local host=127.0.0.1:$(cat "$SCRATCH/forgetful")
	tag big "$host/forgotten" 1
	push "$host/forgotten" 1
	cat "$SCRATCH/forgetful.log"
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	[ "$(grep -c '^POST' "$SCRATCH/forgetful.log")" -ge 4 ] # a refused one, a forgotten one, one a blob
	check_pushed forgotten:1 big
}

@test "a registry that takes all parts and never the whole is given up" {
	python3 "$BATS_TEST_DIRNAME/forgetful.py" "$PORT" "$SCRATCH/full" full >"$SCRATCH/full.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/full"
	local host=127.0.0.1:$(cat "$SCRATCH/full")
	daemon_kill
	daemon_start --max-download-attempts 2
	tag big "$host/never" 1
	curl -sS --max-time 100 --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' -o "$SCRATCH/push" "http://wherry/images/$host/never/push?tag=1"
	jq -se '.[-1].error | test("503")' "$SCRATCH/push"
	[ "$(grep -c '^PUT' "$SCRATCH/full.log")" = 3 ] # of a layer in one part, and twice of the other
	daemon_kill
	daemon_start
}

@test "pushes to a registry that takes nothing any more keep nobody from a commit" {
	local i places pushes=() wire
	places=$(nproc)
	places=$((places < 2 ? 2 : places > 8 ? 8 : places))
	python3 "$BATS_TEST_DIRNAME/cutter.py" "$PORT" "$SCRATCH/stuck" 3000000 hold >"$SCRATCH/sticks" 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/stuck"
	wire=127.0.0.1:$(cat "$SCRATCH/stuck")
	for ((i = 0; i < places; i++)); do
		tag big "$wire/stuck$i" 1
		curl -sS --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' -N -o "$SCRATCH/push.$i" \
			"http://wherry/images/$wire/stuck$i/push?tag=1" 2>/dev/null 3>&- &
		pushes+=($!)
	done
	all_pack() { [ "$(cat "$SCRATCH"/push.* 2>/dev/null | grep -o '"Pushing".*' | wc -l)" -ge "$places" ] && [ "$(pgrep -c -P "$(daemon_pid)" -f 'wherry-worker pack')" -ge "$places" ]; }
	wait_until 20 all_pack
	api POST '/containers/create?name=quick' '{"Image":"busybox"}'
	[ "$(curl -sS --max-time 20 -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" -X POST 'http://wherry/commit?container=quick&repo=quick')" = 201 ]
	kill "${pushes[@]}"
	wait "${pushes[@]}" || true
	api DELETE /containers/quick
}

@test "kill -9 in the middle of a push: no tag, no bytes left here, and the next push is whole" {
	api POST '/containers/create?name=last' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/last bs=1M count=60"]}'
	api POST /containers/last/start
	api POST /containers/last/wait
	api POST '/commit?container=last&repo=last'
	# over a wire that holds what comes after a while, so that it is the middle
	python3 "$BATS_TEST_DIRNAME/cutter.py" "$PORT" "$SCRATCH/held" 3000000 hold >"$SCRATCH/holds" 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 10 test -s "$SCRATCH/held"
	local wire=127.0.0.1:$(cat "$SCRATCH/held")
	tag last "127.0.0.1:$PORT/last" 1
	tag last "$wire/last" 1
	curl -sS --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' -N -o "$SCRATCH/push" "http://wherry/images/$wire/last/push?tag=1" 2>/dev/null 3>&- &
	wait_until 20 grep -q held "$SCRATCH/holds"
	wait_until 20 grep -qs '"Pushing"' "$SCRATCH/push"
	daemon_kill
	[ "$(curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/v2/last/manifests/1")" = 404 ]
	daemon_start
	push "127.0.0.1:$PORT/last" 1
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	check_pushed last:1 last
}
