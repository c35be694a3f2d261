#!/usr/bin/env bats
# The command under the names of others.

load ../lib/wherry

setup() {
	PREFIX=$(mktemp -d /tmp/wherry-test.XXXXXX)
	mkdir "$PREFIX/bin"
	ln -s "$WHERRY_BUILD/wherry" "$PREFIX/bin/wherry"
	other_names=$BATS_TEST_DIRNAME/../../dist/other-names
}
teardown() { rm -rf "$PREFIX"; }

@test "on request it is installed as docker, with completion" {
	"$other_names" "$PREFIX" docker
	"$other_names" "$PREFIX" docker
	[ "$(readlink "$PREFIX/bin/docker")" = wherry ]
	grep -q 'docker __complete' "$PREFIX/share/bash-completion/completions/docker"
	[ -s "$PREFIX/share/zsh/site-functions/_docker" ]
	[ -s "$PREFIX/share/fish/vendor_completions.d/docker.fish" ]
}

@test "another docker is left alone" {
	echo theirs >"$PREFIX/bin/docker"
	run "$other_names" "$PREFIX" docker
	[ "$status" = 1 ]
	[ "$(cat "$PREFIX/bin/docker")" = theirs ]
}

@test "on request it is installed as systemctl and journalctl, and behaves so" {
	"$other_names" "$PREFIX" systemctl journalctl
	[[ $("$PREFIX/bin/systemctl" start --help) == "Usage:  systemctl start [OPTIONS] UNIT [UNIT...]"* ]]
	[[ $("$PREFIX/bin/journalctl" --help) == "Usage:  journalctl [OPTIONS] [FIELD=VALUE...]"* ]]
	WHERRY_HOST=unix:///nonexistent run "$PREFIX/bin/systemctl" --no-pager status x
	[ "$status" = 1 ]
	[ "$output" = "Cannot connect to the wherry daemon at unix:///nonexistent. Is it running?" ]
}

@test "called docker it says docker wherever Docker's command does" {
	ln -s wherry "$PREFIX/bin/docker"
	docker=$PREFIX/bin/docker
	[[ $("$docker" --version) == "Docker version "* ]]
	[[ $("$docker" run --help) == "Usage:  docker run "* ]]
	[[ $("$docker" help network create) == "Usage:  docker network create "* ]]
	run "$docker" frobnicate
	[ "$status" = 1 ]
	[ "${lines[0]}" = "docker: unknown command: docker frobnicate" ]
	DOCKER_HOST=unix:///nonexistent run "$docker" ps
	[ "$output" = "Cannot connect to the Docker daemon at unix:///nonexistent. Is the docker daemon running?" ]
	DOCKER_HOST=unix:///nonexistent run "$docker" run x
	[ "$status" = 125 ]
	[[ $output == "docker: Cannot connect to the Docker daemon "* ]]
}

@test "every command of every group has help" {
	commands_of() { wherry "$@" --help | sed -n '/ommands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }
	local name inner
	for name in $(commands_of); do
		[[ $(wherry "$name" --help) == "Usage:  wherry $name"* ]] || { echo "# $name" >&2; return 1; }
		for inner in $(commands_of "$name"); do
			[[ $(wherry "$name" "$inner" --help) == "Usage:  wherry $name $inner"* ]] ||
				{ echo "# $name $inner" >&2; return 1; }
		done
	done
}
