#!/usr/bin/env bats
# How the command is called: options, mistakes, help, where the daemon is.

load ../lib/wherry
load canned

setup() { canned_begin; }
teardown() { canned_end; }

@test "mistakes in options end with 125 and say how to go on" {
	run wherry ps --bogus
	[ "$status" = 125 ]
	[ "$output" = "unknown flag: --bogus

Usage:  wherry ps [OPTIONS]

Run 'wherry ps --help' for more information" ]
	run wherry run --rm=maybe x
	[ "$status" = 125 ]
	[[ $output == 'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax'* ]]
	run wherry --bogus ps
	[ "$status" = 125 ]
}

@test "a wrong number of arguments ends with 1" {
	run wherry ps extra
	[ "$status" = 1 ]
	[[ $output == "wherry: 'wherry ps' accepts no arguments"* ]]
	run wherry rename a
	[ "$status" = 1 ]
	[[ $output == "wherry: 'wherry rename' requires 2 arguments"* ]]
	run wherry run
	[[ $output == "wherry: 'wherry run' requires at least 1 argument"*"See 'wherry run --help' for more information" ]]
	run wherry images a b
	[[ $output == "wherry: 'wherry images' requires at most 1 argument"* ]]
}

@test "unknown commands are named" {
	run wherry frobnicate
	[ "$status" = 1 ]
	[ "${lines[0]}" = "wherry: unknown command: wherry frobnicate" ]
	run wherry container frobnicate
	[ "$status" = 1 ]
	[ "${lines[0]}" = "wherry: unknown command: wherry container frobnicate" ]
	[ "${lines[1]}" = "Usage:  wherry container" ]
}

@test "every command has help, within 80 columns" {
	local words=("") line
	mapfile -t -O 1 words < <(wherry --help | awk '/^  [a-z]/ {print $1}')
	for group in container image system unit; do
		while read -r line; do words+=("$group $line"); done \
			< <(wherry "$group" --help | awk '/^  [a-z]/ {print $1}')
	done
	[ ${#words[@]} -gt 60 ]
	for line in "${words[@]}"; do
		run wherry $line --help
		[ "$status" = 0 ]
		[[ ${lines[0]} == "Usage:  wherry${line:+ $line}"* ]]
		refuted grep -E '^.{81}' <(grep -E '^ +(-|$)' <<<"$output")
	done
}

@test "help is reached in every way" {
	run wherry
	[ "$status" = 0 ]
	[[ $output == *"Common Commands:"*"Management Commands:"*"Global Options:"* ]]
	[ "$(wherry help ps)" = "$(wherry ps --help)" ]
	run wherry ps -h
	[ "$status" = 0 ]
	[ "${lines[0]}" = "Flag shorthand -h has been deprecated, use --help" ]
	[[ $(wherry container ls --help) == *"wherry ps, "*"wherry container list"* ]]
}

@test "the version is told" {
	[[ $(wherry --version) == "wherry version "*", build "* ]]
	[ "$(wherry -v)" = "$(wherry --version)" ]
}

@test "called as docker it is docker" {
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker"
	run "$SCRATCH/docker" ps extra
	[[ $output == "docker: 'docker ps' accepts no arguments"* ]]
	[[ $("$SCRATCH/docker" --version) == "Docker version "* ]]
	WHERRY_HOST=unix:///nonexistent.sock run "$SCRATCH/docker" ps
	[ "$output" = "Cannot connect to the Docker daemon at unix:///nonexistent.sock. Is the docker daemon running?" ]
}

@test "without a daemon: 1, and 125 for run" {
	export WHERRY_HOST=unix:///nonexistent.sock
	run wherry ps
	[ "$status" = 1 ]
	[ "$output" = "Cannot connect to the wherry daemon at unix:///nonexistent.sock. Is it running?" ]
	run wherry run x
	[ "$status" = 125 ]
	[ "${lines[0]}" = "wherry: Cannot connect to the wherry daemon at unix:///nonexistent.sock. Is it running?" ]
	[ "${lines[1]}" = "Run 'wherry run --help' for more information" ]
	run wherry version
	[ "$status" = 1 ]
	[[ $output == "Client:"*"Cannot connect to the wherry daemon"* ]]
}

@test "the daemon is found by -H, WHERRY_HOST, DOCKER_HOST, in this order" {
	answer "GET /containers/json" 200 '[]'
	DOCKER_HOST=unix:///nonexistent WHERRY_HOST=unix://$SCRATCH/socket wherry ps
	WHERRY_HOST= DOCKER_HOST=unix://$SCRATCH/socket wherry ps
	WHERRY_HOST=unix:///nonexistent wherry -H "unix://$SCRATCH/socket" ps
	WHERRY_HOST=unix:///nonexistent wherry --host="$SCRATCH/socket" ps
	run wherry -H unix:///a -H unix:///b ps
	[ "$status" = 1 ]
	[ "$output" = "Specify only one -H" ]
	run wherry -H gopher://x ps
	[ "$output" = "invalid bind address format: gopher://x" ]
}

@test "a socket behind a path longer than the kernel's limit is reached" {
	local deep=$SCRATCH/$(printf 'd%.0s' {1..90})/$(printf 'e%.0s' {1..90})
	answer "GET /containers/json" 200 '[]'
	mkdir -p "$deep"
	ln -s "$SCRATCH/socket" "$deep/socket"
	wherry -H "unix://$deep/socket" ps
}

@test "the version asked for is the older of both, or what DOCKER_API_VERSION says" {
	answer "GET /containers/json" 200 '[]'
	run wherry version -f '{{.Client.APIVersion}}'
	DOCKER_API_VERSION=1.30 wherry ps
	wherry ps
}

@test "errors of the daemon are its own words" {
	answer "POST /containers/x/stop" 409 '{"message":"it will not"}'
	run wherry stop x
	[ "$status" = 1 ]
	[ "$output" = "Error response from daemon: it will not" ]
}

@test "several containers are taken in turn, and one failure does not end it" {
	answer "POST /containers/a/stop" 204
	answer "POST /containers/b/stop" 404 '{"message":"No such container: b"}'
	answer "POST /containers/c/stop" 204
	run wherry stop -t 3 -s INT a b c
	[ "$status" = 1 ]
	[ "$output" = "a
Error response from daemon: No such container: b
c" ]
	[ "$(requests | sort)" = "POST /containers/a/stop?signal=INT&t=3
POST /containers/b/stop?signal=INT&t=3
POST /containers/c/stop?signal=INT&t=3" ]
}

@test "rm -f of what is not there is no failure" {
	run wherry rm -f nothing
	[ "$status" = 0 ]
	run wherry rm nothing
	[ "$status" = 1 ]
}

@test "names are escaped in paths" {
	run wherry stop 'a/../b?c'
	[ "$(requests)" = "POST /containers/a%2F..%2Fb%3Fc/stop" ]
}

@test "completion offers commands, options and names" {
	answer "GET /containers/json" 200 '[{"Names":["/web"],"Image":"nginx"},{"Names":["/db"],"Image":"x"}]'
	answer "GET /images/json" 200 '[{"RepoTags":["nginx:latest","busybox:1"]}]'
	[ "$(wherry __complete ru | cut -f1)" = "run" ]
	[ "$(wherry __complete container st | cut -f1 | tr '\n' ' ')" = "start stats stop " ]
	[ "$(wherry __complete ps --no | cut -f1)" = "--no-trunc" ]
	[ "$(wherry __complete stop '' | cut -f1 | tr '\n' ' ')" = "web db " ]
	[ "$(wherry __complete run -it --name x busy | cut -f1)" = "busybox:1" ]
	[ "$(wherry __complete run --name '')" = "" ]
	[ "$(wherry __complete run busybox '')" = "" ]
	[ "$(wherry __complete exec -- w | cut -f1)" = "web" ]
	for shell in bash zsh fish; do
		[[ $(wherry completion $shell) == *"wherry __complete"* ]]
	done
	bash -n <(wherry completion bash)
}

@test "bash completes through the script" {
	answer "GET /images/json" 200 '[{"RepoTags":["nginx:latest","nginx:1.2"]}]'
	source <(wherry completion bash)
	COMP_WORDBREAKS=$' \t\n:='
	COMP_LINE="wherry run --init nginx:l" COMP_POINT=25
	_wherry
	[ "${COMPREPLY[*]}" = "latest" ]
	COMP_LINE="wherry sys" COMP_POINT=10
	_wherry
	[ "${COMPREPLY[*]}" = "system" ]
}

@test "there is a man page for every command, and man can read them" {
	wherry man "$SCRATCH/man" "$BATS_TEST_DIRNAME/../../docs/man"
	[ -f "$SCRATCH/man/wherry.1" ] && [ -f "$SCRATCH/man/wherry-container-run.1" ] && [ -f "$SCRATCH/man/wherry-ps.1" ]
	grep -q '^.SH OPTIONS' "$SCRATCH/man/wherry-run.1"
	grep -q 'fB\\-\\-memory' "$SCRATCH/man/wherry-run.1"
	grep -q '^.SH ENVIRONMENT' "$SCRATCH/man/wherry.1"
	if command -v groff >/dev/null; then
		run groff -man -Tascii -ww "$SCRATCH/man/wherry-run.1"
		[ "$status" = 0 ]
	fi
}
