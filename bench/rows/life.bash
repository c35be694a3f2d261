# One container from create to remove, many at once, one command in one that runs.
all+=(life life_bridge start_100 exec podman)

life() {
	local what=$1 mode=$2 floor_flag=$3 a=$SCRATCH/a b=$SCRATCH/b c=$SCRATCH/c
	in_turn "$a" "$b" ours lifecycle 40 "$mode" -- "$build/bench/floor" 40 $floor_flag
	row "$what, best wall" "$(field best <"$a" | smallest) ms" "floor $(field best <"$b" | smallest) ms" \
		"$(ratio "$(field best <"$a" | smallest)" "$(field best <"$b" | smallest)")"
	row "$what, CPU of daemon and children" "$(field cpu <"$a" | smallest) ms" \
		"floor $(field cpu <"$b" | smallest) ms" \
		"$(ratio "$(field cpu <"$a" | smallest)" "$(field cpu <"$b" | smallest)")"
	[ "$mode" = none ] && [ -n "$peer_pid" ] || return 0
	theirs lifecycle 10 none >"$c"
	row "$what, best wall" "$(field best <"$a" | smallest) ms" "dockerd $(field best <"$c" | smallest) ms" \
		"$(ratio "$(field best <"$a" | smallest)" "$(field best <"$c" | smallest)")"
}

row_life() { life "create + start + wait + remove, no network" none ""; }
row_life_bridge() { life "the same with a bridge" bridge --network; }

row_start_100() {
	local wall
	wall=$(ours parallel 100 8 bridge | field best)
	row "start 100, 8 at a time, bridge" "$wall ms" "-" "-"
	remove_all_containers
}

row_exec() {
	local id
	id=$(api POST /containers/create '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"none"}}' | jq -r .Id)
	api POST "/containers/$id/start"
	row "exec true" "$(ours exec 50 "$id" | field best) ms" "-" "-"
	remove_all_containers
}

# A whole command each, where podman is installed: it has no daemon to ask.
podman_run() { "${podman[@]}" run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 busybox true; }

podman_end() {
	"${podman[@]}" system reset --force >"$SCRATCH/answer" 2>&1 || true
	! mountpoint -q "$SCRATCH/podman/overlay" || umount "$SCRATCH/podman/overlay"
}

row_podman() {
	local a=$SCRATCH/a b=$SCRATCH/b podman
	command -v podman >/dev/null || return 0
	podman=(env -u DOCKER_CONFIG podman --root "$SCRATCH/podman" --runroot "$SCRATCH/podman-run"
		--cgroup-manager cgroupfs --runtime "${PODMAN_RUNTIME:-runc}")
	tar -C "$SCRATCH/busybox" -c . | "${podman[@]}" import -q - busybox >"$SCRATCH/answer"
	if podman_run; then
		in_turn "$a" "$b" wall_ms wherry run --rm --network none busybox true -- wall_ms podman_run
		row "run --rm, the whole command" "$(field best <"$a" | smallest) ms" "podman $(field best <"$b" | smallest) ms" \
			"$(ratio "$(field best <"$a" | smallest)" "$(field best <"$b" | smallest)")"
	fi
	podman_end
}
