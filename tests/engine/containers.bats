# Containers through the API: create, list, inspect, their life, top, update, prune, events, disk usage.

load daemon
load life

# create NAME JSON: prints the id.
create() {
	api POST "/containers/create?name=$1" "$2" >/dev/null
	expect_status 201 && jq -r .Id "$SCRATCH/body"
}

# with_sleep NAME [MEMBERS]: a container that sleeps and ends at once on TERM.
sleeper() {
	create "$1" '{"Image":"busybox","Cmd":["sh","-c","trap \"exit 0\" TERM; sleep 1000 & wait"]'"${2+,$2}"'}'
}

wait_exit() { # prints the code
	api POST "/containers/$1/wait" | jq .StatusCode
}

@test "a container is created, started, waited for and removed" {
	id=$(create one '{"Image":"busybox","Cmd":["sh","-c","exit 7"]}')
	[ ${#id} = 64 ]
	api GET /containers/one/json
	jq -e '.State.Status == "created" and .State.Running == false and .State.StartedAt == "0001-01-01T00:00:00Z"
		and .Name == "/one" and .LogPath == "" and .ExecIDs == null and .Path == "sh" and .Args == ["-c","exit 7"]' "$SCRATCH/body"
	api POST /containers/one/start
	expect_status 204
	[ "$(wait_exit one)" = 7 ]
	api GET /containers/one/json
	jq -e '.State.Status == "exited" and .State.ExitCode == 7 and .State.Pid == 0' "$SCRATCH/body"
	api DELETE /containers/one
	expect_status 204
	api GET /containers/one/json
	expect_status 404
}

@test "create refuses what cannot be, in known words" {
	api POST /containers/create '{"HostConfig":{}}'
	expect_status 400
	jq -e '.message == "config cannot be empty in order to create a container"' "$SCRATCH/body"
	api POST /containers/create '{"Image":"nope","Cmd":["x"]}'
	expect_status 404
	jq -e '.message == "No such image: nope:latest"' "$SCRATCH/body"
	api POST '/containers/create?name=a%2Fb' '{"Image":"busybox"}'
	expect_status 400
	jq -e '.message == "Invalid container name (a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"' "$SCRATCH/body"
	id=$(create taken '{"Image":"busybox"}')
	api POST '/containers/create?name=taken' '{"Image":"busybox"}'
	expect_status 409
	jq -e --arg id "$id" '.message == "Conflict. The container name \"/taken\" is already in use by container \"\($id)\". You have to remove (or rename) that container to be able to reuse that name."' "$SCRATCH/body"
}

@test "unknown members are ignored, names match in any case, null is absent" {
	id=$(create any '{"image":"busybox","CMD":"true","Bogus":{"a":[1]},"Labels":null,"HostConfig":null}')
	api GET "/containers/$id/json"
	jq -e '.Config.Cmd == ["true"] and .Config.Labels == {} and .HostConfig.ShmSize == 67108864
		and .HostConfig.RestartPolicy.Name == "no" and .HostConfig.Binds == null and .HostConfig.PidsLimit == null
		and (.HostConfig | has("Tmpfs") | not) and .HostConfig.ConsoleSize == [0,0]' "$SCRATCH/body"
}

@test "inspect of a running container shows its network and its process" {
	id=$(sleeper web '"ExposedPorts":{"80/tcp":{}}')
	api POST /containers/web/start
	api GET /containers/web/json
	jq -e --arg subnet "$SUBNET." '.State.Running and .State.Pid > 0 and (.State.StartedAt > "2020")
		and (.NetworkSettings.IPAddress | startswith($subnet)) and .NetworkSettings.IPPrefixLen == 24
		and .NetworkSettings.Networks.bridge.IPAddress == .NetworkSettings.IPAddress
		and (.NetworkSettings.MacAddress | startswith("02:42:")) and .NetworkSettings.Ports == {"80/tcp": null}
		and (.LogPath | length > 0) and .Platform == "linux" and .Mounts == []
		and (.Config.Hostname == .Id[0:12])' "$SCRATCH/body"
	kill -0 "$(jq .State.Pid "$SCRATCH/body")"
	api GET /networks/bridge
	jq -e --arg id "$id" '.Containers[$id].Name == "web" and (.Containers[$id].IPv4Address | endswith("/24"))' "$SCRATCH/body"
	api POST '/containers/web/stop?t=5'
	expect_status 204
	api GET /containers/web/json
	jq -e '.NetworkSettings.IPAddress == "" and .NetworkSettings.Ports == {} and .NetworkSettings.Networks.bridge.IPAddress == ""' "$SCRATCH/body"
}

@test "inspect differs by version as documented" {
	id=$(create old '{"Image":"busybox"}')
	run curl -sS --unix-socket "$SOCKET" http://wherry/v1.47/images/busybox/json
	jq -e '(has("VirtualSize") or has("Container")) | not' <<<"$output"
	jq -e '.ContainerConfig.Cmd == .Config.Cmd' <<<"$output" # docker-compose 1.29 asks for it in any version
	run curl -sS --unix-socket "$SOCKET" http://wherry/v1.43/images/busybox/json
	jq -e 'has("VirtualSize") and has("ContainerConfig") and .Container == ""' <<<"$output"
}

@test "a container that is removed while its size is counted is not there, or still is" {
	local round status
	for round in $(seq 10); do
		create counted '{"Image":"busybox","Cmd":["sh","-c","seq 2000 | xargs touch"],"HostConfig":{"NetworkMode":"none"}}'
		api POST /containers/counted/start
		wait_exit counted
		curl -sS --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' \
			"http://wherry/containers/counted/json?size=1" >"$SCRATCH/asked" &
		api DELETE "/containers/counted?force=1"
		expect_status 204
		wait $!
		status=$(cat "$SCRATCH/asked")
		[ "$status" = 404 ] || [ "$status" = 200 ]
	done
}

@test "the list shows what runs, newest first, and all when asked" {
	create first '{"Image":"busybox","Cmd":["echo","a b","c"],"Labels":{"tier":"one"}}'
	sleeper second
	api POST /containers/second/start
	api GET /containers/json
	jq -e 'length == 1 and .[0].Names == ["/second"] and .[0].State == "running" and (.[0].Status | startswith("Up "))
		and .[0].Image == "busybox" and (.[0].ImageID | startswith("sha256:")) and (.[0].HostConfig.NetworkMode == "bridge")
		and .[0].NetworkSettings.Networks.bridge.IPAddress != "" and (.[0] | has("SizeRw") | not)' "$SCRATCH/body"
	api GET '/containers/json?all=1'
	jq -e '[.[].Names[0]] == ["/second","/first"] and .[1].Status == "Created" and .[1].Command == "echo '"'a b'"' c"' "$SCRATCH/body"
	api GET '/containers/json?limit=1'
	jq -e 'length == 1' "$SCRATCH/body"
	api GET '/containers/json?all=true&size=1'
	jq -e '.[0] | has("SizeRootFs")' "$SCRATCH/body"
	api GET '/containers/json?all=none'
	jq -e 'length == 1' "$SCRATCH/body"
}

filtered() { # FILTERS-JSON NAMES...
	curl -sS -G --unix-socket "$SOCKET" --data-urlencode "filters=$1" http://wherry/containers/json >"$SCRATCH/body"
	shift
	[ "$(jq -r '[.[].Names[0]] | sort | join(" ")' "$SCRATCH/body")" = "$*" ] || { cat "$SCRATCH/body"; return 1; }
}

@test "filters choose containers" {
	create first '{"Image":"busybox","Cmd":["false"],"Labels":{"tier":"one","a":"1"},"ExposedPorts":{"81/tcp":{}}}'
	id=$(sleeper second '"Labels":{"tier":"two"},"HostConfig":{"Binds":["/tmp:/host"]}')
	api POST /containers/second/start
	api POST /containers/first/start
	wait_exit first
	filtered '{"status":["exited"]}' /first
	filtered '{"status":["exited","running"]}' /first /second
	filtered '{"exited":{"1":true}}' /first
	filtered '{"exited":["0"]}'
	filtered '{"name":["^/?sec"]}' /second
	filtered '{"id":["'"${id:0:10}"'"]}' /second
	filtered '{"label":["tier"],"status":["exited","running"]}' /first /second
	filtered '{"label":["tier=one","a=1"],"status":["exited"]}' /first
	filtered '{"label":["tier=one","a=2"],"status":["exited"]}'
	filtered '{"ancestor":["busybox"]}' /second
	filtered '{"ancestor":["nope"]}'
	filtered '{"network":["bridge"]}' /second
	filtered '{"volume":["/host"]}' /second
	filtered '{"since":["first"]}' /second
	filtered '{"before":["second"]}' /first
	filtered '{"expose":["80-90"],"status":["exited"]}' /first
	filtered '{"is-task":["false"]}' /second
	filtered '{"health":["none"]}' /second
}

@test "a state that does not allow it is a conflict, and nothing to do is 304" {
	id=$(sleeper box)
	api POST /containers/box/pause
	expect_status 409
	api POST /containers/box/stop
	expect_status 304
	api POST /containers/box/kill
	expect_status 409
	jq -e --arg id "$id" '.message == "cannot kill container: box: container \($id) is not running"' "$SCRATCH/body"
	api GET /containers/box/top
	expect_status 409
	api POST '/containers/box/resize?h=10&w=20'
	expect_status 409
	local size
	for size in 'h=ten&w=20' 'h=10' 'h=10&w=' 'h=-1&w=20' 'h=10&w=70000' 'h=10&w=99999999999'; do
		api POST "/containers/box/resize?$size"
		expect_status 400
	done
	api POST /containers/box/start '{}'
	expect_status 400
	api POST /containers/box/start
	expect_status 204
	api POST /containers/box/start
	expect_status 304
	api DELETE /containers/box
	expect_status 409
	jq -e '.message == "cannot remove container \"/box\": container is running: stop the container before removing or force remove"' "$SCRATCH/body"
	api POST /containers/box/pause
	expect_status 204
	api GET /containers/box/json
	jq -e '.State.Paused and .State.Running and .State.Status == "paused"' "$SCRATCH/body"
	api POST /containers/box/pause
	expect_status 409
	jq -e --arg id "$id" '.message == "Container \($id) is already paused"' "$SCRATCH/body"
	api POST /containers/box/start
	expect_status 409
	api POST /containers/box/unpause
	expect_status 204
	api POST /containers/box/unpause
	expect_status 500
	jq -e --arg id "$id" '.message == "Container \($id) is not paused"' "$SCRATCH/body"
}

@test "kill, stop and restart end a process as they are told" {
	sleeper box
	api POST /containers/box/start
	wait_until 10 traps box
	api POST '/containers/box/kill?signal=SIGTERM'
	expect_status 204
	[ "$(wait_exit box)" = 0 ]
	api POST /containers/box/start
	api POST /containers/box/kill
	expect_status 204
	[ "$(wait_exit box)" = 137 ]
	api POST /containers/box/start
	api GET /containers/box/json
	before=$(jq .State.Pid "$SCRATCH/body")
	api POST '/containers/box/restart?t=5'
	expect_status 204
	api GET /containers/box/json
	jq -e --argjson before "$before" '.State.Running and .State.Pid != $before and .RestartCount == 0' "$SCRATCH/body"
	api POST '/containers/box/stop?t=0'
	expect_status 204
	api POST '/containers/box/stop?t=x'
	expect_status 400
}

@test "rename moves the name and frees the old one" {
	create one '{"Image":"busybox"}'
	create two '{"Image":"busybox"}'
	api POST '/containers/one/rename?name=two'
	expect_status 409
	api POST '/containers/one/rename?name='
	expect_status 400
	jq -e '.message == "Neither old nor new names may be empty"' "$SCRATCH/body"
	api POST '/containers/one/rename?name=three'
	expect_status 204
	api GET /containers/three/json
	expect_status 200
	create one '{"Image":"busybox"}'
}

@test "top shows the processes with the columns of ps" {
	sleeper box
	api POST /containers/box/start
	api GET /containers/box/top
	jq -e '(.Titles | index("PID") != null) and ([.Processes[][-1]] | any(contains("sleep 1000")))' "$SCRATCH/body"
	api GET '/containers/box/top?ps_args=-o%20pid,comm'
	jq -e '.Titles == ["PID","COMMAND"]' "$SCRATCH/body"
	api GET '/containers/box/top?ps_args=-o%20comm'
	expect_status 500
}

@test "update changes limits and says no warnings as null" {
	sleeper box
	api POST /containers/box/start
	api POST /containers/box/update '{"Memory":67108864,"MemorySwap":134217728,"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}'
	expect_status 200
	jq -e '.Warnings == null or (.Warnings | length > 0)' "$SCRATCH/body"
	api GET /containers/box/json
	jq -e '.HostConfig.Memory == 67108864 and .HostConfig.RestartPolicy.Name == "on-failure"' "$SCRATCH/body"
	api POST /containers/box/update '{"Memory":1}'
	expect_status 400
}

@test "prune takes what has ended and spares what runs" {
	create dead '{"Image":"busybox","Labels":{"keep":"no"}}'
	create kept '{"Image":"busybox","Labels":{"keep":"yes"}}'
	sleeper live
	api POST /containers/live/start
	curl -sS -X POST --unix-socket "$SOCKET" -G --data-urlencode 'filters={"label!":["keep=yes"]}' http://wherry/containers/prune >"$SCRATCH/body"
	jq -e '(.ContainersDeleted | length == 1) and (.SpaceReclaimed | type == "number")' "$SCRATCH/body"
	api GET '/containers/json?all=1'
	jq -e '[.[].Names[0]] | sort == ["/kept","/live"]' "$SCRATCH/body"
	api POST '/containers/prune?filters=%7B%22until%22%3A%5B%221h%22%5D%7D'
	jq -e '.ContainersDeleted == null' "$SCRATCH/body"
}

@test "events tell a life in order, from the past and live, and end at until" {
	since=$(date +%s.%N)
	create box '{"Image":"busybox","Cmd":["true"],"Labels":{"l":"v"}}'
	curl -sSN --unix-socket "$SOCKET" -G --data-urlencode 'filters={"container":["box"],"event":["start","die","destroy"]}' \
		http://wherry/events -D "$SCRATCH/head" -o "$SCRATCH/live" 3>&- &
	listener=$!
	wait_until 10 test -s "$SCRATCH/head"
	api POST /containers/box/start
	wait_exit box
	api DELETE /containers/box
	wait_until 10 grep -q destroy "$SCRATCH/live"
	kill $listener
	[ "$(jq -r .Action "$SCRATCH/live" | xargs)" = "start die destroy" ]
	curl -sS --unix-socket "$SOCKET" "http://wherry/events?since=$since&until=$(date +%s.%N)" >"$SCRATCH/past"
	[ "$(jq -r 'select(.Type == "container") | .Action' "$SCRATCH/past" | xargs)" = "create start die destroy" ]
	jq -se 'map(select(.Action == "die"))[0] | .Actor.Attributes.exitCode == "0" and .Actor.Attributes.l == "v"
		and .Actor.Attributes.name == "box" and .Actor.Attributes.image == "busybox" and .from == "busybox" and .status == "die"
		and .scope == "local" and .timeNano > 0' "$SCRATCH/past"
	run curl -sS --unix-socket "$SOCKET" "http://wherry/events?since=5&until=1"
	[ "$(jq -r .message <<<"$output")" = '`since` time (5) cannot be after `until` time (1)' ]
	run timeout 10 curl -sS --unix-socket "$SOCKET" "http://wherry/events?until=$(($(date +%s) + 1))"
	[ "$status" = 0 ]
}

@test "disk usage counts images, containers and volumes" {
	sleeper box '"HostConfig":{"Binds":["vol:/v"]}'
	api POST /containers/box/start
	api GET /system/df
	jq -e '.LayersSize > 0 and (.Images | length >= 1) and (.Images[] | select(.RepoTags == ["busybox:latest"]) | .Containers == 1)
		and (.Containers | length == 1) and (.Volumes[0].UsageData.RefCount == 1) and .BuildCache == []' "$SCRATCH/body"
	api GET '/system/df?type=image'
	jq -e '.Containers == null and .Volumes == null' "$SCRATCH/body"
	api GET '/system/df?type=bogus'
	expect_status 400
	jq -e '.message == "unknown object type: bogus"' "$SCRATCH/body"
}
