# Save: images as archives, for ourselves and for others.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	busybox_image other:1
	api POST '/images/busybox/tag?repo=busybox&tag=two'
	api POST '/containers/create?name=c1' '{"Image":"busybox","Cmd":["sh","-c","echo text >/root/file; rm -r /home/ann; truncate -s 50M /sparse; echo end >>/sparse; mkfifo /fifo"]}'
	api POST /containers/c1/start
	api POST /containers/c1/wait
	api POST '/commit?container=c1&repo=made&tag=1'
	api DELETE /containers/c1
}

teardown_file() {
	daemon_stop
	scratch_end
}

save() { # FILE PATH
	curl -sSf --unix-socket "$SOCKET" -o "$SCRATCH/$1" "http://wherry$2"
}

id_of() { api GET "/images/$1/json" | jq -r .Id; }

@test "who has the archive may remove the image at once, and all of it goes" {
	for i in $(seq 10); do
		api POST '/containers/create?name=c2' '{"Image":"busybox"}' >/dev/null
		api POST "/commit?container=c2&repo=gone&tag=$i" >/dev/null
		api DELETE /containers/c2
		save gone.tar "/images/gone:$i/get"
		[ "$(api DELETE "/images/gone:$i" | jq -r '.[].Deleted // empty' | wc -l)" -gt 0 ]
	done
}

@test "an archive holds what its documents say, by its digest" {
	save made.tar /images/made:1/get
	rm -rf "$SCRATCH/x"
	mkdir "$SCRATCH/x"
	tar -xf "$SCRATCH/made.tar" -C "$SCRATCH/x"
	cd "$SCRATCH/x"
	local blob
	for blob in blobs/sha256/*; do [ "$(sha256sum <"$blob" | cut -d' ' -f1)" = "${blob##*/}" ]; done
	jq -e --arg id "$(id_of made:1)" '.[0].Config == "blobs/sha256/" + $id[7:] and .[0].RepoTags == ["made:1"] and (.[0].Layers | length) == 2' manifest.json
	jq -e '.imageLayoutVersion == "1.0.0"' oci-layout
	jq -e '.made["1"] | length == 64' repositories
	jq -e '.manifests[0].annotations["io.containerd.image.name"] == "docker.io/library/made:1"' index.json
}

@test "several names share layers; a name alone is its repository; an id has no name" {
	save two.tar '/images/get?names=busybox&names=made:1&names=busybox:latest'
	tar -xOf "$SCRATCH/two.tar" manifest.json >"$SCRATCH/m.json"
	jq -e 'length == 2 and .[0].RepoTags == ["busybox:latest","busybox:two"] and .[1].RepoTags == ["made:1"]' "$SCRATCH/m.json"
	[ "$(tar -tf "$SCRATCH/two.tar" | grep -c '^blobs/sha256/.')" = 6 ] # two layers, configurations, manifests
	save id.tar "/images/$(id_of busybox)/get"
	tar -xOf "$SCRATCH/id.tar" manifest.json | jq -e '.[0].RepoTags == null'
}

@test "what is not there is told by status" {
	api GET '/images/get?names=busybox&names=absent'
	expect_status 404
	jq -e '.message == "No such image: absent:latest"' "$SCRATCH/body"
	api GET /images/get
	expect_status 400
}

@test "what was saved is loaded again as the same image" {
	save both.tar '/images/get?names=busybox&names=made'
	local busybox made
	busybox=$(id_of busybox) made=$(id_of made:1)
	for name in busybox busybox:two other:1 made:1; do api DELETE "/images/$name?force=1" >/dev/null; done
	api GET "/images/$made/json"
	expect_status 404
	curl -sSf --unix-socket "$SOCKET" -X POST -T "$SCRATCH/both.tar" http://wherry/images/load >"$SCRATCH/load"
	grep -q 'Loaded image: made:1' "$SCRATCH/load"
	[ "$(id_of busybox)" = "$busybox" ]
	[ "$(id_of made:1)" = "$made" ]
	save again.tar '/images/get?names=busybox&names=made'
	cmp "$SCRATCH/both.tar" "$SCRATCH/again.tar"
}

@test "others read it: skopeo, as Docker's archive and as an OCI layout" {
	save made.tar /images/made:1/get
	# A layer that others can write again: Go's readers fail on sparse entries there.
	if tar -xOf "$SCRATCH/made.tar" "blobs/sha256/$(tar -xOf "$SCRATCH/made.tar" manifest.json | jq -r '.[0].Layers[1] | sub(".*/"; "")')" | grep -aq GNU.sparse; then return 1; fi
	# Zeros are holes again when they are unpacked.
	[ "$(du -k "$(api GET /images/made:1/json | jq -r .GraphDriver.Data.UpperDir)/sparse" | cut -f1)" -lt 4000 ]
	skopeo inspect --config "docker-archive:$SCRATCH/made.tar" | jq -e '.rootfs.diff_ids | length == 2'
	rm -rf "$SCRATCH/oci"
	skopeo copy -q "oci-archive:$SCRATCH/made.tar" "dir:$SCRATCH/oci"
	[ "$(id_of made:1)" = "$(jq -r .config.digest "$SCRATCH/oci/manifest.json")" ]
}

@test "a layer that was changed behind our back ends the archive in the middle" {
	local folder
	folder=$(api GET /images/made:1/json | jq -r .GraphDriver.Data.UpperDir)
	cp -a "$folder/root/file" "$SCRATCH/kept"
	echo xxxx >"$folder/root/file"
	run save bad.tar /images/made:1/get
	[ "$status" != 0 ]
	cat "$SCRATCH/kept" >"$folder/root/file"
	save good.tar /images/made:1/get
	rm "$SCRATCH/data/recipes/${folder##*/}"
	api GET /images/made:1/get
	expect_status 404
	jq -e '.message | test("cannot be written as it came.*pull or load the image again")' "$SCRATCH/body"
}

@test "kill -9 in the middle of a save ends it, and the next one is whole" {
	save whole.tar /images/busybox/get
	curl -sS --limit-rate 100k --unix-socket "$SOCKET" -o "$SCRATCH/part.tar" http://wherry/images/busybox/get 2>/dev/null 3>&- &
	local client=$!
	wait_until 10 test -s "$SCRATCH/part.tar"
	daemon_kill
	run wait $client
	daemon_start
	curl -sSf --unix-socket "$SOCKET" -o "$SCRATCH/body" -X POST 'http://wherry/containers/create?name=again' -H 'Content-Type: application/json' -d '{"Image":"busybox"}'
	api POST '/commit?container=again&repo=again&changes=LABEL%20a=b&changes=EXPOSE%2080&changes=ENTRYPOINT%20%5B%5D'
	daemon_kill
	daemon_start
	save written.tar /images/again/get # its configuration is written from what was recorded
	save next.tar /images/busybox/get
	cmp "$SCRATCH/whole.tar" "$SCRATCH/next.tar"
}
