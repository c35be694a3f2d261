#!/usr/bin/env bats
# The daemon over TCP with mutual TLS, by both commands and by curl.

load ../lib/wherry

authority() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.pem" -days 2 \
		-subj "/CN=$1"
}

certificate() { # NAME AUTHORITY EXTENSIONS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.csr" -subj "/CN=$1"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2-key.pem" -CAcreateserial -out "$1.pem" -days 2 \
		-extfile <(printf '%s\n' "$3")
}

setup_file() {
	scratch_begin
	mkdir "$SCRATCH/certs"
	cd "$SCRATCH/certs"
	{
		authority ca
		authority foreign
		certificate server ca $'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'
		certificate client ca extendedKeyUsage=clientAuth
		certificate stranger foreign extendedKeyUsage=clientAuth
	} 2>"$SCRATCH/openssl.log"
	cp client.pem cert.pem
	cp client-key.pem key.pem
	export PORT=$((20000 + RANDOM % 9000)) # where no client gets one
	export TCP=tcp://127.0.0.1:$PORT CERTS=$SCRATCH/certs
	start_with_tls
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

start_with_tls() {
	daemon_start -H "$TCP" --tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/server.pem" \
		--tlskey "$CERTS/server-key.pem"
}

secure() {
	curl -sS --max-time 20 --cacert "$CERTS/ca.pem" --cert "$CERTS/cert.pem" --key "$CERTS/key.pem" "$@"
}

over_tls() { env DOCKER_HOST="$TCP" WHERRY_HOST="$TCP" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$CERTS" "$@"; }

@test "who has a certificate is served" {
	[ "$(secure "https://localhost:$PORT/_ping")" = OK ]
}

@test "who has none, or one of another authority, is not" {
	run curl -sS --max-time 10 --cacert "$CERTS/ca.pem" "https://localhost:$PORT/_ping"
	[ "$status" != 0 ]
	run curl -sS --max-time 10 --cacert "$CERTS/ca.pem" --cert "$CERTS/stranger.pem" --key "$CERTS/stranger-key.pem" \
		"https://localhost:$PORT/_ping"
	[ "$status" != 0 ]
	[[ "$output" != *OK* ]]
}

@test "no key is in the daemon" {
	refuted grep -q libssl "/proc/$DAEMON/maps"
	pgrep -P "$DAEMON" -f 'wherry-worker tls' >/dev/null
}

@test "the command runs a container, stdin and all, over TLS" {
	run over_tls wherry version --format '{{.Server.Version}}'
	[ "$status" = 0 ]
	head -c 3000000 /dev/urandom >"$SCRATCH/random"
	over_tls wherry run -i --rm --network none busybox cat <"$SCRATCH/random" >"$SCRATCH/copy"
	cmp "$SCRATCH/random" "$SCRATCH/copy"
	run over_tls wherry run --rm --network none busybox sh -c 'exit 7'
	[ "$status" = 7 ]
}

@test "the docker command does the same" {
	command -v docker >/dev/null || skip "no docker command"
	head -c 3000000 /dev/urandom >"$SCRATCH/random"
	over_tls docker run -i --rm --network none busybox cat <"$SCRATCH/random" >"$SCRATCH/copy"
	cmp "$SCRATCH/random" "$SCRATCH/copy"
	run over_tls docker run --rm --network none busybox sh -c 'exit 7'
	[ "$status" = 7 ]
}

@test "the command refuses a daemon that it cannot trust" {
	mkdir -p "$SCRATCH/wrong"
	cp "$CERTS/foreign.pem" "$SCRATCH/wrong/ca.pem"
	cp "$CERTS/cert.pem" "$CERTS/key.pem" "$SCRATCH/wrong/"
	run env WHERRY_HOST="$TCP" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$SCRATCH/wrong" wherry version
	[ "$status" = 1 ]
	[[ "$output" == *certificate* ]]
}

@test "a command that the daemon does not trust is told so, not that there is no daemon" {
	local refused
	for refused in "" "--tlscert $CERTS/stranger.pem --tlskey $CERTS/stranger-key.pem"; do
		run wherry -H "$TCP" --tls --tlsverify=false $refused ps
		[ "$status" = 1 ]
		[[ "$output" == "error during connect: "*alert* ]] || { echo "# $output" >&2; return 1; }
	done
	run wherry -H "$TCP" --tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/absent.pem" --tlskey "$CERTS/key.pem" ps
	[[ "$output" == *"cannot read the certificate '$CERTS/absent.pem': no such file or directory"* ]]
}

@test "an attach over TLS outlives the daemon, and a new daemon takes the port over" {
	mkfifo "$SCRATCH/to" "$SCRATCH/from"
	over_tls wherry run -i --rm --network none busybox sh -c 'while read line; do echo "got $line"; done; exit 3' \
		<"$SCRATCH/to" >"$SCRATCH/from" 3>&- &
	local client=$! line
	exec 8>"$SCRATCH/to" 9<"$SCRATCH/from"
	echo one >&8
	read -rt 20 line <&9
	[ "$line" = "got one" ]
	daemon_kill
	echo two >&8
	read -rt 20 line <&9
	[ "$line" = "got two" ]
	start_with_tls
	[ "$(secure "https://localhost:$PORT/_ping")" = OK ]
	exec 8>&- 9<&-
	local code=0
	wait "$client" || code=$?
	[ "$code" = 3 ]
}

@test "plain TCP is for loopback only" {
	run timeout 10 wherryd --data-root "$SCRATCH/other" --exec-root "$SCRATCH/other-run" --config-file "$SCRATCH/wherry.json" \
		--no-supervisor -H "tcp://0.0.0.0:$((PORT + 1))"
	[ "$status" = 1 ]
	[[ "$output" == *tlsverify* ]]
}

# As a service manager does that has bound ADDRESS.
handed() { # ADDRESS PORT FLAG...
	timeout 10 python3 -c 'import os, socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp("wherryd", ["wherryd"] + sys.argv[3:])' "$1" "$2" --data-root "$SCRATCH/other" --exec-root "$SCRATCH/other-run" \
		--config-file "$SCRATCH/wherry.json" --bridge none --iptables=false --no-supervisor -H fd:// "${@:3}"
}

@test "nor does a socket of a service manager carry plain TCP elsewhere, and it speaks TLS where that is asked for" {
	run handed 0.0.0.0 "$((PORT + 2))"
	[ "$status" = 1 ]
	[[ "$output" == *"'0.0.0.0:$((PORT + 2))' is not a loopback address"* ]]
	handed 0.0.0.0 "$((PORT + 2))" --tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/server.pem" \
		--tlskey "$CERTS/server-key.pem" 2>"$SCRATCH/handed" &
	local daemon=$!
	wait_until 10 eval '[ "$(secure "https://localhost:$((PORT + 2))/_ping" 2>/dev/null)" = OK ]'
	[ "$(curl -s --max-time 10 "http://127.0.0.1:$((PORT + 2))/_ping")" != OK ]
	kill "$daemon"
	wait "$daemon" || true
	grep -q "listening address=tcp://0.0.0.0:$((PORT + 2))" "$SCRATCH/handed"
}
