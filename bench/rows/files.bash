# Files in and out of a container: a tree of 1 GB, 200 files of 4 MiB and 20,000 of 10 KiB, against tar | tar
# from folder to folder of the same filesystem.  The client is curl with tar at its side.
all+=(files)

files_tree() {
	local tree=$SCRATCH/gigabyte i
	[ ! -d "$tree" ] || return 0
	mkdir -p "$tree/large"
	head -c 838860800 /dev/urandom | split -b 4194304 -a 3 -d - "$tree/large/"
	for i in $(seq 20); do
		mkdir -p "$tree/small/$i"
		head -c 10240000 /dev/urandom | split -b 10240 -a 3 -d - "$tree/small/$i/"
	done
}

files_container() { # SOCKET
	curl -sSf --unix-socket "$1" -H 'Content-Type: application/json' \
		--data-binary '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"none"}}' \
		http://x/v1.41/containers/create | jq -r .Id
}

# Each into a folder of its own that is there and empty.
files_in() { # SOCKET ID FOLDER
	tar -C "$SCRATCH/gigabyte" -cf - . |
		curl -sSf --unix-socket "$1" -T - "http://x/v1.41/containers/$2/archive?path=/$3"
}
files_out() { # SOCKET ID FOLDER-INSIDE FOLDER
	curl -sSf --unix-socket "$1" "http://x/v1.41/containers/$2/archive?path=/$3/." | tar -C "$SCRATCH/$4" -xf -
}
files_tar() { tar -C "$SCRATCH/gigabyte" -cf - . | tar -C "$SCRATCH/$1" -xf -; }

files_make_folder() { # SOCKET ID NAME
	mkdir -p "$SCRATCH/folder/$3"
	tar -C "$SCRATCH/folder" -cf - "$3" |
		curl -sSf --unix-socket "$1" -T - "http://x/v1.41/containers/$2/archive?path=/"
}
files_empty() { rm -rf "${SCRATCH:?}/$1" && mkdir "$SCRATCH/$1" && sync -f "$SCRATCH"; }

files_time_in() { # SOCKET: into a new container
	local id
	id=$(files_container "$1")
	files_make_folder "$1" "$id" data
	sync -f "$SCRATCH"
	wall_ms files_in "$1" "$id" data
	curl -sSf --unix-socket "$1" -X DELETE "http://x/v1.41/containers/$id"
}
files_time_out() { # SOCKET ID
	files_empty out
	wall_ms files_out "$1" "$2" data out
}
files_time_tar() {
	files_empty tar
	wall_ms files_tar tar
}

files_rows() { # NAME FILE-OF-OURS FILE-OF-THE-YARDSTICK YARDSTICK
	row "cp of a 1 GB tree $1" "$(field best <"$2" | smallest) ms" "$4 $(field best <"$3" | smallest) ms" \
		"$(ratio "$(field best <"$2" | smallest)" "$(field best <"$3" | smallest)")"
}

files_count=0
files_cp_in() { # ID COMMAND...: as a new folder each time
	local id=$1
	shift
	sync -f "$SCRATCH"
	files_count=$((files_count + 1))
	wall_ms "$@" cp "$SCRATCH/gigabyte" "$id:/in$files_count"
}
files_cp_out() { # ID COMMAND...
	local id=$1
	shift
	files_empty out
	wall_ms "$@" cp "$id:/in" "$SCRATCH/out/"
}

# Whole commands, where podman is installed: `cp` of each, into and out of a container that does not run.
files_podman() {
	local a=$SCRATCH/a b=$SCRATCH/b podman own theirs
	command -v podman >/dev/null || return 0
	podman=(env -u DOCKER_CONFIG podman --root "$SCRATCH/podman" --runroot "$SCRATCH/podman-run"
		--cgroup-manager cgroupfs)
	tar -C "$SCRATCH/busybox" -c . | "${podman[@]}" import -q - busybox >"$SCRATCH/answer"
	own=$(files_container "$SOCKET")
	theirs=$("${podman[@]}" create --network none busybox true) || { podman_end; return 0; }
	in_turn "$a" "$b" files_cp_in "$own" wherry -- files_cp_in "$theirs" "${podman[@]}"
	files_rows "in, the whole command" "$a" "$b" podman
	wherry cp "$SCRATCH/gigabyte" "$own:/in"
	"${podman[@]}" cp "$SCRATCH/gigabyte" "$theirs:/in"
	in_turn "$a" "$b" files_cp_out "$own" wherry -- files_cp_out "$theirs" "${podman[@]}"
	files_rows "out, the whole command" "$a" "$b" podman
	podman_end
}

row_files() {
	local a=$SCRATCH/a b=$SCRATCH/b c=$SCRATCH/c id
	files_tree
	in_turn "$a" "$b" files_time_in "$SOCKET" -- files_time_tar
	files_rows "in" "$a" "$b" "tar \\| tar"
	if [ -n "$peer_pid" ]; then
		files_time_in "$peer_socket" >"$c"
		files_rows "in" "$a" "$c" dockerd
	fi
	id=$(files_container "$SOCKET")
	files_make_folder "$SOCKET" "$id" data
	files_in "$SOCKET" "$id" data
	in_turn "$a" "$b" files_time_out "$SOCKET" "$id" -- files_time_tar
	files_rows "out" "$a" "$b" "tar \\| tar"
	if [ -n "$peer_pid" ]; then
		id=$(files_container "$peer_socket")
		files_make_folder "$peer_socket" "$id" data
		files_in "$peer_socket" "$id" data
		files_time_out "$peer_socket" "$id" >"$c"
		files_rows "out" "$a" "$c" dockerd
	fi
	files_podman
	remove_all_containers
	rm -rf "$SCRATCH/gigabyte" "$SCRATCH/out" "$SCRATCH/tar"
}
