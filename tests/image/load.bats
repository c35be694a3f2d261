#!/usr/bin/env bats
# Archives: images saved by others, good and bad; tars that become images.

load ../lib/wherry
load registry

setup_file() { scratch_begin; }
teardown_file() { scratch_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, owners"
	store_begin
	make_trees
	ARCHIVE=$SCRATCH/archive.$BATS_TEST_NUMBER
	mkdir -p "$ARCHIVE"
}
teardown() { store_end; }

config() { printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$1"; }

# The usual image in Docker's form, as it has been since 1.10.
docker_archive() {
	local low=$SCRATCH/low.tar high=$SCRATCH/high.tar
	layer_tar "$TREES/low" >/dev/null
	layer_tar "$TREES/high" >/dev/null
	mkdir -p "$ARCHIVE"/{1,2}
	cp "$low" "$ARCHIVE/1/layer.tar"
	cp "$high" "$ARCHIVE/2/layer.tar"
	config "\"$(digest "$low")\",\"$(digest "$high")\"" >"$ARCHIVE/c.json"
	echo '[{"Config":"c.json","RepoTags":["bb:1"],"Layers":["1/layer.tar","2/layer.tar"]}]' >"$ARCHIVE/manifest.json"
}

# archive_load [COMPRESSOR...]: load $ARCHIVE, packed so.
archive_load() {
	tar -C "$ARCHIVE" -c . | "${@:-cat}" >"$ARCHIVE.tar"
	run tool load "$ARCHIVE.tar"
}

expect_loaded() {
	[ "$status" = 0 ] || { echo "# $output"; return 1; }
	[[ $output == *"{\"stream\":\"Loaded image: $1\\n\"}"* ]]
	cmp "$(layer_of "$1" 2)/usr/bin/data" "$TREES/low/usr/bin/data"
	[ "$(cat "$(layer_of "$1" 1)/etc/name")" = high ]
}

expect_refused() {
	expect_error "$@"
	[[ $output == *'"errorDetail":{"message":'* ]]
	expect_empty
}

@test "Docker's form, plain and packed by all that is usual" {
	docker_archive
	archive_load
	expect_loaded bb:1
	[[ $output == *'"status":"Loading layer"'* ]]
	local packer
	for packer in "gzip -1" "zstd -q" "bzip2 -1" "xz -0"; do
		tool rm bb:1
		# shellcheck disable=SC2086 # a command and its option
		archive_load $packer
		expect_loaded bb:1
	done
	QUIET=1 archive_load
	[[ $output != *"Loading layer"* && $output == *"Loaded image: bb:1"* ]]
}

@test "layers in a packed form, and one that is a link to another" {
	docker_archive
	gzip "$ARCHIVE/1/layer.tar"
	mv "$ARCHIVE/1/layer.tar.gz" "$ARCHIVE/1/layer.tar"
	mkdir "$ARCHIVE/3"
	ln -s ../2/layer.tar "$ARCHIVE/3/layer.tar"
	sed -i 's,2/layer,3/layer,' "$ARCHIVE/manifest.json"
	archive_load
	expect_loaded bb:1
}

@test "OCI's form" {
	docker_archive
	tar -C "$ARCHIVE" -cf "$ARCHIVE.tar" .
	skopeo copy -q "docker-archive:$ARCHIVE.tar" "oci-archive:$ARCHIVE.oci:bb:oci"
	run tool load "$ARCHIVE.oci"
	expect_loaded bb:oci
	[ "$(ls "$ROOT/blobs/sha256" | wc -l)" = 2 ]
}

@test "what skopeo makes in Docker's form" {
	docker_archive
	tar -C "$ARCHIVE" -cf "$ARCHIVE.tar" .
	skopeo copy -q "docker-archive:$ARCHIVE.tar" "docker-archive:$ARCHIVE.again:bb:again"
	run tool load "$ARCHIVE.again"
	expect_loaded bb:again
}

@test "the old form without a manifest" {
	docker_archive
	rm "$ARCHIVE/manifest.json" "$ARCHIVE/c.json"
	echo '{"bb":{"old":"2"}}' >"$ARCHIVE/repositories"
	echo '{"id":"2","parent":"1","os":"linux","architecture":"amd64","config":{"Cmd":["sh"]}}' >"$ARCHIVE/2/json"
	echo '{"id":"1","container_config":{"Cmd":["/bin/sh","-c","#(nop) ADD x"]}}' >"$ARCHIVE/1/json"
	echo 1.0 | tee "$ARCHIVE/1/VERSION" >"$ARCHIVE/2/VERSION"
	archive_load
	expect_loaded bb:old
	run tool history bb:old
	[[ $output == *"#(nop) ADD x"* ]]
}

@test "a name that another image has moves, and this is said" {
	docker_archive
	archive_load
	local id
	id=$(tool list | sed -n 's/ tags=bb:1 .*//p')
	sed -i 's/"Cmd":\["sh"\]/"Cmd":["other"]/' "$ARCHIVE/c.json"
	archive_load
	[[ $output == *"The image bb:1 already exists, renaming the old one with ID $id to empty string"* ]]
	run tool list
	[[ $output == *"$id tags= "* ]]
}

@test "an image without a name is said by its id" {
	docker_archive
	sed -i 's/\["bb:1"\]/null/' "$ARCHIVE/manifest.json"
	archive_load
	[[ $output == *"Loaded image ID: $(digest "$ARCHIVE/c.json")"* ]]
}

@test "bad archives are refused by name and leave nothing" {
	echo "no archive at all, but long enough to be looked at" >"$ARCHIVE.tar"
	run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "bad archive: "
	: >"$ARCHIVE.tar"
	run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "bad archive"
	archive_load
	expect_refused $INVALID "the archive holds no image"
	docker_archive
	tar -C "$ARCHIVE" -cf "$ARCHIVE.tar" .
	HALF=1 run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "the request body ended too early"
	LOAD_SIZE=20000 run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "the archive is larger than 20000 bytes"
	LAYER_SIZE=10000 run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "the layer is larger than 10000 bytes unpacked"
	truncate -s 21000 "$ARCHIVE.tar"
	run tool load "$ARCHIVE.tar"
	expect_refused $INVALID "bad archive: "
}

@test "an archive whose parts do not fit is refused" {
	docker_archive
	cp "$ARCHIVE/1/layer.tar" "$ARCHIVE/2/layer.tar"
	archive_load
	expect_refused $INVALID "bad archive: layer '2/layer.tar' is "
	rm "$ARCHIVE/2/layer.tar"
	archive_load
	expect_refused $INVALID "bad archive: there is no '2/layer.tar' in it"
	echo '[{' >"$ARCHIVE/manifest.json"
	archive_load
	expect_refused $INVALID "bad archive: 'manifest.json'"
	printf '%2000s' | sed 's/ /[/g' >"$ARCHIVE/manifest.json"
	archive_load
	expect_refused $INVALID "bad archive: 'manifest.json'"
}

@test "a blob that is not what its name says is refused" {
	docker_archive
	tar -C "$ARCHIVE" -cf "$ARCHIVE.tar" .
	rm -r "$ARCHIVE"
	skopeo copy -q "docker-archive:$ARCHIVE.tar" "oci:$ARCHIVE:bb:oci"
	local blob
	blob=$(ls -S "$ARCHIVE/blobs/sha256" | head -1)
	gzip -dc "$ARCHIVE/blobs/sha256/$blob" | gzip -1 >"$SCRATCH/blob"
	cp "$SCRATCH/blob" "$ARCHIVE/blobs/sha256/$blob"
	archive_load
	expect_refused $INVALID "bad archive: 'blobs/sha256/$blob' is 'sha256:"
}

@test "a layer that leads out of its folder is refused" {
	docker_archive
	mkdir -p "$SCRATCH/out/in"
	echo x >"$SCRATCH/out/escaped"
	tar -C "$SCRATCH/out/in" -P -cf "$ARCHIVE/1/layer.tar" ../escaped
	archive_load
	expect_refused $INVALID "'../escaped' leads out of the layer"
}

@test "a tar becomes an image, with changes" {
	run tool import "$(layer_tar "$TREES/low")" bb:imported 'CMD ["sh"]' 'ENV A=1 B="2 3"' 'EXPOSE 80'
	[ "$status" = 0 ]
	[[ $output =~ \{\"status\":\"(sha256:[0-9a-f]{64})\"\} ]]
	local id=${BASH_REMATCH[1]}
	[ "$(stat -c %a "$(layer_of bb:imported)/usr/bin/data")" = 4755 ]
	jq -e '.config == {"ExposedPorts":{"80/tcp":{}},"Env":["A=1","B=2 3"],"Cmd":["sh"]} and .comment == "Imported from -"' \
		"$ROOT/blobs/sha256/${id#sha256:}"
	[ "$(digest "$ROOT/blobs/sha256/${id#sha256:}")" = "$id" ]
	gzip -c "$(layer_tar "$TREES/low")" >"$SCRATCH/packed"
	run tool import "$SCRATCH/packed" ""
	[ "$status" = 0 ]
	run tool list
	[[ $output == *"tags= digests= "* ]]
	[ "$(ls "$ROOT/layers" | wc -l)" = 1 ]
}

@test "what cannot be imported is refused" {
	run tool import "$(layer_tar "$TREES/low")" bb:1 'RUN x'
	expect_error $INVALID "run is not a valid change command"
	run tool import "$(layer_tar "$TREES/low")" BB:1
	expect_error $INVALID "invalid reference format: repository name (library/BB) must be lowercase"
	PLATFORM=bogus/ run tool import "$(layer_tar "$TREES/low")" bb:1
	expect_error $INVALID ""
	head -c 100000 /dev/urandom >"$SCRATCH/noise"
	run tool import "$SCRATCH/noise" bb:1
	expect_refused $INVALID "failed to register layer: bad tar: "
	gzip -c "$(layer_tar "$TREES/low")" | head -c 5000 >"$SCRATCH/short"
	run tool import "$SCRATCH/short" bb:1
	expect_refused $INVALID "bad gzip data: it ends too early"
	HALF=1 run tool import "$SCRATCH/noise" bb:1
	[ "$status" = 1 ]
	expect_empty
}
