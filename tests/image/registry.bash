# Images made by hand, registries made of files, and the image store without a daemon.

# A root of the store for one test.
store_begin() {
	ROOT=$SCRATCH/root.$BATS_TEST_NUMBER
	rm -rf "$ROOT"
	mkdir -p "$ROOT"
	PIDS=()
}

store_end() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
	done
	rm -rf "$ROOT"
}

# tool COMMAND...: what it says and how it ended are left to `run`.  TOOL_SECONDS (60) is when it hangs.
tool() {
	RETRY_MS=${RETRY_MS:-10} WORKER=$WHERRY_BUILD/wherry-worker CERTIFICATES=${CERTIFICATES:-$SCRATCH/certs} \
		timeout "${TOOL_SECONDS:-60}" "$WHERRY_BUILD/tests/image_tool" "$ROOT" "$@"
}

# The folder of the image's NUMBERth layer, counted from the highest.
layer_of() {
	echo "$ROOT/layers/$(tool rootfs "$1" | cut -d: -f"${2:-1}")"
}

# Nothing is left of a job that failed.
expect_empty() {
	tool settle
	[ -z "$(ls -A "$ROOT/layers")" ]
	[ -z "$(ls -A "$ROOT/blobs/partial")" ]
	[ -z "$(ls -A "$ROOT/blobs/sha256")" ]
}

# Two folders of files, the layers of most images here.
make_trees() {
	TREES=$SCRATCH/trees
	[ ! -d "$TREES" ] || return 0
	mkdir -p "$TREES"/{low/etc,low/usr/bin,high/etc}
	head -c 20000 /dev/urandom >"$TREES/low/usr/bin/data"
	echo low >"$TREES/low/etc/name"
	ln -s usr/bin "$TREES/low/bin"
	chmod 4755 "$TREES/low/usr/bin/data"
	echo high >"$TREES/high/etc/name"
	: >"$TREES/high/etc/.wh.gone"
}

digest() { echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"; }

# registry_blob FOLDER NAME FILE: put it there, print its digest.
registry_blob() {
	local digest
	digest=$(digest "$3")
	mkdir -p "$1/v2/$2/blobs" "$1/v2/$2/manifests"
	cp "$3" "$1/v2/$2/blobs/$digest"
	echo "$digest"
}

# registry_manifest FOLDER NAME TAG FILE: under its tag and its digest.
registry_manifest() {
	cp "$4" "$1/v2/$2/manifests/$3"
	cp "$4" "$1/v2/$2/manifests/$(digest "$4")"
}

# registry_image FOLDER NAME TAG TAR...: an image of these layer tars, packed by $PACK (gzip -n).
registry_image() {
	local folder=$1 name=$2 tag=$3 tar ids= layers= config blob work=$SCRATCH/work.$BATS_TEST_NUMBER
	shift 3
	mkdir -p "$work"
	for tar; do
		${PACK:-gzip -n} <"$tar" >"$work/blob"
		blob=$(registry_blob "$folder" "$name" "$work/blob")
		ids="$ids${ids:+,}\"$(digest "$tar")\""
		layers="$layers${layers:+,}{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar.gzip\",\"size\":$(stat -c %s "$work/blob"),\"digest\":\"$blob\"}"
	done
	printf '{"architecture":"%s","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"${ARCH:-amd64}" "${IDS-$ids}" >"$work/config"
	config=$(registry_blob "$folder" "$name" "$work/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":"%s"},"layers":[%s]}' \
		"$(stat -c %s "$work/config")" "$config" "$layers" >"$work/manifest"
	registry_manifest "$folder" "$name" "$tag" "$work/manifest"
	MANIFEST=$(digest "$work/manifest") IMAGE=$config
	rm -rf "$work"
}

# layer_tar FOLDER: the tar of a tree, as $SCRATCH/NAME.tar.
layer_tar() {
	local tar=$SCRATCH/${1##*/}.tar
	[ -f "$tar" ] || tar -C "$1" --sort=name --numeric-owner --owner=0 --group=0 --mtime=@1000000000 \
		-cf "$tar" .
	echo "$tar"
}

# The usual image, as bb:1 of a registry of files in $FILES.
make_files() {
	FILES=$SCRATCH/files.$BATS_TEST_NUMBER
	make_trees
	registry_image "$FILES" bb 1 "$(layer_tar "$TREES/low")" "$(layer_tar "$TREES/high")"
	LOW=$(blob_of 0) HIGH=$(blob_of 1)
}

blob_of() { jq -r ".layers[$1].digest" "$FILES/v2/bb/manifests/1"; }

# serve_files FOLDER <RULES: the registry that does as the rules say; sets HOST.
serve_files() {
	cat >"$1/rules"
	rm -f "$1/port" "$1/log"
	"$WHERRY_BUILD/tests/hostile" "$1" "$1/rules" 3>&- >/dev/null 2>&1 &
	PIDS+=($!)
	wait_until 10 test -s "$1/port"
	HOST=127.0.0.1:$(cat "$1/port")
}

# expect_error KIND TEXT: of the last run.
expect_error() {
	[ "$status" = 1 ] || { echo "# status $status: $output"; return 1; }
	[[ $output == *"error: $1: "*"$2"* ]] || { echo "# $output"; return 1; }
}

# What enum error_kind says by number.
INVALID=1 DENIED=2 NOT_FOUND=4 UNAVAILABLE=8 SYSTEM=9
