# Images through the API: import, list, inspect, history, tag, remove, prune, load.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

@test "an imported image is listed, inspected and has a history" {
	api GET /images/json
	jq -e '.[0].RepoTags == ["busybox:latest"] and .[0].RepoDigests == [] and .[0].Containers == -1 and .[0].SharedSize == -1
		and .[0].Size > 0 and .[0].ParentId == "" and (.[0] | has("VirtualSize") | not) and (.[0].Id | startswith("sha256:"))' "$SCRATCH/body"
	api GET /images/busybox/json
	jq -e '.Os == "linux" and .Config.Cmd == ["sh"] and .RootFS.Type == "layers" and (.RootFS.Layers | length == 1)
		and .GraphDriver.Name == "overlay2" and .Comment == "Imported from -" and (.Metadata.LastTagTime > "2020")' "$SCRATCH/body"
	id=$(jq -r .Id "$SCRATCH/body")
	api GET "/images/${id#sha256:}/json"
	expect_status 200
	api GET "/images/${id:7:8}/json"
	expect_status 200
	api GET /images/busybox/history
	jq -e --arg id "$id" '.[0].Id == $id and .[0].Tags == ["busybox:latest"] and .[0].Size > 0' "$SCRATCH/body"
}

@test "an image is tagged and untagged" {
	api POST '/images/busybox/tag?repo=localhost:5000/a/b&tag=v1'
	expect_status 201
	api POST '/images/busybox/tag?repo=BAD'
	expect_status 400
	api POST '/images/nope/tag?repo=x'
	expect_status 404
	api GET /images/localhost:5000/a/b:v1/json
	jq -e '.RepoTags | sort == ["busybox:latest","localhost:5000/a/b:v1"]' "$SCRATCH/body"
	curl -sS -G --unix-socket "$SOCKET" --data-urlencode 'filters={"reference":["localhost:5000/*/*"]}' http://wherry/images/json >"$SCRATCH/body"
	jq -e 'length == 1 and .[0].RepoTags == ["localhost:5000/a/b:v1"]' "$SCRATCH/body"
	curl -sS -G --unix-socket "$SOCKET" --data-urlencode 'filters={"dangling":["true"]}' http://wherry/images/json >"$SCRATCH/body"
	jq -e 'length == 0' "$SCRATCH/body"
	api DELETE /images/localhost:5000/a/b:v1
	expect_status 200
	jq -e '. == [{"Untagged":"localhost:5000/a/b:v1"}]' "$SCRATCH/body"
}

@test "an image in use is not removed" {
	api POST '/containers/create?name=user' '{"Image":"busybox"}'
	api DELETE /images/busybox
	expect_status 409
	jq -e '.message | startswith("conflict: unable to remove repository reference \"busybox\" (must force) - container ")' "$SCRATCH/body"
	api DELETE /containers/user
	busybox_image second:latest
	api DELETE /images/second
	expect_status 200
	jq -e 'map(keys[0]) | index("Untagged") == 0' "$SCRATCH/body"
}

@test "prune takes images without names" {
	busybox_image extra:latest
	api POST '/images/prune?filters=%7B%22dangling%22%3A%5B%22false%22%5D%7D'
	expect_status 200
	jq -e '(.ImagesDeleted | length > 0) and .SpaceReclaimed >= 0' "$SCRATCH/body"
	api POST /images/prune
	jq -e '.ImagesDeleted == null and .SpaceReclaimed == 0' "$SCRATCH/body"
	busybox_image
}

@test "prune spares the images that have every label of label!" {
	local stage
	for stage in test prod; do
		tar -C "$SCRATCH/busybox" -c etc | curl -sS --unix-socket "$SOCKET" -X POST --data-binary @- -H 'Content-Type: application/x-tar' \
			"http://wherry/v1.47/images/create?fromSrc=-&repo=$stage&changes=LABEL%20keep=yes%20stage=$stage" | grep -q sha256:
	done
	api POST '/images/prune?filters=%7B%22dangling%22%3A%5B%22false%22%5D%2C%22label%22%3A%5B%22keep%22%5D%2C%22label!%22%3A%5B%22keep%22%2C%22stage%3Dprod%22%5D%7D'
	expect_status 200
	jq -e '[.ImagesDeleted[].Untagged // empty] == ["test:latest"]' "$SCRATCH/body"
	wherry image inspect prod >/dev/null
	wherry rmi prod
}

@test "an image is imported from a URL; what is not there is told" {
	mkdir -p "$SCRATCH/www/folder"
	tar -C "$SCRATCH/busybox" -czf "$SCRATCH/www/tree.tar.gz" .
	echo text >"$SCRATCH/www/text"
	python3 -u -m http.server --bind 127.0.0.1 --directory "$SCRATCH/www" 0 >"$SCRATCH/www.log" 2>&1 3>&- &
	local server=$! url
	wait_until 20 grep -q 'port [0-9]' "$SCRATCH/www.log"
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$SCRATCH/www.log" | head -1)
	run wherry import -c 'CMD ["echo","hi"]' "$url/tree.tar.gz" from-url:1
	echo "$output"
	[[ $output == *"Downloading from $url/tree.tar.gz"* ]]
	[[ $output == *sha256:* ]]
	[ "$(wherry run --rm from-url:1)" = hi ]
	[ "$(wherry image inspect -f '{{.Comment}}' from-url:1)" = "Imported from $url/tree.tar.gz" ]
	run wherry import "$url/absent"
	[ "$status" = 1 ]
	[[ $output == *"failed to GET $url/absent with status 404"* ]]
	run wherry import "$url/text"
	[ "$status" = 1 ]
	kill $server
	run wherry import "$url/tree.tar.gz" from-url:2
	[ "$status" = 1 ]
	[[ $output == *"failed to GET"* ]]
	[ "$(wherry images -q from-url | wc -l)" = 1 ]
	wherry rmi from-url:1
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers" | wc -l)" = 1 ]'
}

@test "bad references and sources are refused before anything is fetched" {
	api POST '/images/create?fromImage=BAD'
	expect_status 400
	jq -e '.message == "invalid reference format: repository name (library/BAD) must be lowercase"' "$SCRATCH/body"
	api POST '/images/create?fromSrc=ftp://example.invalid/x.tar'
	expect_status 400
	api POST '/images/create'
	expect_status 400
	api POST '/images/create?fromImage=busybox&tag=latest&platform=bogus'
	expect_status 400
}

@test "events of images are told" {
	since=$(date +%s.%N)
	api POST '/images/busybox/tag?repo=told'
	api DELETE /images/told
	curl -sS --unix-socket "$SOCKET" "http://wherry/events?since=$since&until=$(date +%s.%N)" >"$SCRATCH/past"
	[ "$(jq -r 'select(.Type == "image") | .Action' "$SCRATCH/past" | xargs)" = "tag untag" ]
}

# basic_registry: one that knows ann with her secret alone; its $port, and its pid in $registry.
basic_registry() {
	cat >"$SCRATCH/registry.py" <<'PYTHON'
import base64, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"ann:secret").decode()
        self.send_response(200 if good and self.path == "/v2/" else 401)
        if not good: self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
	rm -f "$SCRATCH/port"
	mkfifo "$SCRATCH/port"
	python3 "$SCRATCH/registry.py" >"$SCRATCH/port" 3>&- &
	registry=$!
	read -r port <"$SCRATCH/port"
}

@test "a header that is no base64 is no credential, and nothing of it stays in the daemon" {
	local round # many, as one is easily overlooked: the stack may still name it
	for round in $(seq 30); do
		curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/body" -X POST -H 'X-Registry-Auth: !!!' http://wherry/images/nosuch/push
		curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/body" -H 'X-Registry-Auth: !!!' http://wherry/distribution/127.0.0.1:1/x/json
	done
	kill -TERM "$(cat "$SCRATCH/daemon")"
	wait_until 20 has_ended "$(cat "$SCRATCH/daemon")"
	refuted grep -A20 LeakSanitizer "$SCRATCH/wherryd.log"
	daemon_start
}

@test "credentials are shown to the registry, which takes or refuses them" {
	basic_registry
	api POST /auth '{"username":"ann","password":"secret","serveraddress":"127.0.0.1:'"$port"'"}'
	good=$(api_status)
	cp "$SCRATCH/body" "$SCRATCH/good"
	api POST /auth '{"username":"ann","password":"wrong","serveraddress":"http://127.0.0.1:'"$port"'/v2/"}'
	bad=$(api_status)
	kill $registry
	[ "$good" = 200 ]
	jq -e '.Status == "Login Succeeded" and .IdentityToken == ""' "$SCRATCH/good"
	[ "$bad" = 401 ]
	jq -e '.message == "unauthorized: incorrect username or password"' "$SCRATCH/body"
	api POST /auth '{"username":"ann","password":"x","serveraddress":"127.0.0.1:1"}'
	expect_status 503
	api POST /auth '{"serveraddress":"a b"}'
	expect_status 400
	api POST /auth '{"username":5,"password":"x","serveraddress":"127.0.0.1:1"}'
	expect_status 400
	jq -e '.message | endswith("cannot unmarshal number into Go struct field username of type string")' "$SCRATCH/body"
	api POST /auth
	expect_status 400
}

# A 401 would make the docker command ask for a name and wait for it, where Docker's daemon never does.
@test "a registry that wants a login is an error of the pull, and no question" {
	basic_registry
	api POST "/images/create?fromImage=127.0.0.1:$port/secret&tag=1"
	kill $registry
	expect_status 500
	jq -e '.message == "no basic auth credentials"' "$SCRATCH/body"
}

@test "an image without layers runs what is bound into it" {
	local config='{"architecture":"amd64","os":"linux","config":{"Labels":{"bare":"yes"}},"rootfs":{"type":"layers","diff_ids":[]}}'
	mkdir "$SCRATCH/bare"
	echo "$config" >"$SCRATCH/bare/config.json"
	echo '[{"Config":"config.json","RepoTags":["bare:1"],"Layers":[]}]' >"$SCRATCH/bare/manifest.json"
	tar -C "$SCRATCH/bare" -cf "$SCRATCH/bare.tar" config.json manifest.json
	curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' --data-binary "@$SCRATCH/bare.tar" \
		http://wherry/images/load | grep -q "Loaded image: bare:1"
	run wherry run --rm -v /bin/busybox:/sh:ro bare:1 /sh -c 'echo it runs'
	[ "$status" = 0 ]
	[ "$output" = "it runs" ]
	run wherry run --name empty bare:1 /none
	[ "$status" = 127 ]
	[ "$(api GET /containers/empty/changes)" = null ]
	wherry rm empty
}

@test "clients that send slowly, or no more, keep nobody from his image" {
	local i places clients=()
	places=$(nproc)
	places=$((places < 2 ? 2 : places > 8 ? 8 : places))
	for ((i = 0; i < places; i++)); do
		mkfifo "$SCRATCH/slow.$i"
		wherry import - "slow:$i" <>"$SCRATCH/slow.$i" >/dev/null 2>&1 3>&- &
		clients+=($!)
		tar -C "$SCRATCH/busybox" -c . | head -c 100000 >"$SCRATCH/slow.$i"
	done
	all_unpack() { [ "$(pgrep -c -P "$(daemon_pid)" -f 'wherry-worker unpack')" -ge "$places" ]; }
	wait_until 20 all_unpack
	tar -C "$SCRATCH/busybox" -c . | curl -sS --max-time 60 --unix-socket "$SOCKET" -X POST --data-binary @- \
		-H 'Content-Type: application/x-tar' -H 'Transfer-Encoding: chunked' \
		"http://wherry/v1.47/images/create?fromSrc=-&repo=quick&tag=1" | grep -q '"status":"sha256:'
	kill "${clients[@]}"
	wait "${clients[@]}" || true
	wherry rmi quick:1
}

@test "a layer that cannot be begun leaves no folder" {
	local before
	before=$(ls "$SCRATCH/data/layers")
	rm -r "$SCRATCH/data/recipes"
	run wherry import - broken <"$SCRATCH/wherryd.log"
	[[ $output == *"cannot make a recipe for a layer"* ]]
	nothing_new() { [ -z "$(comm -13 <(echo "$before") <(ls "$SCRATCH/data/layers"))" ]; } # what others left may go meanwhile
	wait_until 20 nothing_new
	daemon_kill
	daemon_start
}
