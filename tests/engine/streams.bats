# Connections that are given away: logs, attach, wait, stats, exec.

load daemon

create() {
	api POST "/containers/create?name=$1" "$2" >/dev/null
	expect_status 201 && jq -r .Id "$SCRATCH/body"
}

get() { curl -sSN --unix-socket "$SOCKET" "http://wherry/v1.47$1"; }

# unframe: the payload of 8-byte frames on stdin, each line with O or E in front.
unframe() {
	python3 -c '
import sys
data = sys.stdin.buffer.read()
while data:
    kind, size = data[0], int.from_bytes(data[4:8], "big")
    sys.stdout.write({1: "O ", 2: "E "}[kind] + data[8:8 + size].decode())
    data = data[8 + size:]
'
}

# exchange REQUEST-HEAD INPUT: send both on one connection, half-close, print all that comes back.
exchange() {
	{ printf '%b' "$1"; printf '%b' "$2"; } | socat -t 20 - "UNIX-CONNECT:$SOCKET"
}

@test "logs come framed, without a terminal plain, and as much as was asked for" {
	create talk '{"Image":"busybox","Cmd":["sh","-c","echo one; echo two >&2; echo three"]}'
	api POST /containers/talk/start
	api POST /containers/talk/wait
	[ "$(get '/containers/talk/logs?stdout=1' | unframe)" = $'O one\nO three' ] ||
		[ "$(get '/containers/talk/logs?stdout=1' | unframe)" = $'O one\nthree' ]
	[ "$(get '/containers/talk/logs?stderr=1' | unframe)" = "E two" ]
	[ "$(get '/containers/talk/logs?stdout=1&stderr=1&tail=1' | unframe | tail -1)" = "O three" ] ||
		[ "$(get '/containers/talk/logs?stdout=1&stderr=1&tail=1' | unframe | tail -1)" = "E two" ]
	[ -z "$(get '/containers/talk/logs?stdout=1&tail=0')" ]
	get '/containers/talk/logs?stdout=1&timestamps=1' | unframe | grep -qE '^(O )?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z three$'
	api GET /containers/talk/logs
	expect_status 400
	jq -e '.message == "Bad parameters: you must choose at least one stream"' "$SCRATCH/body"
	run curl -sSi --unix-socket "$SOCKET" "http://wherry/v1.47/containers/talk/logs?stdout=1" --output -
	grep -qi 'content-type: application/vnd.docker.multiplexed-stream' <<<"$output"
	create tty '{"Image":"busybox","Tty":true,"Cmd":["echo","plain"]}'
	api POST /containers/tty/start
	api POST /containers/tty/wait
	[ "$(get '/containers/tty/logs?stdout=1')" = $'plain\r' ]
}

@test "logs of a container that never ran are empty, and following ends with the container" {
	create quiet '{"Image":"busybox","Cmd":["sh","-c","read x; echo bye"],"OpenStdin":true,"StdinOnce":true}'
	[ -z "$(get '/containers/quiet/logs?stdout=1')" ]
	exchange 'POST /v1.47/containers/quiet/attach?stream=1&stdin=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n' 'go\n' >/dev/null &
	client=$!
	api POST /containers/quiet/start
	[ "$(timeout 20 curl -sSN --unix-socket "$SOCKET" 'http://wherry/v1.47/containers/quiet/logs?stdout=1&follow=1' | unframe)" = "O bye" ]
	wait $client
}

@test "an attach before the start misses nothing, and the end of its input ends the container" {
	create cat '{"Image":"busybox","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true,"AttachStdin":true,"AttachStdout":true}'
	exchange 'POST /v1.47/containers/cat/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n' \
		'hello\nworld\n' >"$SCRATCH/answer" &
	client=$!
	wait_until 10 grep -q UPGRADED "$SCRATCH/answer"
	api POST /containers/cat/start
	expect_status 204
	wait $client
	grep -aq '^HTTP/1.1 101 UPGRADED' "$SCRATCH/answer"
	grep -aqi '^Content-Type: application/vnd.docker.multiplexed-stream' "$SCRATCH/answer"
	sed -e '1,/^\r$/d' "$SCRATCH/answer" | unframe | sed 's/^O //' | grep -qx world
	[ "$(api POST /containers/cat/wait | jq .StatusCode)" = 0 ]
}

@test "without an upgrade a raw stream is a 200 until close" {
	create echo '{"Image":"busybox","Cmd":["echo","hi"]}'
	exchange 'POST /v1.41/containers/echo/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n' '' >"$SCRATCH/answer" &
	client=$!
	wait_until 10 grep -aq '200 OK' "$SCRATCH/answer"
	api POST /containers/echo/start
	wait $client
	grep -aqi '^Content-Type: application/vnd.docker.raw-stream' "$SCRATCH/answer"
	[ "$(sed -e '1,/^\r$/d' "$SCRATCH/answer" | unframe)" = "O hi" ]
}

@test "wait sends its header at once and its body at the exit" {
	create waits '{"Image":"busybox","Cmd":["sh","-c","read x; exit 3"],"OpenStdin":true}'
	# curl holds the header back, and a client that has shut down its side is taken for gone.
	printf 'POST /v1.47/containers/waits/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\n\r\n' |
		socat -,ignoreeof "UNIX-CONNECT:$SOCKET" >"$SCRATCH/answer" &
	client=$!
	wait_until 10 grep -q '200 OK' "$SCRATCH/answer"
	refuted grep -q StatusCode "$SCRATCH/answer"
	api POST /containers/waits/start
	api POST '/containers/waits/kill?signal=KILL'
	wait $client
	grep -q '{"StatusCode":137}' "$SCRATCH/answer"
	[ "$(api POST '/containers/waits/wait' | jq .StatusCode)" = 137 ]
}

@test "stats of one shot have two samples' worth of a container" {
	create stat '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"Init":true}}'
	[ "$(get '/containers/stat/stats?stream=0' | jq -r .id)" ]
	api POST /containers/stat/start
	get '/containers/stat/stats?stream=0' >"$SCRATCH/stats"
	jq -e '.name == "/stat" and .cpu_stats.cpu_usage.total_usage > 0 and .memory_stats.limit > 0 and .pids_stats.current >= 1
		and .precpu_stats.cpu_usage.total_usage > 0 and .networks.eth0' "$SCRATCH/stats"
	get '/containers/stat/stats?stream=0&one-shot=1' | jq -e '.precpu_stats.cpu_usage.total_usage == 0'
	api GET '/containers/stat/stats?stream=1&one-shot=1'
	expect_status 400
}

exec_create() { api POST "/containers/$1/exec" "$2" | jq -r .Id; }

@test "an exec runs, is inspected, and cannot run twice" {
	create busy '{"Image":"busybox","Cmd":["sh","-c","trap exit TERM; sleep 1000 & wait"]}'
	api POST /containers/busy/exec '{"Cmd":["true"]}'
	expect_status 409
	api POST /containers/busy/start
	api POST /containers/busy/exec '{}'
	expect_status 400
	jq -e '.message == "No exec command specified"' "$SCRATCH/body"
	api POST /containers/busy/exec '{"Cmd":"true"}'
	expect_status 400
	id=$(exec_create busy '{"Cmd":["sh","-c","echo out; echo err >&2; exit 4"],"AttachStdout":true,"AttachStderr":true}')
	api GET "/exec/$id/json"
	jq -e '.Running == false and .ExitCode == null and .ProcessConfig.entrypoint == "sh" and .ProcessConfig.arguments[0] == "-c"' "$SCRATCH/body"
	exchange "POST /v1.47/exec/$id/start HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n" \
		'{"Detach":false,"Tty":false}' >"$SCRATCH/answer"
	sed -e '1,/^\r$/d' "$SCRATCH/answer" | unframe | sort | xargs | grep -q 'E err O out'
	api GET "/exec/$id/json"
	jq -e '.Running == false and .ExitCode == 4' "$SCRATCH/body"
	api POST "/exec/$id/start" '{"Detach":true}'
	expect_status 409
	jq -e --arg id "$id" '.message == "Error: Exec command \($id) has already run"' "$SCRATCH/body"
	id=$(exec_create busy '{"Cmd":["sh","-c","echo x >/done"]}')
	api POST "/exec/$id/start" '{"Detach":true}'
	expect_status 200
	id=$(exec_create busy '{"Cmd":["sh","-c","while ! [ -e /done ]; do sleep 0.05; done; cat /done"],"AttachStdout":true}')
	exchange "POST /v1.47/exec/$id/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n" '{}' >"$SCRATCH/answer"
	[ "$(sed -e '1,/^\r$/d' "$SCRATCH/answer" | unframe)" = "O x" ]
}

@test "a terminal is resized, its stream is plain, and its detach keys let go" {
	create term '{"Image":"busybox","Tty":true,"OpenStdin":true,"Cmd":["sh","-c","trap exit TERM; while read x; do stty size; done"]}'
	api POST /containers/term/start
	api POST '/containers/term/resize?h=33&w=44'
	expect_status 200
	{
		printf 'POST /v1.47/containers/term/attach?stream=1&stdin=1&stdout=1&detachKeys=a,ctrl-b HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n'
		printf 'go\n'
		wait_until 10 grep -aq '33 44' "$SCRATCH/answer"
		printf 'a\002'
		wait_until 10 test -e "$SCRATCH/detached"
	} | { socat -t 20 - "UNIX-CONNECT:$SOCKET" >"$SCRATCH/answer"; touch "$SCRATCH/detached"; }
	grep -aqi '^Content-Type: application/vnd.docker.raw-stream' "$SCRATCH/answer"
	api GET /containers/term/json
	jq -e .State.Running "$SCRATCH/body"
	api POST '/containers/term/attach?detachKeys=bogus'
	expect_status 400
	grep -q 'Invalid detach keys (bogus) provided' "$SCRATCH/body"
}
