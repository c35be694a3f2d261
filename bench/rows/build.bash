# A cached build of ten steps over the API, as one request, against the classic builder of dockerd where one is installed.
all+=(build)

build_context() {
	local folder=$SCRATCH/cached i
	mkdir -p "$folder"
	{
		echo 'FROM busybox'
		for i in 1 2 3; do
			printf 'ENV E%s=%s\nRUN echo %s >/f%s\nCOPY file /c%s\n' $i $i $i $i $i
		done
	} >"$folder/Dockerfile"
	echo content >"$folder/file"
	tar -C "$folder" -cf "$SCRATCH/cached.tar" .
}

build_request() { # SOCKET
	curl -sSf --unix-socket "$1" -o "$SCRATCH/built" -w 'best %{time_total}\n' -X POST -H 'Content-Type: application/x-tar' \
		--data-binary "@$SCRATCH/cached.tar" 'http://x/v1.41/build?t=bench-cached' |
		awk '{printf "best %.1f\n", $2 * 1000}'
}

build_is_cached() { [ "$(grep -c 'Using cache' "$SCRATCH/built")" = 9 ]; }

build_ours() { build_request "$SOCKET" && build_is_cached; }
build_theirs() { build_request "$peer_socket" && build_is_cached; }

row_build() {
	local a=$SCRATCH/a b=$SCRATCH/b best
	build_context
	build_request "$SOCKET" >/dev/null
	[ -z "$peer_pid" ] || build_request "$peer_socket" >/dev/null
	: >"$a" >"$b"
	for _ in $(seq $((rounds * 4))); do
		build_ours >>"$a"
		[ -z "$peer_pid" ] || build_theirs >>"$b"
	done
	best=$(field best <"$a" | smallest)
	if [ -n "$peer_pid" ]; then
		row 'cached 10-step build' "$best ms" "dockerd $(field best <"$b" | smallest) ms" \
			"$(ratio "$best" "$(field best <"$b" | smallest)")"
	else
		row 'cached 10-step build' "$best ms" 'no dockerd here' -
	fi
}
