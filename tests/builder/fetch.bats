#!/usr/bin/env bats
# What builds take from elsewhere: files by HTTP, git repositories, whole contexts.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() {
	suite_begin
	mkdir -p "$SCRATCH/www/ctx" "$SCRATCH/repo/sub"
	cd "$SCRATCH/www"
	echo fetched >file.txt
	tar -czf a.tar.gz file.txt
	printf 'FROM busybox\nCOPY inner /inner\n' >ctx/Dockerfile
	echo inner >ctx/inner
	tar -C ctx -czf ctx.tar.gz .
	printf 'FROM busybox\nRUN echo only a Dockerfile\n' >Dockerfile.txt
	cd "$SCRATCH/repo"
	git init -q -b main
	git config user.email a@b.c
	git config user.name a
	printf 'FROM busybox\nCOPY in-git /in-git\n' >sub/Dockerfile
	echo first >sub/in-git
	git add -A
	git commit -qm one
	git tag v1
	echo second >sub/in-git
	git commit -qam two
	git clone -q --bare . "$SCRATCH/www/repo.git"
	git -C "$SCRATCH/www/repo.git" update-server-info
	cd "$SCRATCH/www"
	python3 -u -m http.server --bind 127.0.0.1 0 >"$SCRATCH/http.log" 2>&1 3>&- &
	echo $! >"$SCRATCH/http"
	wait_until 20 grep -q 'port [0-9]' "$SCRATCH/http.log"
	PORT=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$SCRATCH/http.log" | head -1)
	export PORT
}
teardown_file() {
	kill "$(cat "$SCRATCH/http")" || true
	suite_end
}
teardown() { remove_all_containers; }

@test "ADD of a URL: a file of root's alone, under its name, not unpacked, checked" {
	sum=$(sha256sum "$SCRATCH/www/file.txt" | cut -d' ' -f1)
	context url <<-D
		FROM busybox
		ADD http://127.0.0.1:$PORT/file.txt?x=1 /f/
		ADD --checksum=sha256:$sum http://127.0.0.1:$PORT/file.txt /named
		ADD http://127.0.0.1:$PORT/a.tar.gz /f/
	D
	built t=url
	[ "$(in_image url stat -c '%a %u %n' /f/file.txt /named /f/a.tar.gz | tr '\n' ',')" = '600 0 /f/file.txt,600 0 /named,600 0 /f/a.tar.gz,' ]
	built t=url
	uses_cache 3
	echo changed >"$SCRATCH/www/file.txt"
	build t=url
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q 'ADD failed: digest mismatch'
	printf 'FROM busybox\nADD http://127.0.0.1:%s/missing /x\n' "$PORT" >Dockerfile
	build t=url
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q "ADD failed: failed to GET http://127.0.0.1:$PORT/missing with status 404"
	nothing_left
}

@test "contexts from URLs: an archive, a Dockerfile" {
	cd "$SCRATCH"
	curl -sS --unix-socket "$SOCKET" -o answer -X POST "http://wherry/v1.47/build?t=remote&remote=http://127.0.0.1:$PORT/ctx.tar.gz"
	grep -q 'Successfully tagged remote:latest' answer
	[ "$(in_image remote cat /inner)" = inner ]
	curl -sS --unix-socket "$SOCKET" -o answer -X POST "http://wherry/v1.47/build?remote=http://127.0.0.1:$PORT/Dockerfile.txt"
	grep -q 'only a Dockerfile' answer
	curl -sS --unix-socket "$SOCKET" -o answer -w '%{http_code}' -X POST "http://wherry/v1.47/build?remote=http://127.0.0.1:$PORT/missing" >status
	expect_status_of 500
	nothing_left
}

@test "git: a repository, one of its tags and folders, as context and as a source" {
	cd "$SCRATCH"
	curl -sS --unix-socket "$SOCKET" -o answer -X POST "http://wherry/v1.47/build?t=git&remote=http://127.0.0.1:$PORT/repo.git%23v1:sub"
	grep -q 'Successfully tagged git:latest' answer || { cat answer >&2; false; }
	[ "$(in_image git cat /in-git)" = first ]
	context source <<-D
		FROM busybox
		ADD http://127.0.0.1:$PORT/repo.git#main /all
	D
	built t=source
	[ "$(in_image source sh -c 'cat /all/sub/in-git; ls -A /all; stat -c %u:%g /all/sub' | tr '\n' ' ')" = 'second sub 0:0 ' ]
	nothing_left
}
