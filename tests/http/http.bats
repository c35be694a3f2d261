#!/usr/bin/env bats
# The HTTP server, the TLS worker and the client with each other and with foreign clients.

load ../lib/wherry

TOOL=$WHERRY_BUILD/tests/http_tool
WORKER=$WHERRY_BUILD/wherry-worker

certificate() { # NAME CA SUBJECT EXTENSIONS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.csr" -subj "$3"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2-key.pem" -CAcreateserial -out "$1.pem" -days 2 \
		-extfile <(printf '%s\n' "$4")
}

authority() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.pem" \
		-days 2 -subj "/CN=$1"
}

setup_file() {
	scratch_begin
	cd "$SCRATCH"
	{
		authority ca
		authority foreign
		certificate server ca /CN=server $'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'
		certificate client ca /CN=ann extendedKeyUsage=clientAuth
		certificate stranger foreign /CN=ann extendedKeyUsage=clientAuth
	} 2>"$SCRATCH/openssl.log"
	PORT=$((20000 + RANDOM % 10000))
	export PORT
}

teardown_file() { scratch_end; }

setup() {
	cd "$SCRATCH"
	START=()
	SECURE_PIPE=("$TOOL" pipe "tcp://127.0.0.1:$PORT" ca.pem client.pem client-key.pem)
	serve
}

teardown() {
	kill "${START[@]}" 2>/dev/null || true
	wait "${START[@]}" 2>/dev/null || true
}

# serve: with TLS; SERVER and WORKER_PID are its processes.
serve() {
	rm -f ready
	mkfifo ready
	"$TOOL" serve "$SCRATCH/s" "$PORT" "$WORKER" server.pem server-key.pem ca.pem >ready 2>server.log 3>&- &
	SERVER=$!
	START+=("$SERVER")
	read -rt 20 <ready || { cat server.log; return 1; }
	WORKER_PID=$(pgrep -P "$SERVER")
}

plain() { curl -sS --max-time 60 --unix-socket s "$@"; }
secure() { curl -sS --max-time 60 --cacert ca.pem --cert client.pem --key client-key.pem "$@"; }
ended() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }
peak_kb() { awk '/^VmHWM/ {print $2}' "/proc/$1/status"; }
is_sanitized() { grep -qa __asan_init "$TOOL"; }
# A sanitizer keeps what was freed for a while, and is slow: its builds are allowed more, for less.
allowed_kb() { if is_sanitized; then echo 600000; else echo "$1"; fi; }
bytes_to_send() { if is_sanitized; then echo $(($1 / 10)); else echo "$1"; fi; }

@test "a gigabyte goes in and out in flat memory" {
	local size
	size=$(bytes_to_send 1000000000)
	run plain -T - http://x/count < <(head -c "$size" /dev/zero)
	[ "$output" = "$size" ]
	[ "$(plain "http://x/zeros?size=$size" | wc -c)" = "$size" ]
	[ "$(peak_kb "$SERVER")" -lt "$(allowed_kb 8000)" ]
}

@test "the same over TLS, through the worker" {
	local size
	size=$(bytes_to_send 300000000)
	run secure -T - "https://localhost:$PORT/count" < <(head -c "$size" /dev/zero)
	[ "$output" = "$size" ]
	[ "$(secure "https://localhost:$PORT/zeros?size=$size" | wc -c)" = "$size" ]
	[ "$(peak_kb "$SERVER")" -lt "$(allowed_kb 8000)" ]
	[ "$(peak_kb "$WORKER_PID")" -lt "$(allowed_kb 16000)" ]
}

@test "a client that does not read holds back its own answer only" {
	mkfifo stuck
	exec 9<>stuck
	curl -sS --cacert ca.pem --cert client.pem --key client-key.pem "https://localhost:$PORT/zeros?size=1000000000" >&9 3>&- &
	START+=($!)
	curl -sS --unix-socket s 'http://x/zeros?size=1000000000' >&9 3>&- &
	START+=($!)
	[ "$(plain http://x/who)" = nobody ]
	[ "$(secure "https://localhost:$PORT/who")" = ann ]
	[ "$(peak_kb "$SERVER")" -lt "$(allowed_kb 8000)" ]
	[ "$(peak_kb "$WORKER_PID")" -lt "$(allowed_kb 16000)" ]
	exec 9>&-
}

@test "1,000 pipelined requests get 1,000 answers" {
	local answers
	answers=$(for _ in {1..1000}; do printf 'GET /who HTTP/1.1\r\nHost: x\r\n\r\n'; done | timeout 20 nc -N -U s | grep -o 'HTTP/1.1 200 OK' | wc -l)
	[ "$answers" = 1000 ]
}

@test "half a request keeps nobody from being served" {
	mkfifo half
	nc -U s <half >half.out 3>&- &
	START+=($!)
	exec 9>half
	printf 'GET /who HTTP/1.1\r\nHo' >&9
	[ "$(plain http://x/who)" = nobody ]
	printf 'st: x\r\n\r\n' >&9
	wait_until 10 grep -q nobody half.out
	exec 9>&-
}

@test "a raw stream goes both ways and ends one way at a time" {
	head -c 20000000 /dev/urandom >random
	"$TOOL" pipe "unix://$SCRATCH/s" <random >plain.out
	{ cat random; echo end; } | cmp - plain.out
	"${SECURE_PIPE[@]}" <random >secure.out
	cmp plain.out secure.out
}

@test "the client's name is the one in its certificate" {
	[ "$(secure "https://localhost:$PORT/who")" = ann ]
}

@test "who shows no certificate, or one of another authority, is not served" {
	run curl -sS --max-time 10 --cacert ca.pem "https://localhost:$PORT/who"
	[ "$status" != 0 ]
	[ "$output" != nobody ]
	run curl -sS --max-time 10 --cacert ca.pem --cert stranger.pem --key stranger-key.pem "https://localhost:$PORT/who"
	[ "$status" != 0 ]
	[[ "$output" != *ann* ]]
}

@test "the client refuses a daemon that it cannot trust" {
	run "$TOOL" pipe "tcp://127.0.0.1:$PORT" foreign.pem client.pem client-key.pem </dev/null
	[ "$status" = 1 ]
	[[ "$output" == *"the certificate cannot be trusted"* ]]
	run "$TOOL" pipe "tcp://127.0.0.2:$PORT" ca.pem client.pem client-key.pem </dev/null
	[ "$status" = 1 ]
}

@test "old protocols are refused" {
	run openssl s_client -connect "localhost:$PORT" -tls1_1 -cipher DEFAULT@SECLEVEL=0 -cert client.pem -key client-key.pem </dev/null
	[ "$status" != 0 ]
	run openssl s_client -connect "localhost:$PORT" -tls1_2 -CAfile ca.pem -cert client.pem -key client-key.pem </dev/null
	[[ "$output" == *"Protocol  : TLSv1.2"* ]]
}

@test "who speaks HTTP to the TLS port is told so" {
	run curl -sS --max-time 10 "http://localhost:$PORT/who"
	[[ "$output" == *"Client sent an HTTP request to an HTTPS server."* ]]
}

@test "clients that never shake hands keep nobody out" {
	local i
	for i in {1..300}; do exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"; silent+=("$fd"); done
	[ "$(secure "https://localhost:$PORT/who")" = ann ]
	for fd in "${silent[@]}"; do exec {fd}>&-; done
}

@test "the worker has no rights" {
	[ "$(awk '/^CapEff|^CapPrm|^CapBnd/ {print $2}' "/proc/$WORKER_PID/status" | sort -u)" = 0000000000000000 ]
	[ "$(awk '/^NoNewPrivs/ {print $2}' "/proc/$WORKER_PID/status")" = 1 ]
	[ "$(awk '/^Uid/ {print $3}' "/proc/$WORKER_PID/status")" = 65534 ]
	is_sanitized || [ "$(awk '/^Seccomp:/ {print $2}' "/proc/$WORKER_PID/status")" = 2 ]
}

@test "a connection that was given away outlives the server, and the worker its last connection" {
	mkfifo to from
	"${SECURE_PIPE[@]}" <to >from 3>&- &
	START+=($!)
	exec 8>to 9<from
	echo before >&8
	read -rt 10 line <&9 && [ "$line" = before ]
	kill -KILL "$SERVER"
	wait "$SERVER" || true
	echo after >&8
	read -rt 10 line <&9 && [ "$line" = after ]
	ended "$WORKER_PID" && false
	exec 8>&-
	read -rt 10 line <&9 && [ "$line" = end ]
	exec 9<&-
	wait_until 10 ended "$WORKER_PID"
}

@test "a new server takes the port over while the old worker still carries" {
	mkfifo to2 from2
	"${SECURE_PIPE[@]}" <to2 >from2 3>&- &
	START+=($!)
	exec 8>to2 9<from2
	echo before >&8
	read -rt 10 line <&9
	kill -KILL "$SERVER"
	wait "$SERVER" || true
	serve
	[ "$(secure "https://localhost:$PORT/who")" = ann ]
	echo after >&8
	read -rt 10 line <&9 && [ "$line" = after ]
	exec 8>&- 9<&-
}

@test "a worker that dies is started again" {
	kill -KILL "$WORKER_PID"
	wait_until 10 secure -o who.out "https://localhost:$PORT/who"
	[ "$(cat who.out)" = ann ]
	grep -q "TLS worker died" server.log
}

@test "files that cannot be used end the start with a word" {
	run "$TOOL" serve "$SCRATCH/s2" $((PORT + 1)) "$WORKER" server.pem nothing.pem ca.pem
	[ "$status" = 1 ]
	[[ "$output" == *"cannot use the key 'nothing.pem'"* ]]
	run "$TOOL" serve "$SCRATCH/s3" $((PORT + 2)) "$WORKER" server.pem client-key.pem ca.pem
	[ "$status" = 1 ]
	[[ "$output" == *"cannot use the key 'client-key.pem'"* ]]
}
