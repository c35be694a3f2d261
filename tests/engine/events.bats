# Events: which a life tells, in what order, who of those that ask hears of them, and what is still known
# of the past when the daemon was killed.

load daemon
load life

setup() { BEGAN=$(date +%s.%N); }

# encoded JSON: as a query's value.
encoded() { jq -rn --arg t "$1" '$t | @uri'; }

# events [FILTERS]: what was told since the test began, "Type Action" a line.
events() { told "$1" '"\(.Type) \(.Action)"'; }
told() {
	api GET "/events?since=$BEGAN&until=$(date +%s.%N)${1:+&filters=$(encoded "$1")}" | jq -r "$2"
}
one_line() { tr '\n' ,; }
# has_died NAME: it was told; one that has exited is told of when that is recorded.
has_died() { [ -n "$(told "{\"container\":[\"$1\"],\"event\":[\"die\"]}" .Action)" ]; }

# create_container NAME MEMBERS
create_container() {
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",$2}" >/dev/null
	expect_status 201
}

@test "a container with a network and a volume that goes by itself tells it in this order" {
	create_container e1 '"Cmd":["true"],"HostConfig":{"AutoRemove":true,"Binds":["ev:/data"]}'
	api POST /containers/e1/start
	wait_until 10 is_gone e1
	events '{"type":["container","network","volume"]}' | one_line
	[ "$(events '{"type":["container","network","volume"]}' | one_line)" = "volume create,container create,network connect,volume mount,container start,container die,network disconnect,volume unmount,container destroy," ]
	api DELETE /volumes/ev
	[ "$(told '{"type":["container"],"event":["die"]}' '.Actor.Attributes | "\(.name) \(.image) \(.exitCode)"')" = "e1 busybox 0" ]
	[ "$(told '{"volume":["ev"],"event":["mount"]}' '.Actor.Attributes | "\(.destination) \(.driver) \(."read/write") \(.container | length)"')" = "/data local true 64" ]
}

@test "stop and restart tell their steps" {
	create_container e2 "$sleeper"
	api POST /containers/e2/start
	wait_until 10 traps e2
	api POST /containers/e2/restart
	wait_until 10 traps e2
	api POST /containers/e2/stop
	[ "$(events '{"type":["container","network"]}' | one_line)" = "container create,network connect,container start,container kill,container die,network disconnect,container stop,network connect,container start,container restart,container kill,container die,network disconnect,container stop," ]
	[ "$(told '{"event":["kill"]}' .Actor.Attributes.signal | one_line)" = "15,15," ]
}

@test "each thing that is done has its event" {
	local id
	create_container e3 "$sleeper"',"Tty":true,"Labels":{"a":"b"}'
	api POST /containers/e3/start
	api POST /containers/e3/pause
	api POST /containers/e3/unpause
	api POST /containers/e3/rename?name=e3b
	api POST /containers/e3b/update '{"Memory":67108864}' >/dev/null
	api POST '/containers/e3b/resize?h=24&w=80'
	api GET /containers/e3b/top >/dev/null
	exec_says e3b '["echo","said"]' said
	wait_until 10 traps e3b
	api POST '/containers/e3b/kill?signal=TERM'
	wait_until 10 has_died e3b
	api POST /containers/prune >/dev/null
	[ "$(events '{"type":["container"]}' | one_line)" = "container create,container start,container pause,container unpause,container rename,container update,container resize,container top,container exec_create: echo said,container exec_start: echo said,container exec_die,container kill,container die,container destroy,container prune," ]
	[ "$(told '{"event":["rename"]}' '.Actor.Attributes | "\(.name) \(.oldName) \(.a)"')" = "e3b /e3 b" ]
	[ "$(told '{"event":["resize"]}' '.Actor.Attributes | "\(.height) \(.width)"')" = "24 80" ]
	[ "$(told '{"event":["exec_die"]}' '.Actor.Attributes | "\(.exitCode) \(.execID | length)"')" = "0 64" ]
	[ "$(told '{"event":["prune"]}' '.Actor.Attributes.reclaimed | test("^[0-9]+$")')" = true ]
}

@test "an OOM kill, a detach and a kill by name are told" {
	create_container e4 '"Cmd":["sh","-c","x=$(head -c 60m /dev/zero | tr \"\\\\0\" x); echo $x"],"HostConfig":{"Memory":8388608,"MemorySwap":8388608}'
	api POST /containers/e4/start
	wait_until 20 inspects e4 .State.Status exited
	[ "$(events '{"container":["e4"],"event":["oom"]}' | sort -u)" = "container oom" ]
}

@test "filters choose by type, action, name, label, image and scope; all names must hold" {
	create_container e5 '"Cmd":["true"],"Labels":{"role":"db","n":"1"}'
	create_container e6 '"Cmd":["true"],"Labels":{"role":"web"}'
	api POST /containers/e5/start
	api POST /containers/e6/start
	wait_until 10 has_died e5
	wait_until 10 has_died e6
	[ "$(told '{"label":["role=db"]}' .Actor.Attributes.name | sort -u)" = e5 ]
	[ "$(told '{"label":["role=db","n=2"]}' .Action | wc -l)" = 0 ]
	[ "$(told '{"label":["role"],"event":["start"]}' .Actor.Attributes.name | sort | one_line)" = "e5,e6," ]
	[ "$(told '{"container":["e6"],"event":["start","die"]}' .Action | one_line)" = "start,die," ]
	[ "$(told '{"container":{"e6":true}}' .Actor.Attributes.name | sort -u)" = e6 ]
	[ "$(told '{"network":["bridge"]}' .Action | sort -u | one_line)" = "connect,disconnect," ]
	[ "$(told '{"image":["busybox"],"event":["create"]}' .Type | sort -u)" = container ]
	[ "$(told '{"image":["other"]}' .Action | wc -l)" = 0 ]
	[ "$(told '{"scope":["swarm"]}' .Action | wc -l)" = 0 ]
	[ "$(told '{"type":["daemon"]}' .Action | wc -l)" = 0 ]
	[ "$(told '{"unknown":["x"],"container":["e5"],"event":["create"]}' .Action)" = create ]
}

@test "moments are taken in every form, and one that is past ends the stream" {
	create_container e7 '"Cmd":["true"]'
	for since in "$BEGAN" "${BEGAN%.*}" "$(date -u -d "@${BEGAN%.*}" +%Y-%m-%dT%H:%M:%SZ)" 10m 1h30m; do
		api GET "/events?since=$(encoded "$since")&until=$(date +%s.%N)&filters=$(encoded '{"container":["e7"]}')" | jq -e 'select(.Action == "create")'
	done
	api GET '/events?since=5&until=1'
	expect_status 400
	[ "$(jq -r .message "$SCRATCH/body")" = '`since` time (5) cannot be after `until` time (1)' ]
	api GET '/events?since=yesterday&until=1'
	expect_status 400
}

@test "the past survives the daemon's death, as it was told, and goes on" {
	local before
	create_container e8 "$sleeper"
	api POST /containers/e8/start
	before=$(told '' '"\(.timeNano) \(.Type) \(.Action) \(.Actor)"')
	[ "$(wc -l <<<"$before")" -ge 3 ]
	restart_daemon
	[ "$(told '' '"\(.timeNano) \(.Type) \(.Action) \(.Actor)"' | head -n "$(wc -l <<<"$before")")" = "$before" ]
	api POST '/containers/e8/kill' >/dev/null
	daemon_kill
	daemon_start
	wait_until 10 has_died e8
	[ "$(events '{"container":["e8"]}' | one_line)" = "container create,container start,container kill,container die," ]
	[ "$(told '' .timeNano)" = "$(told '' .timeNano | sort -nu)" ] # in order, none twice
}

@test "an exit while the daemon was away is told when it comes back" {
	local pid
	create_container e9 '"Cmd":["sleep","1000"]'
	api POST /containers/e9/start
	pid=$(inspect e9 .State.Pid)
	daemon_kill
	kill -KILL "$pid"
	daemon_start
	wait_until 10 has_died e9
	[ "$(told '{"container":["e9"],"event":["die"]}' .Actor.Attributes.exitCode)" = 137 ]
}

@test "256 events and more are kept, also over a restart" {
	create_container e10 '"Cmd":["true"]'
	for i in {1..90}; do
		printf 'url = http://wherry/v1.47/containers/e10%s/rename?name=e10%s\n' "$([ $i = 1 ] || echo "x$((i - 1))")" "x$i"
		printf 'unix-socket = "%s"\nrequest = POST\noutput = /dev/null\nnext\n' "$SOCKET"
	done | sed '$d' >"$SCRATCH/renames"
	for _ in 1 2 3; do
		curl -sS -K "$SCRATCH/renames"
		api POST '/containers/e10x90/rename?name=e10' >/dev/null
	done
	[ "$(told '' .Action | wc -l)" = 256 ]
	restart_daemon
	[ "$(told '' .Action | wc -l)" = 256 ]
	[ "$(find "$SCRATCH/run" -maxdepth 1 -name 'events*' | wc -l)" -le 2 ]
}

@test "of events that are large fewer are kept, in memory and for the next daemon" {
	printf '{"Image":"busybox","Cmd":["true"],"Labels":{"large":"%03000000d"}}' 0 >"$SCRATCH/large"
	curl -sS --unix-socket "$SOCKET" -H 'Content-Type: application/json' --data-binary "@$SCRATCH/large" \
		'http://wherry/containers/create?name=e9' >/dev/null
	for _ in $(seq 12); do
		api POST "/containers/e9/rename?name=e8"
		api POST "/containers/e8/rename?name=e9"
	done
	[ "$(told '{"event":["rename"]}' .Actor.Attributes.name | wc -l)" = 1 ]
	[ "$(told '{"event":["rename"]}' .Actor.Attributes.name | tail -n 1)" = e9 ]
	[ "$(cat "$SCRATCH"/run/events* | wc -c)" -lt 30000000 ]
	restart_daemon
	[ "$(told '{"event":["rename"]}' .Actor.Attributes.name | tail -n 1)" = e9 ]
}
