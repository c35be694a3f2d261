# Pull: five layers, 195 mb, against curl + gzip + tar of the same blobs.
all+=(pull)

layered_image() {
	local port=$1 layer tree
	mkdir -p "$SCRATCH/oci/blobs/sha256"
	for layer in 1 2 3 4 5; do
		tree=$SCRATCH/tree/$layer
		mkdir -p "$tree/files-$layer"
		# Half noise, half zeros, in files of 64 KiB: compresses like a distribution's binaries.
		for i in $(seq 600); do
			{ head -c 32768 /dev/urandom; head -c 32768 /dev/zero; } >"$tree/files-$layer/$i"
		done
		tar -C "$tree" -cf "$SCRATCH/layer-$layer.tar" .
		gzip -k "$SCRATCH/layer-$layer.tar"
	done
	skopeo_layers "$port"
}

skopeo_layers() {
	local blobs=$SCRATCH/oci/blobs/sha256 layer digest size layers= diffs= config
	for layer in 1 2 3 4 5; do
		digest=$(sha256sum "$SCRATCH/layer-$layer.tar.gz" | cut -d' ' -f1)
		size=$(stat -c %s "$SCRATCH/layer-$layer.tar.gz")
		mv "$SCRATCH/layer-$layer.tar.gz" "$blobs/$digest"
		layers+="${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
		diffs+="${diffs:+,}\"sha256:$(sha256sum "$SCRATCH/layer-$layer.tar" | cut -d' ' -f1)\""
		echo "$digest" >>"$SCRATCH/digests"
	done
	config="{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$diffs]}}"
	digest=$(printf %s "$config" | sha256sum | cut -d' ' -f1)
	printf %s "$config" >"$blobs/$digest"
	local manifest="{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$digest\",\"size\":${#config}},\"layers\":[$layers]}"
	digest=$(printf %s "$manifest" | sha256sum | cut -d' ' -f1)
	printf %s "$manifest" >"$blobs/$digest"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$SCRATCH/oci/oci-layout"
	echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":${#manifest}}]}" >"$SCRATCH/oci/index.json"
	skopeo copy --quiet --dest-tls-verify=false "oci:$SCRATCH/oci" "docker://127.0.0.1:$1/bench/layers:1"
}

registry_start() {
	port=$(shuf -i 20000-29999 -n 1)
	mkdir -p "$SCRATCH/registry"
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$port" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 &
	registry=$!
	wait_until 10 curl -sf -o "$SCRATCH/answer" "http://127.0.0.1:$port/v2/"
}

pull_ours() {
	wall_ms wherry pull -q "127.0.0.1:$port/bench/layers:1"
	wherry rmi "127.0.0.1:$port/bench/layers:1" >/dev/null
}

plain_pull() {
	rm -rf "$SCRATCH/plain"; mkdir "$SCRATCH/plain"
	while read -r digest; do
		curl -sf "http://127.0.0.1:$port/v2/bench/layers/blobs/sha256:$digest" | gzip -d |
			tar -C "$SCRATCH/plain" -x
	done <"$SCRATCH/digests"
	sync -f "$SCRATCH/plain"
}
pull_plain() { wall_ms plain_pull; }

row_pull() {
	local a=$SCRATCH/a b=$SCRATCH/b
	registry_start
	layered_image "$port"
	in_turn "$a" "$b" pull_ours -- pull_plain
	row "pull of 195 MB in 5 layers" "$(field best <"$a" | smallest) ms" \
		"curl + gzip + tar $(field best <"$b" | smallest) ms" \
		"$(ratio "$(field best <"$a" | smallest)" "$(field best <"$b" | smallest)")"
}
