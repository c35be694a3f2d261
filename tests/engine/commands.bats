#!/usr/bin/env bats
# Networks, volumes, files and images through the command, on a daemon: what a user sees.  Where Docker's
# command is installed, it must see the same.

bats_require_minimum_version 1.5.0
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

setup() { cd "$SCRATCH"; }
teardown() {
	remove_all_containers
	wherry network prune -f >/dev/null
	wherry volume prune -af >/dev/null
}

# said ARGUMENT...: the call, what it answers, its status; what differs from run to run made equal.
said() {
	echo "--- $*"
	timeout 60 "$CLI" "$@" 2>&1 </dev/null | sed -E "s/[0-9a-f]{64}/ID/g; s/sha256:[0-9a-f]+/ID/g; s/\b[0-9a-f]{12}\b/ID/g
		s/Up [0-9]+ seconds?|Up Less than a second/Up/; s/\"CreatedAt\": \".*\"/CREATED/; /level=error/d; s/dockerfile\.[0-9a-f]{20}/dockerfile.NAME/"
	echo "status ${PIPESTATUS[0]}"
}

# same FUNCTION: wherry's answers are printed; Docker's command gives the same ones.
same() {
	CLI=wherry "$1" >wherry.said
	teardown
	if command -v docker >/dev/null; then
		CLI=docker "$1" >docker.said
		diff docker.said wherry.said >&2
	fi
	cat wherry.said
}

networks_and_volumes() {
	said network create n1
	said network create n1
	said network ls --format '{{.Name}} {{.Driver}} {{.Scope}}' -f driver=bridge
	said network inspect -f '{{.Name}} {{.Driver}} {{.Internal}} {{.EnableIPv6}}' n1
	said volume create v1
	said volume create --label a=b v1
	said volume ls
	said run -d --name c1 --network n1 -v v1:/data busybox sleep 1000
	said network rm n1
	said volume rm v1
	said network disconnect n1 c1
	said network connect --alias other n1 c1
	said network connect n1 c1
	said inspect -f '{{range $name, $end := .NetworkSettings.Networks}}{{$name}} {{$end.Aliases}}{{end}}' c1
	said ps -a --format '{{.Names}} {{.Status}} {{.Networks}} {{.Mounts}}'
	said rm -f c1
	said network rm n1 nothing
	said network rm -f nothing
	said volume rm v1 nothing
	said volume rm -f nothing
	said network create --subnet 10.1.0.0/16 --gateway 10.2.0.1 n1
	said volume prune -f
	said network prune -f
	said network connect nothing c
	said network inspect nothing
	said volume inspect nothing
}

@test "networks and volumes" {
	same networks_and_volumes >all
	grep -A1 'rm v1' all | grep -q 'remove v1: volume is in use - \[ID\]'
	grep -A2 'network connect n1 c1' all | grep -q 'endpoint with name c1 already exists in network n1'
}

changes() {
	said run --name c1 busybox sh -c 'echo x >/new; rm /etc/group'
	said diff c1
	said commit -m note -c 'CMD ["echo", "hi"]' -a me c1 made:1
	said run --rm made:1
	said history --format '{{.Comment}}' made:1
	said save -o saved.tar made:1
	said rmi made:1
	said load -i saved.tar
	said export -o exported.tar c1
	said import exported.tar imported:1
	said run --rm imported:1 cat /new
	said image inspect -f '{{.Os}}' imported:1
	said rmi made:1 imported:1
	said rm c1
	said diff c1
	said commit c1
	said export c1
}

@test "diff, commit, save, load, export and import" {
	same changes >all
	grep -qx 'A /new' all
	grep -qx 'D /etc/group' all
	grep -A1 'run --rm made:1' all | grep -qx hi
	grep -A1 'cat /new' all | grep -qx x
}

files() {
	rm -rf here out*
	mkdir -p here/sub
	echo one >here/f
	echo two >here/sub/g
	ln -s f here/link
	said create --name c1 busybox true
	said cp here/f c1:/tmp
	said cp here/f c1:/tmp/f2
	said cp here/f c1:/tmp/none/
	said cp here c1:/tmp
	said cp here/. c1:/tmp/content
	said cp -L here/link c1:/tmp
	said cp here c1:/tmp/f
	said cp here/f c1:/nodir/x
	said cp c1:/tmp out
	said cp c1:/tmp/f out2
	said cp c1:/tmp/here/sub/ out3
	said cp c1:/nothing x
	said cp nothing:/x x
	said cp c1:/tmp/here/. out4
	find out* -printf '%p %y %m %l\n' | sort
	"$CLI" cp c1:/tmp/here - | tar -t | sort
	tar -C here -c f | "$CLI" cp - c1:/home
	"$CLI" cp c1:/home/f - | tar -xO
	said rm c1
}

@test "files go in and out" {
	same files >all
	grep -qx 'out/content/sub/g f 644 ' all
	grep -qx 'here/sub/g' all
	tail -5 all | grep -qx one
}

clusters() {
	said service ls
	said node ls
	said stack ls
	said secret ls
	said config ls
	said plugin ls
}

@test "clusters are spoken of in the daemon's words" {
	same clusters >all
	[ "$(grep -c 'This node is not a swarm manager' all)" = 5 ]
}

# build_from FILE: the status and what the daemon says
build_from() {
	curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' --data-binary "@$1" \
		"http://wherry/v1.47/build?t=padded"
}

@test "a context without the padding of its last file is whole; one that ends within a file is not" {
	mkdir -p context
	echo FROM busybox >context/Dockerfile
	tar -C context -cf whole.tar Dockerfile
	head -c $((512 + 13)) whole.tar >unpadded.tar
	head -c $((512 + 5)) whole.tar >cut.tar
	build_from unpadded.tar | grep -q "Successfully tagged padded:latest"
	build_from cut.tar | grep -q "bad tar"
	wherry rmi padded
	echo "FROM busybox" >elsewhere
	wherry build -q -f elsewhere -t padded context
	! command -v docker >/dev/null || DOCKER_BUILDKIT=0 docker build -q -f elsewhere -t padded context
	wherry rmi padded
}

builds() {
	rm -rf folder
	mkdir folder
	printf 'FROM busybox AS base\nARG V=1\nENV A=$V\nCOPY . /src\nRUN echo built $A >/out && ls /src\nFROM base\nCMD ["cat", "/out"]\n' >folder/Dockerfile
	echo skipped >folder/.dockerignore
	touch folder/skipped folder/kept
	said build --no-cache -t built:1 --build-arg V=7 folder
	said run --rm built:1
	said build -q -t built:1 --build-arg V=7 --no-cache folder
	said build --no-cache -t built:2 --target base folder
	printf 'FROM busybox\nRUN exit 3\n' >failing
	said build -f failing --no-cache folder
	printf 'FROM busybox\nBOGUS\n' >wrong
	said build -f folder/../wrong folder
	said build nosuch
	said rmi -f built:1 built:2
}

@test "builds say the same, and fail the same" {
	# the hint that Docker's command gives before each build, and the size of what it adds to a context
	eval "$(declare -f said | sed '1s/said/all_said/')"
	said() { all_said "$@" | grep -v -e '^DEPRECATED' -e 'buildx' -e '^$' -e '^Sending' -e 'Deleted: '; }
	same builds >all
	grep -qx 'built 7' all
	grep -A99 'failing' all | grep -qx 'status 3'
}
