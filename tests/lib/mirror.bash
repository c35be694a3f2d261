# A registry that stands for the internet: the daemon asks it as its mirror.  Load it after lib/wherry.

MIRROR=127.0.0.1:5055

# The command of users: the real docker where one is installed, else wherry under that name.
docker_command() {
	mkdir -p "$SCRATCH/bin"
	command -v docker >/dev/null || ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/docker"
	export PATH=$PATH:$SCRATCH/bin
}

mirror_begin() {
	mkdir "$SCRATCH/registry"
	cat >"$SCRATCH/registry.yml" <<-YML
		version: 0.1
		log: {level: error}
		storage: {filesystem: {rootdirectory: $SCRATCH/registry}}
		http: {addr: "$MIRROR"}
	YML
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	echo $! >"$SCRATCH/registry.pid"
	wait_until 10 curl -sf -o "$SCRATCH/answer" "http://$MIRROR/v2/"
}

mirror_end() { [ ! -f "$SCRATCH/registry.pid" ] || kill "$(cat "$SCRATCH/registry.pid")"; }

# recipe FOLDER IMAGE...: built, and tagged with all the names.
recipe() {
	local folder=$1 tags=()
	shift
	tags=("${@/#/-t=}")
	docker build -q "${tags[@]}" "$folder" >"$SCRATCH/build.${folder##*/}" 2>&1 ||
		{ cat "$SCRATCH/build.${folder##*/}" >&2; false; }
}

# publish IMAGE PATH: under the name by which the mirror is asked, and no longer here.
publish() {
	docker tag "$1" "$MIRROR/$2"
	docker push -q "$MIRROR/$2"
	docker rmi "$1" "$MIRROR/$2" >"$SCRATCH/answer"
}
