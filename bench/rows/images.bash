# Push, save and load of the image of the pull row (195 mb in 5 layers), against skopeo and plain tools.
all+=(push save load)

# The image is here, its layers' tars in $SCRATCH/layer-N.tar.
layers_here() {
	[ -n "$registry" ] || { registry_start; layered_image "$port"; }
	layers=127.0.0.1:$port/bench/layers:1
	wherry pull -q "$layers" >/dev/null
}

# An empty registry for one push: the image has never been anywhere near it.
fresh_registry() {
	fresh_port=$(shuf -i 30000-39999 -n 1)
	rm -rf "$SCRATCH/fresh"
	mkdir -p "$SCRATCH/fresh"
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/fresh" "$fresh_port" >"$SCRATCH/fresh.yml"
	docker-registry serve "$SCRATCH/fresh.yml" >"$SCRATCH/fresh.log" 2>&1 &
	fresh=$!
	wait_until 10 curl -sf -o "$SCRATCH/answer" "http://127.0.0.1:$fresh_port/v2/"
}

fresh_stop() { kill "$fresh"; wait "$fresh" 2>/dev/null || true; }

push_ours() {
	fresh_registry
	wherry tag "$layers" "127.0.0.1:$fresh_port/bench/push:1"
	wall_ms wherry push -q "127.0.0.1:$fresh_port/bench/push:1"
	wherry rmi "127.0.0.1:$fresh_port/bench/push:1" >/dev/null
	fresh_stop
}

push_skopeo() {
	fresh_registry
	wall_ms skopeo copy -q --dest-tls-verify=false "docker-archive:$SCRATCH/saved.tar" "docker://127.0.0.1:$fresh_port/bench/push:1"
	fresh_stop
}

# As plainly as it can be done: each layer tarred, compressed, hashed and sent in one piece.
plain_push() {
	local layer place
	for layer in 1 2 3 4 5; do
		tar -C "$SCRATCH/tree/$layer" -c . | gzip -1 | tee "$SCRATCH/blob" | sha256sum | cut -d' ' -f1 >"$SCRATCH/blob.digest"
		place=$(curl -sf -X POST -o /dev/null -w '%header{location}' "http://127.0.0.1:$fresh_port/v2/bench/push/blobs/uploads/")
		curl -sf -o /dev/null -X PUT -T "$SCRATCH/blob" "$place&digest=sha256:$(cat "$SCRATCH/blob.digest")"
	done
}

push_plain() {
	fresh_registry
	wall_ms plain_push
	fresh_stop
}

best_of() { field best <"$1" | smallest; }

# ---- dockerd, where it is: the same requests by the same command ----

at_peer() { WHERRY_HOST=unix://$peer_socket wherry "$@"; }
peer_has_layers() { at_peer image inspect "$layers" >/dev/null 2>&1 || at_peer load -q -i "$SCRATCH/saved.tar" >/dev/null; }

push_theirs() {
	fresh_registry
	at_peer tag "$layers" "127.0.0.1:$fresh_port/bench/push:1"
	wall_ms at_peer push -q "127.0.0.1:$fresh_port/bench/push:1"
	at_peer rmi "127.0.0.1:$fresh_port/bench/push:1" >/dev/null
	fresh_stop
}
save_theirs() { wall_ms at_peer save -o "$SCRATCH/theirs.tar" "$layers"; }
load_theirs() {
	at_peer rmi -f "$layers" >/dev/null 2>&1 || true
	wall_ms at_peer load -q -i "$SCRATCH/saved.tar"
}

peer_row() { # WHAT OURS THEIRS
	local a=$SCRATCH/a b=$SCRATCH/b
	[ -n "$peer_pid" ] || return 0
	peer_has_layers
	in_turn "$a" "$b" "$2" -- "$3"
	row "$1" "$(best_of "$a") ms" "dockerd $(best_of "$b") ms" "$(ratio "$(best_of "$a")" "$(best_of "$b")")"
}

row_push() {
	local a=$SCRATCH/a b=$SCRATCH/b c=$SCRATCH/c
	layers_here
	wherry save -o "$SCRATCH/saved.tar" "$layers"
	in_turn "$a" "$b" push_ours -- push_plain
	in_turn "$a.again" "$c" push_ours -- push_skopeo
	cat "$a.again" >>"$a"
	row "push of 195 MB in 5 layers" "$(best_of "$a") ms" \
		"tar + gzip -1 + curl $(best_of "$b") ms, skopeo $(best_of "$c") ms" \
		"$(ratio "$(best_of "$a")" "$(printf '%s\n' "$(best_of "$b")" "$(best_of "$c")" | smallest)")"
	peer_row "push of 195 MB in 5 layers" push_ours push_theirs
}

save_ours() { wall_ms wherry save -o "$SCRATCH/saved.tar" "$layers"; }

# The layers' tars with their digests, in one tar.
plain_save() {
	local layer
	rm -rf "$SCRATCH/plain"
	mkdir "$SCRATCH/plain"
	for layer in 1 2 3 4 5; do
		tar -C "$SCRATCH/tree/$layer" -c . | tee "$SCRATCH/plain/$layer.tar" | sha256sum >"$SCRATCH/plain/$layer.digest"
	done
	tar -C "$SCRATCH/plain" -cf "$SCRATCH/plain.tar" .
}
save_plain() { wall_ms plain_save; }

row_save() {
	local a=$SCRATCH/a b=$SCRATCH/b
	layers_here
	in_turn "$a" "$b" save_ours -- save_plain
	row "save of 195 MB in 5 layers" "$(best_of "$a") ms" "tar + sha256sum + tar $(best_of "$b") ms" \
		"$(ratio "$(best_of "$a")" "$(best_of "$b")")"
	peer_row "save of 195 MB in 5 layers" save_ours save_theirs
}

load_ours() {
	wherry rmi -f "$layers" >/dev/null 2>&1 || true
	wall_ms wherry load -q -i "$SCRATCH/saved.tar"
}

plain_load() {
	local layer
	rm -rf "$SCRATCH/plain"
	mkdir -p "$SCRATCH/plain/files"
	tar -C "$SCRATCH/plain" -xf "$SCRATCH/saved.tar"
	for layer in "$SCRATCH"/plain/blobs/sha256/*; do
		[ "$(stat -c %s "$layer")" -lt 100000 ] && continue
		sha256sum "$layer" >>"$SCRATCH/plain/digests"
		tar -C "$SCRATCH/plain/files" -xf "$layer"
	done
	sync -f "$SCRATCH/plain"
}
load_plain() { wall_ms plain_load; }

row_load() {
	local a=$SCRATCH/a b=$SCRATCH/b
	layers_here
	wherry save -o "$SCRATCH/saved.tar" "$layers"
	in_turn "$a" "$b" load_ours -- load_plain
	row "load of 195 MB in 5 layers" "$(best_of "$a") ms" "tar + sha256sum + tar $(best_of "$b") ms" \
		"$(ratio "$(best_of "$a")" "$(best_of "$b")")"
	peer_row "load of 195 MB in 5 layers" load_ours load_theirs
}
