# Images for several platforms, and what registries tell without a pull.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	# two, and none that a connection begins at
	export PORT=$((RANDOM % 6000 + 20000)) SEARCH_PORT=$((RANDOM % 6000 + 26000))
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$PORT" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$PORT" 2>/dev/null
	mkdir -p "$SCRATCH/index/v1"
	echo '{"num_results":2,"query":"x","results":[{"name":"library/x","description":"the one","star_count":50,"is_official":true,"is_automated":false},
		{"name":"me/x","description":"","star_count":3,"is_official":false,"is_automated":false}]}' >"$SCRATCH/index/v1/search"
	python3 -m http.server --bind 127.0.0.1 --directory "$SCRATCH/index" "$SEARCH_PORT" >"$SCRATCH/index.log" 2>&1 3>&- &
	echo $! >>"$SCRATCH/pids"
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$SEARCH_PORT" 2>/dev/null
	push_list
}

teardown_file() {
	local pid
	for pid in $(cat "$SCRATCH"/pids); do kill "$pid" 2>/dev/null || true; done
	daemon_stop
	scratch_end
}

# One image a platform, and a list of both as multi:1.
push_list() {
	local platform entries= arch digest size
	busybox_image
	for platform in linux/amd64 linux/arm64/v8; do
		arch=$(cut -d/ -f2 <<<"$platform")
		tar -C "$SCRATCH/busybox" -c . | curl -sS --unix-socket "$SOCKET" -X POST -T - \
			"http://wherry/images/create?fromSrc=-&repo=127.0.0.1:$PORT/multi&tag=$arch&platform=$platform&changes=CMD%20true" >/dev/null
		curl -sS --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' \
			"http://wherry/images/127.0.0.1:$PORT/multi/push?tag=$arch" >"$SCRATCH/push"
		digest=$(jq -rs 'map(select(.aux))[-1].aux.Digest' "$SCRATCH/push")
		size=$(jq -rs 'map(select(.aux))[-1].aux.Size' "$SCRATCH/push")
		entries="$entries${entries:+,}{\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\",\"digest\":\"$digest\",\"size\":$size,\"platform\":{\"os\":\"linux\",\"architecture\":\"$arch\"$([ "$arch" = amd64 ] || echo ',"variant":"v8"')}}"
		api DELETE "/images/127.0.0.1:$PORT/multi:$arch"
	done
	printf '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[%s]}' "$entries" >"$SCRATCH/list.json"
	curl -sSf -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.list.v2+json' --data-binary "@$SCRATCH/list.json" \
		"http://127.0.0.1:$PORT/v2/multi/manifests/1"
}

pull() { curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/images/create?fromImage=127.0.0.1:$PORT/multi&tag=1${1:+&platform=$1}" >"$SCRATCH/pull"; }

@test "a platform that is asked for is pulled, shown, and only run when it is what was meant" {
	pull linux/arm64
	api GET "/images/127.0.0.1:$PORT/multi:1/json"
	jq -e '.Architecture == "arm64" and .Os == "linux"' "$SCRATCH/body"
	api POST '/containers/create?platform=linux/amd64' "{\"Image\":\"127.0.0.1:$PORT/multi:1\"}"
	expect_status 404
	jq -e '.message | endswith("was found but its platform (linux/arm64) does not match the specified platform (linux/amd64)")' "$SCRATCH/body"
	api POST '/containers/create?name=other' "{\"Image\":\"127.0.0.1:$PORT/multi:1\"}"
	expect_status 201
	jq -e '.Warnings[0] | startswith("The requested image'"'"'s platform (linux/arm64) does not match the detected host platform")' "$SCRATCH/body"
	api DELETE /containers/other
	pull linux/amd64
	api GET "/images/127.0.0.1:$PORT/multi:1/json"
	jq -e --arg d "sha256:$(sha256sum <"$SCRATCH/list.json" | cut -d' ' -f1)" '.Architecture == "amd64" and (.RepoDigests[0] | endswith($d))' "$SCRATCH/body"
	api POST '/containers/create?name=right&platform=linux/amd64' "{\"Image\":\"127.0.0.1:$PORT/multi:1\"}"
	expect_status 201
	api POST /containers/right/start
	expect_status 204
	pull linux/s390x
	jq -e '.message == "no matching manifest for linux/s390x in the manifest list entries"' "$SCRATCH/pull"
}

@test "a registry is asked what a name stands for" {
	api GET "/distribution/127.0.0.1:$PORT/multi:1/json"
	expect_status 200
	jq -e --arg d "sha256:$(sha256sum <"$SCRATCH/list.json" | cut -d' ' -f1)" '.Descriptor.digest == $d and
		.Descriptor.mediaType == "application/vnd.docker.distribution.manifest.list.v2+json" and
		.Platforms == [{"architecture":"amd64","os":"linux"},{"architecture":"arm64","os":"linux","variant":"v8"}]' "$SCRATCH/body"
	api GET "/distribution/127.0.0.1:$PORT/multi:amd64/json"
	jq -e '.Platforms == [{"architecture":"amd64","os":"linux"}] and .Descriptor.size > 100' "$SCRATCH/body"
	api GET "/distribution/127.0.0.1:$PORT/multi:absent/json"
	expect_status 404
	jq -e '.message | endswith("manifest unknown: manifest unknown")' "$SCRATCH/body"
	api GET "/distribution/BAD/json"
	expect_status 400
}

@test "a registry with an index is searched; one without says so" {
	api GET "/images/search?term=127.0.0.1:$SEARCH_PORT/x"
	jq -e 'length == 2 and .[0] == {"star_count":50,"is_official":true,"name":"library/x","is_automated":false,"description":"the one"}' "$SCRATCH/body"
	grep -q 'GET /v1/search?q=x&n=25 ' "$SCRATCH/index.log"
	curl -sS -G --unix-socket "$SOCKET" --data-urlencode "term=127.0.0.1:$SEARCH_PORT/x y" --data-urlencode 'filters={"stars":["10"]}' -d limit=3 http://wherry/images/search >"$SCRATCH/body"
	jq -e 'length == 1' "$SCRATCH/body"
	grep -q 'GET /v1/search?q=x%20y&n=3 ' "$SCRATCH/index.log"
	api GET "/images/search?term=127.0.0.1:$PORT/x"
	expect_status 404
	jq -e --arg p "$PORT" '.message == "registry '"'"'127.0.0.1:" + $p + "'"'"' cannot be searched: it does not have the API for that"' "$SCRATCH/body"
	api GET "/images/search?term=x&limit=101"
	expect_status 400
	jq -e '.message == "limit 101 is outside the range of [1, 100]"' "$SCRATCH/body"
	api GET "/images/search?term=http://x"
	expect_status 400
}
