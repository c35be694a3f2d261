#!/usr/bin/env bats
# The real registry, with and without TLS, in a network of its own where no address is loopback.

load ../lib/wherry
load registry

setup_file() { scratch_begin; }
teardown_file() { scratch_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, owners"
	command -v docker-registry >/dev/null || skip "needs docker-registry"
	store_begin
	make_trees
}
teardown() { store_end; }

# registry_start ADDRESS [YAML]: runs in the network namespace of the caller.
registry_start() {
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "%s"%s}\n' \
		"$SCRATCH/registry" "$1" "${2-}" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	PIDS+=($!)
	wait_until 10 bash -c ": </dev/tcp/${1%:*}/${1#*:}" 2>/dev/null
}

make_archive() {
	[ ! -f "$SCRATCH/bb.archive" ] || return 0
	local work=$SCRATCH/archive low high
	low=$(layer_tar "$TREES/low") high=$(layer_tar "$TREES/high")
	mkdir "$work"
	cp "$low" "$work/low.tar"
	cp "$high" "$work/high.tar"
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["%s","%s"]}}' \
		"$(digest "$low")" "$(digest "$high")" >"$work/c.json"
	echo '[{"Config":"c.json","RepoTags":["bb:1"],"Layers":["low.tar","high.tar"]}]' >"$work/manifest.json"
	tar -C "$work" -cf "$SCRATCH/bb.archive" .
}

push() { skopeo copy -q --dest-tls-verify=false "docker-archive:$SCRATCH/bb.archive" "docker://$1" "${@:2}"; }

# in_network COMMAND...: loopback up, and one address that is not of 127.0.0.0/8.
in_network() {
	unshare -n bash -c '. "$1"; . "$2"; shift 2; PIDS=()
		ip link set lo up; ip address add 10.77.0.1/32 dev lo
		trap "kill \$(jobs -p) 2>/dev/null" EXIT
		set -e; "$@"' - "$BATS_TEST_DIRNAME/../lib/wherry.bash" "$BATS_TEST_DIRNAME/registry.bash" "$@"
}

export_all() { export -f registry_start push; export SCRATCH ROOT WHERRY_BUILD; }

@test "pushed by skopeo, pulled by tag and by digest, in Docker's form and in OCI's" {
	make_archive
	export_all
	in_network_test() {
		local format
		registry_start 127.0.0.1:5000
		for format in v2s2 oci; do
			push 127.0.0.1:5000/bb:$format --format $format
			tool pull 127.0.0.1:5000/bb:$format
			[ "$(cat "$(layer_of 127.0.0.1:5000/bb:$format)/etc/name")" = high ]
			tool pull "$(tool list | grep -o "127.0.0.1:5000/bb@sha256:[0-9a-f]*" | head -1)"
			tool prune all
		done
	}
	export -f in_network_test
	run in_network in_network_test
	echo "$output"
	[ "$status" = 0 ]
}

@test "a certificate has to be good, unless the registry is named insecure" {
	make_archive
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SCRATCH/key.pem" -out "$SCRATCH/cert.pem" -days 2 \
		-subj /CN=registry -addext subjectAltName=IP:10.77.0.1,IP:127.0.0.1 2>/dev/null
	export_all
	in_network_test() {
		registry_start 10.77.0.1:5000 ", tls: {certificate: $SCRATCH/cert.pem, key: $SCRATCH/key.pem}"
		push 10.77.0.1:5000/bb:1
		! tool pull 10.77.0.1:5000/bb:1 2>"$SCRATCH/said" || return 1
		grep -q "error: 8: cannot reach registry '10.77.0.1:5000': SSL certificate problem" "$SCRATCH/said"
		INSECURE=10.0.0.0/8 tool pull 10.77.0.1:5000/bb:1
		tool prune all
		INSECURE=10.77.0.1:5000 tool pull 10.77.0.1:5000/bb:1
		tool prune all
		mkdir -p "$SCRATCH/certs/10.77.0.1:5000"
		cp "$SCRATCH/cert.pem" "$SCRATCH/certs/10.77.0.1:5000/ca.crt"
		tool pull 10.77.0.1:5000/bb:1
	}
	export -f in_network_test
	run in_network in_network_test
	echo "$output"
	[ "$status" = 0 ]
}

@test "plain HTTP is only for those named insecure" {
	make_archive
	export_all
	in_network_test() {
		registry_start 10.77.0.1:5000
		push 10.77.0.1:5000/bb:1
		! tool pull 10.77.0.1:5000/bb:1 2>"$SCRATCH/said" || return 1
		grep -q "error: 8: cannot reach registry '10.77.0.1:5000': " "$SCRATCH/said"
		INSECURE=10.77.0.1:5000 tool pull 10.77.0.1:5000/bb:1
	}
	export -f in_network_test
	run in_network in_network_test
	echo "$output"
	[ "$status" = 0 ]
}
