#!/usr/bin/env bats
# Images and registries: pull, load, import, tag, rmi, login, logout.

load ../lib/wherry
load canned

setup() { canned_begin; }
teardown() { canned_end; }

pulled() {
	answer "POST /images/create" 200 '{"status":"Pulling from library/nginx","id":"latest"}
{"status":"Pulling fs layer","progressDetail":{},"id":"aaaaaaaaaaaa"}
{"status":"Downloading","progressDetail":{"current":500,"total":1000},"progress":"[=>]","id":"aaaaaaaaaaaa"}
{"status":"Pull complete","progressDetail":{},"id":"aaaaaaaaaaaa"}
{"status":"Digest: sha256:99"}
{"status":"Status: Downloaded newer image for nginx:latest"}
'
}

@test "pull tells what happens, a line each, where there is no terminal" {
	pulled
	[ "$(wherry pull nginx)" = "Using default tag: latest
latest: Pulling from library/nginx
aaaaaaaaaaaa: Pulling fs layer
aaaaaaaaaaaa: Pull complete
Digest: sha256:99
Status: Downloaded newer image for nginx:latest
docker.io/library/nginx:latest" ]
	[ "$(wherry pull -q localhost:5000/a/b:1)" = "localhost:5000/a/b:1" ]
	requests | grep -qx "POST /images/create?fromImage=localhost%3A5000%2Fa%2Fb&tag=1"
}

@test "on a terminal the lines move" {
	pulled
	script -qefc "stty cols 120; wherry pull nginx" "$SCRATCH/typescript" >/dev/null </dev/null
	grep -aq $'\033\[1A' "$SCRATCH/typescript"
	grep -aq 'aaaaaaaaaaaa: Downloading \[=*>  *\]      500B/1kB' "$SCRATCH/typescript"
}

@test "pull of what cannot be is refused before the daemon is asked" {
	run wherry pull Nginx
	[ "$status" = 1 ]
	[ "$output" = "invalid reference format: repository name (library/Nginx) must be lowercase" ]
	run wherry pull -a nginx:1
	[ "$output" = "tag can't be used with --all-tags/-a" ]
	[ ! -e "$SCRATCH/requests" ]
}

@test "load and import send the file" {
	answer "POST /images/load" 200 '{"stream":"Loaded image: a:1\n"}
'
	echo archive >"$SCRATCH/file"
	[ "$(wherry load -i "$SCRATCH/file")" = "Loaded image: a:1" ]
	[ "$(wherry load -q <"$SCRATCH/file")" = "Loaded image: a:1" ]
	requests | grep -qx "POST /images/load?quiet=1"
	requests | grep -qx "archive"
	run wherry load -i /nonexistent
	[ "$status" = 1 ]
	[ "$output" = "open /nonexistent: no such file or directory" ]
	answer "POST /images/create" 200 '{"status":"sha256:abc"}
'
	forget_requests
	[ "$(wherry import -c 'CMD x' -m note - a:1 <"$SCRATCH/file")" = "sha256:abc" ]
	[ "$(requests | head -1)" = "POST /images/create?changes=CMD%20x&fromSrc=-&message=note&repo=a%3A1" ]
}

@test "tag and rmi" {
	answer "POST /images/a/tag" 201
	wherry tag a host:5000/b:c
	wherry tag a b
	[ "$(requests)" = "POST /images/a/tag?repo=host%3A5000%2Fb&tag=c
POST /images/a/tag?repo=docker.io%2Flibrary%2Fb&tag=latest" ]
	answer "DELETE /images/a" 200 '[{"Untagged":"a:latest"},{"Deleted":"sha256:1"}]'
	run wherry rmi a nothing
	[ "$status" = 1 ]
	[ "$output" = "Untagged: a:latest
Deleted: sha256:1
Error response from daemon: page not found" ]
	run wherry rmi -f nothing
	[ "$status" = 0 ]
}

@test "login keeps the credentials, pull sends them, logout forgets them" {
	answer "POST /auth" 200 '{"IdentityToken":"","Status":"Login Succeeded"}'
	pulled
	echo secret | wherry login -u ann --password-stdin reg:5000
	[ "$(stat -c %a "$DOCKER_CONFIG/config.json")" = 600 ]
	[ "$(jq -r '.auths["reg:5000"].auth' "$DOCKER_CONFIG/config.json" | base64 -d)" = ann:secret ]
	requests | grep -qx '{"username":"ann","password":"secret","serveraddress":"reg:5000"}'
	wherry pull -q reg:5000/x
	[ "$(requests | sed -n 's/^X-Registry-Auth: //p' | tail -1 | base64 -d)" = '{"username":"ann","password":"secret","serveraddress":"reg:5000"}' ]
	wherry pull -q other/x
	[ "$(requests | sed -n 's/^X-Registry-Auth: //p' | tail -1)" = "e30=" ]
	[ "$(wherry logout reg:5000)" = "Removing login credentials for reg:5000" ]
	[ "$(jq -c .auths "$DOCKER_CONFIG/config.json")" = "{}" ]
}

@test "the settings of other tools are kept" {
	answer "POST /auth" 200 '{"Status":"Login Succeeded"}'
	echo '{"HttpHeaders":{"A":"b"},"auths":{"x":{"auth":"YTpi"}}}' >"$DOCKER_CONFIG/config.json"
	wherry login -u a -p b
	jq -e '.HttpHeaders.A == "b" and .auths.x.auth == "YTpi" and .auths["https://index.docker.io/v1/"].auth == "YTpi"' \
		"$DOCKER_CONFIG/config.json"
}

@test "logins that cannot be are told" {
	run wherry login -u x --password-stdin -p y
	[ "$status" = 1 ]
	[ "$output" = "conflicting options: cannot specify both --password and --password-stdin" ]
	run wherry login --password-stdin
	[ "$output" = "the --password-stdin option requires --username to be set" ]
	run wherry login reg </dev/null
	[ "$output" = "Error: Cannot perform an interactive login from a non TTY device" ]
	answer "POST /auth" 401 '{"message":"wrong"}'
	run wherry login -u a -p b reg
	[ "$status" = 1 ]
	[[ $output == *"Error response from daemon: wrong" ]]
	[ ! -e "$DOCKER_CONFIG/config.json" ]
}

@test "a credential helper keeps the secrets" {
	answer "POST /auth" 200 '{"Status":"Login Succeeded"}'
	pulled
	mkdir "$SCRATCH/bin"
	cat >"$SCRATCH/bin/docker-credential-test" <<-'END'
		#!/bin/sh
		echo "$1 $(cat)" >>"$SCRATCH/helper"
		[ "$1" != get ] || echo '{"Username":"ann","Secret":"kept"}'
	END
	chmod +x "$SCRATCH/bin/docker-credential-test"
	echo '{"credsStore":"test"}' >"$DOCKER_CONFIG/config.json"
	PATH=$SCRATCH/bin:$PATH
	wherry login -u ann -p kept reg:5000
	wherry pull -q reg:5000/x
	wherry logout reg:5000
	[ "$(cat "$SCRATCH/helper")" = 'store {"ServerURL":"reg:5000","Username":"ann","Secret":"kept"}
get reg:5000
erase reg:5000' ]
	[ "$(requests | sed -n 's/^X-Registry-Auth: //p' | base64 -d)" = '{"username":"ann","password":"kept","serveraddress":"reg:5000"}' ]
	refuted grep -q kept "$DOCKER_CONFIG/config.json"
}
