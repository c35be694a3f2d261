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

@test "bad references and sources are refused before anything is fetched" {
	api POST '/images/create?fromImage=BAD'
	expect_status 400
	jq -e '.message == "invalid reference format: repository name (library/BAD) must be lowercase"' "$SCRATCH/body"
	api POST '/images/create?fromSrc=http://example.invalid/x.tar'
	expect_status 501
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
