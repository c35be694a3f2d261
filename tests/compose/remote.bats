#!/usr/bin/env bats
# Projects on a daemon that is reached over TCP: with mutual TLS by the environment, by options of version 1 and by a
# context.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load project

authority() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.pem" -days 2 \
		-subj "/CN=$1"
}

certificate() { # NAME EXTENSIONS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-key.pem" -out "$1.csr" -subj "/CN=$1"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out "$1.pem" -days 2 \
		-extfile <(printf '%s\n' "$2")
}

setup_file() {
	scratch_begin
	mkdir "$SCRATCH/certs"
	cd "$SCRATCH/certs"
	{
		authority ca
		authority foreign
		certificate server $'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'
		certificate client extendedKeyUsage=clientAuth
	} 2>"$SCRATCH/openssl.log"
	cp client.pem cert.pem
	cp client-key.pem key.pem
	local port=$((20000 + RANDOM % 9000)) # no connection begins at one of these
	export TCP=tcp://127.0.0.1:$port CERTS=$SCRATCH/certs
	daemon_start -H "$TCP" --tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/server.pem" \
		--tlskey "$CERTS/server-key.pem"
	busybox_image
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
}

teardown_file() {
	daemon_stop
	scratch_end
}

setup() { unset CLIENT; }
teardown() {
	[ -z "${CLIENT-}" ] || kill -KILL "$CLIENT" 2>/dev/null || true
	projects_end
}

over_tls() { env -u WHERRY_HOST DOCKER_HOST="$TCP" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$CERTS" "$@"; }
compose() { over_tls wherry compose "$@"; }
# in_background VERB...: its output in ./out, its pid in CLIENT.
in_background() {
	env -u WHERRY_HOST DOCKER_HOST="$TCP" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$CERTS" wherry compose "$@" >out 2>&1 3>&- &
	CLIENT=$!
}
out_has() { grep -qF "$1" out; }
a_has_said() { [ "$(compose logs --no-color --no-log-prefix a)" = "$1" ]; }

@test "the life of a project over TLS, as the environment says" {
	project ra <<<'a: {<<: *b, healthcheck: {test: "true", interval: 100ms}, command: sh -c "echo begun; sleep 1d", volumes: ["v:/v"], secrets: [s]}
b: {<<: *b, depends_on: {a: {condition: service_healthy}}, scale: 3, ports: ["80"]}'
	top_level 'volumes: {v: {}}
secrets: {s: {file: ./s}}'
	echo hidden >s
	compose up -d --wait
	[ "$(names)" = "ra-a-1 ra-b-1 ra-b-2 ra-b-3 " ]
	run -0 compose plan
	[ "$(compose ps -q | wc -l)" = 4 ]
	wait_until 20 a_has_said begun
	[ "$(compose exec -T a cat /run/secrets/s)" = hidden ]
	[ "$(echo typed | compose run --rm -T a cat)" = typed ]
	run compose run --rm -T a sh -c 'exit 9'
	[ "$status" = 9 ]
	echo file >f
	compose cp f a:/f
	[ "$(compose cp a:/f - | tar -xOf -)" = file ]
	[ "$(compose top | grep -c 'sleep 1d')" -ge 4 ]
	sed -i 's/echo begun/echo again/' compose.yaml
	compose up -d --scale b=1
	[ "$(names)" = "ra-a-1 ra-b-1 " ]
	compose down -v -t 0
	[ "$(names -a)" = "" ]
}

@test "in the foreground over TLS: output as it comes, and Ctrl-C stops all" {
	project rb <<<'a: {<<: *b, command: sh -c "echo begun; sleep 1d"}'
	local code=0
	in_background up
	wait_until 20 out_has "a-1  | begun"
	kill -INT "$CLIENT"
	wait "$CLIENT" || code=$?
	[ "$code" = 130 ]
	[ "$(names)" = "" ]
}

@test "a client that is killed at the other end of TLS keeps nobody waiting" {
	project rc <<<'a: {<<: *b, healthcheck: {test: test -e /ok, interval: 100ms, start_period: 100s}}
b: {<<: *b, depends_on: {a: {condition: service_healthy}}}'
	in_background up -d
	wait_until 20 out_has "Container rc-a-1 Waiting"
	compose down -t 0 >second 2>&1 3>&- &
	local second=$!
	wait_until 20 grep -q "waiting for up" second
	kill -KILL "$CLIENT"
	wait "$second"
	[ "$(names -a)" = "" ]
}

@test "docker-compose's own options, and a context, lead there too" {
	project rd <<<'a: {<<: *b}'
	local tls=(--tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/cert.pem" --tlskey "$CERTS/key.pem")
	env -u WHERRY_HOST -u DOCKER_HOST "$SCRATCH/docker-compose" -H "$TCP" "${tls[@]}" up -d
	[ "$(names)" = "rd_a_1 " ]
	wherry context create far --docker "host=$TCP,ca=$CERTS/ca.pem,cert=$CERTS/cert.pem,key=$CERTS/key.pem"
	[ "$(env -u WHERRY_HOST -u DOCKER_HOST wherry -c far compose ps --format '{{.Name}}')" = rd_a_1 ]
	[ "$(env -u WHERRY_HOST -u DOCKER_HOST DOCKER_CONTEXT=far wherry compose ps --format '{{.Name}}')" = rd_a_1 ]
	env -u WHERRY_HOST -u DOCKER_HOST "$SCRATCH/docker-compose" -c far down -t 0
	[ "$(names -a)" = "" ]
}

@test "who is not who he should be is not spoken to, and it is said" {
	project re <<<'a: {<<: *b}'
	run env -u WHERRY_HOST DOCKER_HOST="$TCP" wherry compose ps
	[ "$status" = 1 ]
	[ -n "$output" ]
	run env -u WHERRY_HOST -u DOCKER_HOST "$SCRATCH/docker-compose" -H "$TCP" --tlsverify --tlscacert "$CERTS/foreign.pem" \
		--tlscert "$CERTS/cert.pem" --tlskey "$CERTS/key.pem" up -d
	[ "$status" = 1 ]
	[[ ${output,,} == *certificate* ]]
	[ "$(names -a)" = "" ]
}
