#!/usr/bin/env bats
# Pulling from registries that behave, and from such as do not (hostile.c).

load ../lib/wherry
load registry

setup_file() { scratch_begin; }
teardown_file() { scratch_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, owners"
	store_begin
	make_files
}
teardown() { store_end; }

expect_pulled() {
	[ "$status" = 0 ] || { echo "# $output"; return 1; }
	cmp "$(layer_of "$1" 2)/usr/bin/data" "$TREES/low/usr/bin/data"
	[ "$(cat "$(layer_of "$1" 1)/etc/name")" = high ]
	[ -z "$(ls -A "$ROOT/blobs/partial")" ]
}

@test "an image comes with its layers, modes, whiteouts and names" {
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	[[ $output == *'"status":"Pulling from bb","id":"1"'* ]]
	[[ $output == *"\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"${LOW:7:12}\""* ]]
	[[ $output == *"Digest: $MANIFEST"*"Status: Downloaded newer image for $HOST/bb:1"* ]]
	[ "$(stat -c '%a %F %Y' "$(layer_of "$HOST/bb:1" 2)/usr/bin/data")" = "4755 regular file 1000000000" ]
	[ "$(stat -c '%F %t:%T' "$(layer_of "$HOST/bb:1")/etc/gone")" = "character special file 0:0" ]
	[ "$(readlink "$(layer_of "$HOST/bb:1" 2)/bin")" = usr/bin ]
	run tool list
	[[ $output == "$IMAGE tags=$HOST/bb:1 digests=$HOST/bb@$MANIFEST "* ]]
	run tool pull "$HOST/bb:1"
	[[ $output == *"Status: Image is up to date for $HOST/bb:1"* ]]
	[ "$(grep -c "blobs/$LOW" "$FILES/log")" = 1 ]
}

@test "by digest, and a manifest that is not what was asked for is refused" {
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb@$MANIFEST"
	[[ $output == *"Status: Downloaded newer image for $HOST/bb@$MANIFEST"* ]]
	run tool list
	[[ $output == *"tags= digests=$HOST/bb@$MANIFEST"* ]]
	local other=sha256:$(printf '%064d' 7)
	cp "$FILES/v2/bb/manifests/1" "$FILES/v2/bb/manifests/$other"
	run tool pull "$HOST/bb@$other"
	expect_error $INVALID "the registry sent '$MANIFEST' where '$other' was asked for"
}

@test "zstd and unpacked layers" {
	PACK="zstd -q" registry_image "$FILES" bb zstd "$(layer_tar "$TREES/low")" "$(layer_tar "$TREES/high")"
	PACK=cat registry_image "$FILES" bb plain "$(layer_tar "$TREES/low")" "$(layer_tar "$TREES/high")"
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:zstd"
	expect_pulled "$HOST/bb:zstd"
	tool rm "$HOST/bb:zstd"
	run tool pull "$HOST/bb:plain"
	expect_pulled "$HOST/bb:plain"
}

@test "a layer that is there already is not fetched" {
	registry_image "$FILES" other 1 "$(layer_tar "$TREES/low")"
	serve_files "$FILES" </dev/null
	tool pull "$HOST/bb:1"
	run tool pull "$HOST/other:1"
	[ "$status" = 0 ]
	[[ $output == *'"status":"Already exists"'* ]]
	[ "$(ls "$ROOT/layers" | wc -l)" = 2 ]
	refuted grep -q "other/blobs/$LOW" "$FILES/log"
}

@test "two pulls at once fetch a layer once" {
	registry_image "$FILES" other 1 "$(layer_tar "$TREES/low")"
	serve_files "$FILES" <<<"blobs/$LOW drip 0"
	run tool pull "$HOST/bb:1" "$HOST/other:1"
	[ "$status" = 0 ]
	[ "$(grep -c "blobs/$LOW" "$FILES/log")" = 1 ]
	[ "$(ls "$ROOT/layers" | wc -l)" = 2 ]
	run tool list
	[[ $output == *"tags=$HOST/bb:1"* && $output == *"tags=$HOST/other:1"* ]]
}

@test "when one of two pulls fails the other goes on" {
	registry_image "$FILES" other 1 "$(layer_tar "$TREES/low")" "$(layer_tar "$TREES/high")"
	serve_files "$FILES" <<<"other/manifests drip 0
bb/blobs/$LOW drip 0
bb/blobs/$HIGH half 0" # so bb is first, and fails while the other waits for both
	run tool pull "$HOST/bb:1" "$HOST/other:1"
	run tool list
	[[ $output == *"tags=$HOST/other:1"* && $output != *"tags=$HOST/bb:1"* ]]
	cmp "$(layer_of "$HOST/other:1" 2)/usr/bin/data" "$TREES/low/usr/bin/data"
}

@test "a download that breaks off goes on from there" {
	serve_files "$FILES" <<<"blobs/$LOW half 2"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	[[ $output == *'"status":"Retrying in 1 second"'* ]]
	grep -q "blobs/$LOW bytes=" "$FILES/log"
}

@test "a server that knows no parts is asked from the beginning" {
	serve_files "$FILES" <<<"blobs/$LOW half 1
blobs/$LOW whole 0"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
}

@test "a server that sends another part than was asked for is asked from the beginning" {
	serve_files "$FILES" <<<"blobs/$LOW half 1
blobs/$LOW elsewhere 0"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
}

@test "pieces that do not fit are fetched again as a whole" {
	serve_files "$FILES" <<<"blobs/$LOW half 1
blobs/$LOW flip 1"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	[ "$(grep -c "blobs/$LOW -" "$FILES/log")" = 2 ]
}

@test "a wrong digest is refused and leaves nothing" {
	serve_files "$FILES" <<<"blobs/$LOW flip 0"
	run tool pull "$HOST/bb:1"
	expect_error $INVALID "filesystem layer verification failed for digest $LOW"
	expect_empty
}

@test "a wrong configuration is refused" {
	serve_files "$FILES" <<<"blobs/$IMAGE flip 0"
	run tool pull "$HOST/bb:1"
	expect_error $INVALID "where '$IMAGE' was asked for"
	expect_empty
}

@test "a layer that unpacks to something else is refused" {
	IDS="\"$(digest "$(layer_tar "$TREES/high")")\",\"$(digest "$(layer_tar "$TREES/high")")\"" \
		registry_image "$FILES" bb 2 "$(layer_tar "$TREES/low")" "$(layer_tar "$TREES/high")"
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:2"
	expect_error $INVALID "as the image says"
	expect_empty
}

@test "a layer that always ends early fails after some tries" {
	serve_files "$FILES" <<<"blobs/$LOW half 0"
	ATTEMPTS=3 run tool pull "$HOST/bb:1"
	[ "$status" = 1 ]
	[ "$(grep -c "blobs/$LOW" "$FILES/log")" = 3 ]
	[ -z "$(ls "$ROOT/blobs/sha256")" ] # no manifest without its image
	[ -s "$ROOT/blobs/partial/${LOW#sha256:}" ] # for the next pull
	tool prune
	[ -z "$(ls "$ROOT/blobs/partial")" ]
	expect_empty
}

@test "a server that knows no parts and never comes to the end is given up" {
	local tree=$SCRATCH/large layer
	mkdir -p "$tree"
	head -c 400000 /dev/urandom >"$tree/data" # half of it is worth a try
	registry_image "$FILES" large 1 "$(layer_tar "$tree")"
	layer=$(find "$FILES/v2/large/blobs" -size +300k -printf %f)
	serve_files "$FILES" <<<"blobs/$layer torso 0"
	ATTEMPTS=3 run tool pull "$HOST/large:1"
	[ "$status" = 1 ]
	[ "$(grep -c "blobs/$layer" "$FILES/log")" = 3 ]
}

@test "a layer longer than its manifest says is refused" {
	serve_files "$FILES" <<<"blobs/$LOW long 0"
	run tool pull "$HOST/bb:1"
	expect_error $INVALID "blob '$LOW' is longer than the manifest says"
}

@test "a registry that stalls is given up" {
	serve_files "$FILES" <<<"blobs/$LOW stall 0"
	STALL_MS=600 ATTEMPTS=2 run tool pull "$HOST/bb:1"
	expect_error $UNAVAILABLE "no data for 1 seconds"
	serve_files "$FILES" <<<"manifests/1 stall 0"
	STALL_MS=600 run tool pull "$HOST/bb:1"
	expect_error $UNAVAILABLE "no data for 1 seconds"
}

@test "a server in trouble is asked again" {
	serve_files "$FILES" <<<"blobs/$LOW status 2 503"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	[ "$(grep -c "blobs/$LOW" "$FILES/log")" = 3 ]
}

@test "refusals come in Docker's words" {
	serve_files "$FILES" <<<"denied/ status 0 403"
	run tool pull "$HOST/bb:none"
	expect_error $NOT_FOUND "manifest for $HOST/bb:none not found: manifest unknown: manifest unknown"
	run tool pull "$HOST/denied:1"
	expect_error $NOT_FOUND "pull access denied for $HOST/denied, repository does not exist or may require 'docker login'"
	run tool pull "$HOST/BB:1"
	expect_error $INVALID "invalid reference format"
	run tool pull 127.0.0.1:1/bb
	expect_error $UNAVAILABLE "cannot reach registry '127.0.0.1:1'"
}

@test "the platform is chosen from a list, and said when it is not there" {
	ARCH=arm64 registry_image "$FILES" bb arm "$(layer_tar "$TREES/high")"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1,"digest":"%s","platform":{"os":"linux","architecture":"arm64"}},{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1,"digest":"%s","platform":{"os":"linux","architecture":"amd64"}}]}' \
		"$MANIFEST" "$(digest "$FILES/v2/bb/manifests/1")" >"$SCRATCH/list"
	registry_manifest "$FILES" bb all "$SCRATCH/list"
	serve_files "$FILES" </dev/null
	PLATFORM=linux/amd64 run tool pull "$HOST/bb:all"
	expect_pulled "$HOST/bb:all"
	run tool list
	[[ $output == *"digests=$HOST/bb@$(digest "$SCRATCH/list")"* ]]
	PLATFORM=linux/arm64/v8 run tool pull "$HOST/bb:all"
	[[ $output == *"id $IMAGE"* ]]
	PLATFORM=linux/s390x run tool pull "$HOST/bb:all"
	expect_error $NOT_FOUND "no matching manifest for linux/s390x in the manifest list entries"
	PLATFORM=linux/s390x run tool pull "$HOST/bb:1"
	expect_error $NOT_FOUND "was found but its platform (linux/amd64) does not match the specified platform (linux/s390x)"
	PLATFORM=bogus/ run tool pull "$HOST/bb:1"
	expect_error $INVALID ""
}

@test "what is no image, or too much of one, is refused by name" {
	echo '{"schemaVersion":1,"name":"bb","fsLayers":[]}' >"$FILES/v2/bb/manifests/old"
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$FILES/v2/bb/manifests/huge"
	echo 'no json' >"$FILES/v2/bb/manifests/text"
	jq -c '.config.size = 9000000' "$FILES/v2/bb/manifests/1" >"$FILES/v2/bb/manifests/config"
	jq -c '.layers = [range(501) as $i | .layers[0]]' "$FILES/v2/bb/manifests/1" >"$FILES/v2/bb/manifests/many"
	printf '%2000s' | sed 's/ /[/g' >"$FILES/v2/bb/manifests/deep"
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:old"
	expect_error $INVALID "manifest of schema 1"
	run tool pull "$HOST/bb:huge"
	expect_error $INVALID "is larger than 4194304 bytes"
	run tool pull "$HOST/bb:text"
	expect_error $INVALID "bad manifest"
	run tool pull "$HOST/bb:config"
	expect_error $INVALID "has a size that cannot be: 9000000"
	run tool pull "$HOST/bb:many"
	expect_error $INVALID "the image has 501 layers, and 500 is the most that can be mounted"
	run tool pull "$HOST/bb:deep"
	expect_error $INVALID "bad manifest"
	expect_empty
}

@test "500 layers do" {
	python3 "$BATS_TEST_DIRNAME/many_layers.py" "$FILES" bb many 500
	serve_files "$FILES" </dev/null
	TOOL_SECONDS=300 run tool pull "$HOST/bb:many" # 500 processes of a sanitized build
	[ "$status" = 0 ]
	run tool rootfs "$HOST/bb:many"
	[ ${#output} -lt 3000 ]
	mkdir "$ROOT/mnt"
	(cd "$ROOT/layers" && mount -t overlay overlay -o "lowerdir=$output" "$ROOT/mnt")
	[ "$(cat "$ROOT/mnt/number")" = 499 ]
	umount "$ROOT/mnt"
}

@test "a name and a password, or a token for them" {
	serve_files "$FILES" <<<"/v2/ basic 0"
	run tool pull "$HOST/bb:1"
	expect_error $DENIED "no basic auth credentials"
	AUTH='{"username":"user","password":"wrong"}' run tool pull "$HOST/bb:1"
	expect_error $DENIED "unauthorized: authentication required"
	AUTH='{"username":"user","password":"secret"}' run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	tool rm "$HOST/bb:1"
	local realm=$HOST
	serve_files "$FILES" <<<"/v2/ bearer 0 http://127.0.0.1:9/token"
	run tool pull "$HOST/bb:1"
	expect_error $UNAVAILABLE "cannot reach the token server"
	mkdir -p "$SCRATCH/tokens"
	serve_files "$SCRATCH/tokens" <<<"/token token 0"
	realm=$HOST
	serve_files "$FILES" <<<"/v2/ bearer 0 http://$realm/token"
	run tool pull "$HOST/bb:1"
	expect_error $DENIED "unauthorized: incorrect username or password"
	AUTH='{"username":"user","password":"secret"}' run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	grep -q "GET /token?service=hostile&scope=repository%3Abb%3Apull&account=user - Basic" "$SCRATCH/tokens/log"
	tool rm "$HOST/bb:1"
	AUTH='{"registrytoken":"good"}' run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	tool rm "$HOST/bb:1"
	serve_files "$SCRATCH/tokens" <<<"/token anonymous 0"
	realm=$HOST
	serve_files "$FILES" <<<"/v2/ bearer 0 http://$realm/token"
	run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	AUTH='{"identitytoken":"refresh"}' run tool pull "$HOST/bb:1"
	[ "$status" = 0 ]
	grep -q "POST /token - -" "$SCRATCH/tokens/log"
}

@test "a redirect to another host is followed, without our proof" {
	mkdir -p "$SCRATCH/elsewhere"
	cp -r "$FILES/v2" "$SCRATCH/elsewhere/"
	serve_files "$SCRATCH/elsewhere" </dev/null
	local elsewhere=$HOST
	serve_files "$FILES" <<<"/blobs/$LOW redirect 0 http://$elsewhere
/v2/ basic 0"
	AUTH='{"username":"user","password":"secret"}' run tool pull "$HOST/bb:1"
	expect_pulled "$HOST/bb:1"
	[ "$(cat "$SCRATCH/elsewhere/log")" = "GET /v2/bb/blobs/$LOW - -" ]
	grep -q "blobs/$HIGH - Basic" "$FILES/log"
	tool rm "$HOST/bb:1"
	serve_files "$FILES" <<<"/blobs/$LOW redirect 0 file://"
	run tool pull "$HOST/bb:1"
	expect_error $SYSTEM "redirects to where we do not follow"
	serve_files "$FILES" <<<"/blobs/$LOW redirect 0 "
	run tool pull "$HOST/bb:1"
	expect_error $SYSTEM "redirects to where we do not follow"
}

@test "mirrors stand in for docker.io, each for what the one before lacks" {
	mkdir -p "$SCRATCH/first/v2/library" "$SCRATCH/second/v2/library"
	cp -r "$FILES/v2/bb" "$SCRATCH/first/v2/library/"
	cp -r "$FILES/v2/bb" "$SCRATCH/second/v2/library/"
	rm "$SCRATCH/first/v2/library/bb/blobs/$LOW"
	serve_files "$SCRATCH/first" </dev/null
	local first=$HOST
	serve_files "$SCRATCH/second" <<<"/v2/ bearer 0 http://127.0.0.1:9/token"
	local second=$HOST
	AUTH='{"username":"user","password":"secret"}' MIRRORS="http://127.0.0.1:1 http://$first http://$second" \
		STALL_MS=1000 run tool pull bb:1
	[ "$status" = 1 ]
	refuted grep -q Basic "$SCRATCH/second/log"
	serve_files "$SCRATCH/second" </dev/null
	MIRRORS="http://127.0.0.1:1 http://$first http://$HOST/" run tool pull bb:1
	expect_pulled bb:1
	[[ $output == *'"Pulling from library/bb"'*"Status: Downloaded newer image for bb:1"* ]]
	grep -q "blobs/$LOW" "$SCRATCH/second/log"
}

@test "all tags of a repository" {
	registry_image "$FILES" bb 2 "$(layer_tar "$TREES/low")"
	mkdir -p "$FILES/v2/bb/tags"
	echo '{"name":"bb","tags":["1","2","bad/tag"]}' >"$FILES/v2/bb/tags/list"
	serve_files "$FILES" </dev/null
	ALL=1 run tool pull "$HOST/bb"
	[ "$status" = 0 ]
	[[ $output == *"Status: Downloaded newer image for $HOST/bb"* ]]
	run tool list
	[[ $output == *"tags=$HOST/bb:1"* && $output == *"tags=$HOST/bb:2"* ]]
}

@test "a bomb is stopped at the limit" {
	head -c 50000000 /dev/zero >"$SCRATCH/zeros"
	mkdir -p "$SCRATCH/bomb"
	mv "$SCRATCH/zeros" "$SCRATCH/bomb/"
	registry_image "$FILES" bb bomb "$(layer_tar "$SCRATCH/bomb")"
	serve_files "$FILES" </dev/null
	LAYER_SIZE=1000000 run tool pull "$HOST/bb:bomb"
	expect_error $INVALID "failed to register layer: "
	[[ $output == *"the layer is larger than 1000000 bytes unpacked"* ]]
	LAYER_FILES=1 run tool pull "$HOST/bb:1"
	expect_error $INVALID "the layer has more than 1 entries"
	expect_empty
}

@test "a layer that leads out is refused, and nothing is written anywhere" {
	mkdir -p "$SCRATCH/out/in"
	echo x >"$SCRATCH/out/escaped"
	tar -C "$SCRATCH/out/in" -P -cf "$SCRATCH/escape.tar" ../escaped
	rm "$SCRATCH/out/escaped"
	registry_image "$FILES" bb escape "$SCRATCH/escape.tar"
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:escape"
	expect_error $INVALID "'../escaped' leads out of the layer"
	[ -z "$(find "$ROOT" "$SCRATCH/out" -name escaped)" ]
	expect_empty
}

@test "a pull whose process dies leaves nothing behind at the next start" {
	serve_files "$FILES" <<<"blobs/$LOW stall 0"
	WORKER=$WHERRY_BUILD/wherry-worker "$WHERRY_BUILD/tests/image_tool" "$ROOT" pull "$HOST/bb:1" \
		>"$ROOT.out" 2>&1 3>&- &
	local pid=$!
	wait_until 10 grep -q Downloading "$ROOT.out"
	kill -KILL $pid
	wait $pid || true
	[ -n "$(ls -A "$ROOT/layers")" ]
	expect_empty
}
