# The life of containers beyond one run: restart policies, shared namespaces, volumes, health, pause,
# removal by itself, and what a restarted daemon finds.

load daemon
load life

@test "on-failure restarts as often as it may and then stays down" {
	run_container r1 '"Cmd":["sh","-c","exit 3"],"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2}}'
	wait_until 10 inspects r1 '"\(.State.Status) \(.RestartCount) \(.State.ExitCode)"' "exited 2 3"
}

@test "always comes back after an exit, rests after a stop, and comes back with the daemon" {
	run_container r2 '"Cmd":["sleep","1000"],"StopSignal":"SIGKILL","HostConfig":{"RestartPolicy":{"Name":"always"}}'
	kill -KILL "$(inspect r2 .State.Pid)"
	wait_until 10 inspects r2 '"\(.State.Status) \(.RestartCount)"' "running 1"
	api POST "/containers/r2/stop"
	expect_status 204
	inspects r2 .State.Status exited
	restart_daemon
	wait_until 10 inspects r2 .State.Status running
}

has_lines() { [ "$(api GET "/containers/$1/logs?stdout=1" | grep -ac 'once more')" -ge "$2" ]; }

@test "a restart that is due when the daemon dies keeps its pause, its count and its limit" {
	run_container r5 '"Cmd":["sh","-c","echo once more; exit 7"],"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":5}}'
	wait_until 20 has_lines r5 4
	wait_until 20 inspects r5 '"\(.State.Status) \(.RestartCount >= 3)"' "restarting true" # the pause is 800 ms now, or longer
	restart_daemon
	inspects r5 '.RestartCount >= 3' true
	wait_until 20 inspects r5 '"\(.State.Status) \(.RestartCount) \(.State.ExitCode)"' "exited 5 7"
}

@test "who exits while the daemon is away is restarted by the one that comes back" {
	local pid
	run_container r6 '"Cmd":["sleep","1000"],"HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}}'
	pid=$(inspect r6 .State.Pid)
	daemon_kill
	kill -KILL "$pid"
	daemon_start
	wait_until 10 inspects r6 '"\(.State.Status) \(.RestartCount)"' "running 1"
}

asks() { curl -sf --max-time "$1" --unix-socket "$SOCKET" -o "${3-$SCRATCH/answer}" "http://x$2"; }

@test "a daemon that comes back answers a ping while a shim is silent, and lists containers when it has spoken" {
	local shim starts
	run_container p1 "$sleeper"
	shim=$(ps -o ppid= -p "$(inspect p1 .State.Pid)")
	kill -STOP $shim
	daemon_kill
	daemon_start &
	starts=$!
	wait_until 10 asks 5 /_ping
	run asks 1 /v1.47/containers/json
	[ "$status" = 28 ] # curl's word for too late
	kill -CONT $shim
	asks 20 /v1.47/containers/json
	[ "$(jq -r '.[0].State' "$SCRATCH/answer")" = running ]
	wait "$starts"
}

# A busy host: the first process of NAME has ended, and its shim has not come to tell.
end_unheard() {
	local pid
	pid=$(inspect "$1" .State.Pid)
	shim=$(ps -o ppid= -p "$pid")
	kill -STOP $shim
	kill -KILL "$pid"
	wait_until 5 is_zombie "$pid"
	inspects "$1" .State.Status running
}
is_zombie() { [ "$(ps -o state= -p "$1")" = Z ]; }
status_of() { curl -s --max-time 30 --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' "$@" >"$SCRATCH/later"; }

@test "who copies files waits for an end that is not known yet, and has them from the stopped container" {
	local shim client file
	run_container f1 '"Cmd":["sh","-c","echo kept >/file; exec sleep 1000"],"HostConfig":{"Binds":["held:/held"]}'
	for file in / /held; do
		wait_until 10 asks 5 "/v1.47/containers/f1/archive?path=$file"
		end_unheard f1
		status_of "http://x/v1.47/containers/f1/archive?path=$file" &
		client=$!
		run asks 1 "/v1.47/containers/f1/archive?path=$file"
		[ "$status" = 28 ]
		kill -CONT $shim
		wait "$client"
		[ "$(cat "$SCRATCH/later")" = 200 ]
		inspects f1 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
		api POST /containers/f1/start
	done
	api DELETE "/containers/f1?force=1&v=1"
	api DELETE /volumes/held
}

@test "files are read while a container is started anew again and again" {
	local clients client
	run_container f2 '"Cmd":["sleep","1000"],"StopSignal":"SIGKILL"'
	for _ in $(seq 10); do
		clients=
		for _ in 1 2 3; do
			asks 30 "/v1.47/containers/f2/archive?path=/etc/passwd" /dev/null &
			clients="$clients $!"
		done
		api POST /containers/f2/restart
		expect_status 204
		for client in $clients; do
			wait $client
		done
	done
}

@test "networks of a container whose end is not known yet are changed as of a stopped one" {
	local shim client
	api POST /networks/create '{"Name":"late"}' >/dev/null
	run_container n1 "$sleeper"
	for verb in connect disconnect; do
		end_unheard n1
		status_of -H 'Content-Type: application/json' -d '{"Container":"n1"}' "http://x/v1.47/networks/late/$verb" &
		client=$!
		run asks 1 "/v1.47/containers/n1/archive?path=/" # it is that one's turn, which waits
		[ "$status" = 28 ]
		kill -CONT $shim
		wait "$client"
		[ "$(cat "$SCRATCH/later")" = 200 ]
		inspects n1 '"\(.State.Status) \(.NetworkSettings.Networks | has("late"))"' \
			"exited $([ $verb = connect ] && echo true || echo false)"
		api POST /containers/n1/start
		expect_status 204
	done
	api DELETE "/containers/n1?force=1"
	api DELETE /networks/late
	expect_status 204
}

@test "a signal to a container whose end is not known yet is no failure" {
	local shim client
	run_container k1 "$sleeper"
	end_unheard k1
	status_of -X POST "http://x/v1.47/containers/k1/kill?signal=HUP" &
	client=$!
	wait_until 10 was_signalled k1
	kill -CONT $shim
	wait "$client"
	[ "$(cat "$SCRATCH/later")" = 204 ]
	wait_until 10 inspects k1 .State.Status exited
}
was_signalled() {
	api GET "/events?since=1&until=$(date +%s)&filters=%7B%22container%22%3A%5B%22$1%22%5D%2C%22event%22%3A%5B%22kill%22%5D%7D" | grep -q kill
}

@test "a signal to a container whose shim has died is no failure while its end is under way" {
	local shim
	daemon_kill
	UV_THREADPOOL_SIZE=1 daemon_start # who ends what is left of it waits until the files of another are removed
	run_container k2 '"Cmd":["sh","-c","mkdir /many; cd /many; seq 30000 | xargs touch"]'
	wait_until 60 inspects k2 .State.Status exited
	run_container k3 "$sleeper"
	shim=$(ps -o ppid= -p "$(inspect k3 .State.Pid)")
	api DELETE /containers/k2
	expect_status 204
	kill -KILL $shim
	for _ in 1 2 3; do # on its way to a shim that ends, or with none there any more
		api POST "/containers/k3/kill?signal=HUP"
		[ "$(api_status)" = 204 ] || expect_status 409
	done
	wait_until 10 inspects k3 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
	restart_daemon
}

@test "an update of a container that ends before its limits are set is kept for the next start" {
	local pid client
	daemon_kill
	UV_THREADPOOL_SIZE=1 daemon_start # who sets them waits until the files of another are removed
	run_container u8 '"Cmd":["sh","-c","mkdir /many; cd /many; seq 30000 | xargs touch"]'
	wait_until 60 inspects u8 .State.Status exited
	run_container u9 "$sleeper"
	pid=$(inspect u9 .State.Pid)
	api DELETE /containers/u8
	status_of -X POST -H 'Content-Type: application/json' -d '{"PidsLimit":77}' "http://x/v1.47/containers/u9/update" &
	client=$!
	nap 0.03
	kill -KILL "$pid"
	wait "$client"
	[ "$(cat "$SCRATCH/later")" = 200 ]
	wait_until 10 inspects u9 '"\(.State.Status) \(.HostConfig.PidsLimit)"' "exited 77"
	restart_daemon
}

@test "a removal that cannot kill says so, and leaves a container that can be used" {
	local shim pid
	run_container k4 "$sleeper"
	pid=$(inspect k4 .State.Pid)
	shim=$(ps -o ppid= -p "$pid")
	kill -STOP $shim
	api DELETE "/containers/k4?force=1"
	expect_status 500
	jq -e '.message | startswith("cannot remove container \"/k4\": could not kill: ")' "$SCRATCH/body"
	api POST "/containers/k4/rename?name=k5"
	expect_status 204
	kill -CONT $shim
	wait_until 10 inspects k5 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
	api POST /containers/k5/start
	expect_status 204
}

# The daemon lies still while the request comes first and then the container ends, with its control group.
ended_under() { # NAME CURL ARGUMENTS...
	local pid id client name=$1
	shift
	id=$(inspect "$name" .Id)
	pid=$(inspect "$name" .State.Pid)
	kill -STOP "$(daemon_pid)"
	status_of "$@" &
	client=$!
	wait_until 10 asked 1 "$client"
	kill -KILL "$pid"
	wait_until 10 test -e "$SCRATCH/run/c/$id/exit"
	kill -CONT "$(daemon_pid)"
	wait "$client"
}
# asked COUNT PID: so many requests of a client, or of its child, are what nobody has read yet.
asked() {
	local own="pid=($2|$(pgrep -P "$2" || echo "$2")),"
	[ "$(ss -Hxap | grep -E "$own" | awk '$4 > 0' | wc -l)" = "$1" ]
}

@test "a commit of a container that ends before it is frozen has the container as it ended, and a pause says so" {
	run_container e1 "$sleeper"
	ended_under e1 -X POST "http://x/v1.47/commit?container=e1&repo=ended"
	[ "$(cat "$SCRATCH/later")" = 201 ]
	inspects e1 .State.Status exited
	api POST /containers/e1/start
	expect_status 204
	ended_under e1 -X POST "http://x/v1.47/containers/e1/pause"
	[ "$(cat "$SCRATCH/later")" = 409 ]
	wait_until 10 inspects e1 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
	api POST /containers/e1/start
	api POST /containers/e1/pause
	expect_status 204
	restart_daemon # and nothing of the commit is left to be undone
	inspects e1 .State.Status paused
}

# What a daemon leaves that is killed in the middle of a start: a run folder in which nobody ever was.
@test "a start that the daemon did not live to see did not happen, and the policy goes on" {
	local looping created
	looping=$(run_container d1 '"Cmd":["sh","-c","exit 3"],"HostConfig":{"RestartPolicy":{"Name":"on-failure"}}')
	api POST '/containers/create?name=d2' '{"Image":"busybox","Cmd":["true"],"HostConfig":{"RestartPolicy":{"Name":"on-failure"}}}' >/dev/null
	created=$(jq -r .Id "$SCRATCH/body")
	wait_until 10 inspects d1 '.RestartCount > 1 and .State.Status == "restarting"' true
	local before
	before=$(inspect d1 .RestartCount)
	daemon_kill
	mkdir -p "$SCRATCH/run/c/$looping" "$SCRATCH/run/c/$created"
	daemon_start
	wait_until 15 inspects d1 ".RestartCount > $before" true
	wait_until 10 inspects d1 '"\(.State.ExitCode) \(.State.Error)"' "3 "
	inspects d2 '"\(.State.Status) \(.State.ExitCode) \(.State.Error)"' "created 0 "
}

@test "a daemon that is ended in the middle of a commit leaves no container frozen" {
	local pid before
	run_container c1 '"Cmd":["sh","-c","mkdir /many; cd /many; seq 20000 | xargs touch; while :; do echo more; sleep 0.1; done"]'
	wait_until 60 logs_hold c1 more
	status_of -X POST "http://x/v1.47/commit?container=c1&repo=c1" &
	wait_until 10 inspects c1 .State.Status paused
	before=$(lines_of)
	pid=$(cat "$SCRATCH/daemon")
	kill -TERM "$pid"
	wait_until 20 has_ended "$pid"
	wait_until 10 has_more_lines "$before"
	daemon_start
	wait_until 10 inspects c1 .State.Status running
}
lines_of() { wc -l <"$(echo "$SCRATCH"/data/containers/*/*-json.log)"; }
has_more_lines() { [ "$(lines_of)" -gt "$1" ]; }

@test "unless-stopped stays stopped when the daemon comes back" {
	run_container r3 "$sleeper"',"HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}}'
	api POST "/containers/r3/stop"
	restart_daemon
	inspects r3 .State.Status exited
}

@test "a stop calls a restart off that is due" {
	run_container r4 '"Cmd":["sh","-c","exit 1"],"HostConfig":{"RestartPolicy":{"Name":"always"}}'
	wait_until 15 inspects r4 '.RestartCount > 3' true
	api POST "/containers/r4/stop"
	expect_status 204
	inspects r4 .State.Status exited
	local count
	count=$(inspect r4 .RestartCount)
	api POST "/containers/r4/wait" >/dev/null
	inspects r4 .RestartCount "$count"
}

@test "a stop between two runs removes a container that removes itself" {
	local id
	id=$(run_container r7 '"Cmd":["sleep","1000"],"StopSignal":"KILL","Healthcheck":{"Test":["CMD","false"],"Interval":100000000,"Retries":1},"HostConfig":{"AutoRemove":true,"OnUnhealthy":"restart"},"Wherry":{"Restarts":{"Delay":60000000000}}')
	wait_until 20 inspects r7 .State.Status restarting
	api POST /containers/r7/stop
	expect_status 204
	wait_until 10 is_gone "$id"
}

@test "a container joins the network, the processes and the memory of another" {
	local id
	id=$(run_container donor '"Hostname":"donor",'"$sleeper"',"HostConfig":{"IpcMode":"shareable"}')
	run_container guest '"Cmd":["sh","-c","hostname; ip -o addr show eth0; cat /etc/hosts; ps; echo there >/dev/shm/x; sleep 1000"],"HostConfig":{"NetworkMode":"container:donor","IpcMode":"container:donor","PidMode":"container:donor"}'
	inspects guest .HostConfig.NetworkMode "container:$id"
	wait_until 10 logs_hold guest "$(inspect donor .NetworkSettings.Networks.bridge.IPAddress)"
	logs_hold guest donor
	wait_until 10 logs_hold guest "sleep 1000"
	wait_until 5 exec_says donor '["cat","/dev/shm/x"]' there
}

@test "a network cannot be joined when its owner does not run, and memory that is not shared neither" {
	run_container private "$sleeper"
	api POST '/containers/create?name=g1' '{"Image":"busybox","HostConfig":{"IpcMode":"container:private"}}' >/dev/null
	api POST /containers/g1/start
	expect_status 409
	jq -e '.message | test("non-shareable IPC \\(hint: use IpcMode:shareable for the donor container\\)")' "$SCRATCH/body"
	api POST /containers/private/stop
	api POST '/containers/create?name=g2' '{"Image":"busybox","HostConfig":{"NetworkMode":"container:private"}}' >/dev/null
	api POST /containers/g2/start
	expect_status 409
	jq -e '.message | startswith("cannot join network of a non running container: ")' "$SCRATCH/body"
	inspects g2 .State.Status created
}

@test "volumes are filled, kept, shared and removed with their container" {
	run_container v1 '"Cmd":["sh","-c","ls /home; echo kept >/data/file"],"Volumes":{"/anon":{}},"HostConfig":{"Binds":["named:/data","homes:/home"]}'
	wait_until 10 inspects v1 .State.Status exited
	logs_hold v1 ann
	run_container v2 '"Cmd":["cat","/data/file"],"HostConfig":{"VolumesFrom":["v1:ro"]}'
	wait_until 10 inspects v2 .State.Status exited
	logs_hold v2 kept
	api GET /volumes
	[ "$(jq '.Volumes | length' "$SCRATCH/body")" = 3 ]
	api DELETE /volumes/named
	expect_status 409
	api POST '/containers/create?name=v3' '{"Image":"busybox","HostConfig":{"Binds":["named:/data"]}}'
	restart_daemon
	inspects v3 '.Mounts[0].Source' "$SCRATCH/data/volumes/named/_data"
	api DELETE /containers/v3
	api DELETE "/containers/v2?v=1"
	api DELETE "/containers/v1?v=1"
	expect_status 204
	api GET /volumes
	[ "$(jq -r '[.Volumes[].Name] | sort | join(" ")' "$SCRATCH/body")" = "homes named" ]
	api DELETE /volumes/named
	expect_status 204
	api DELETE /volumes/homes
}

@test "a bind that must be there is looked for, one of -v is made" {
	api POST /containers/create "{\"Image\":\"busybox\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"$SCRATCH/none\",\"Target\":\"/x\"}]}}"
	expect_status 400
	jq -e --arg p "$SCRATCH/none" '.message == "invalid mount config for type \"bind\": bind source path does not exist: " + $p' "$SCRATCH/body"
	run_container b1 "\"Cmd\":[\"touch\",\"/x/made\"],\"HostConfig\":{\"Binds\":[\"$SCRATCH/bind:/x\"]}"
	wait_until 10 inspects b1 .State.Status exited
	[ -e "$SCRATCH/bind/made" ]
}

@test "a paused container stays paused when the daemon comes back, and is stopped from there" {
	run_container p1 "$sleeper"
	api POST /containers/p1/pause
	expect_status 204
	restart_daemon
	inspects p1 '"\(.State.Status) \(.State.Running)"' "paused true"
	api POST "/containers/p1/start"
	expect_status 409
	api POST "/containers/p1/stop"
	expect_status 204
	inspects p1 .State.ExitCode 0
}

@test "AutoRemove takes the container away after its exit, after a failed start and after the daemon was away" {
	local id
	id=$(run_container a1 '"Cmd":["true"],"HostConfig":{"AutoRemove":true}')
	wait_until 10 is_gone "$id"
	api POST '/containers/create?name=a2' '{"Image":"busybox","Cmd":["/none"],"HostConfig":{"AutoRemove":true}}' >/dev/null
	api POST /containers/a2/start
	expect_status 400
	wait_until 10 is_gone a2
	id=$(run_container a3 '"Cmd":["sleep","1000"],"HostConfig":{"AutoRemove":true}')
	local pid
	pid=$(inspect a3 .State.Pid)
	daemon_kill
	kill -KILL "$pid"
	daemon_start
	wait_until 10 is_gone "$id"
}

@test "a restart keeps a container that removes itself" {
	local id pid
	id=$(run_container k1 "$sleeper,\"HostConfig\":{\"AutoRemove\":true}")
	pid=$(inspect k1 .State.Pid)
	api POST /containers/k1/restart
	expect_status 204
	inspects k1 .State.Running true
	[ "$(inspect k1 .State.Pid)" != "$pid" ]
	inspects k1 .HostConfig.AutoRemove true
	pid=$(inspect k1 .State.Pid)
	wait_until 10 traps k1
	api POST /containers/k1/stop
	wait_until 10 is_gone "$id"
	refuted kill -0 "$pid" 2>/dev/null
}

# starts NAME COUNT: that many in a row, as fast as they are answered; their statuses, counted.
starts() {
	curl -sS --unix-socket "$SOCKET" -X POST -o /dev/null -w '%{http_code}\n' \
		"http://wherry/containers/$1/start?number=[1-$2]" | sort | uniq -c | awk '{print $2 "=" $1}'
}

# The daemon keeps the last 256 events; so many runs have more.
has_ends() { [ "$(grep -c '"Action":"die"' "$SCRATCH/ends")" = "$1" ]; }

@test "a start that meets an end comes after it: each one runs, is logged and is told" {
	api POST '/containers/create?name=m1' '{"Image":"busybox","Cmd":["echo","ran"]}' >/dev/null
	local count answers watcher
	curl -sSN --unix-socket "$SOCKET" http://wherry/v1.47/events -D "$SCRATCH/head" -o "$SCRATCH/ends" 3>&- &
	watcher=$!
	wait_until 10 test -s "$SCRATCH/head"
	answers=$(starts m1 200)
	count=$(sed -n 's/^204=//p' <<<"$answers")
	[ -z "$(grep -v -e ^204= -e ^304= <<<"$answers")" ] || { echo "# $answers"; return 1; }
	wait_until 10 inspects m1 .State.Status exited
	inspects m1 .State.ExitCode 0
	inspects m1 .State.Error ""
	[ "$(api GET '/containers/m1/logs?stdout=1' | grep -ac ran)" = "$count" ]
	wait_until 10 has_ends "$count"
	kill "$watcher"
}

@test "a start that meets a removal finds the container or not, and leaves nothing running" {
	local round answers
	for round in $(seq 20); do
		api POST '/containers/create?name=m2' '{"Image":"busybox","Cmd":["true"],"HostConfig":{"AutoRemove":true}}' >/dev/null
		expect_status 201
		answers=$(starts m2 10)
		[ -z "$(grep -v -e ^204= -e ^304= -e ^404= -e ^409= <<<"$answers")" ] || { echo "# $answers"; return 1; }
		wait_until 10 is_gone m2
	done
	wait_until 10 has_no_shims
}

has_no_shims() { ! pgrep -P "$(daemon_pid)" -f "wherry-shim run" >/dev/null; }

@test "an exec that outlives the daemon is known to the next one" {
	local id
	run_container e1 "$sleeper"
	api POST /containers/e1/exec '{"Cmd":["sh","-c","until [ -e /go ]; do sleep 0.1; done; exit 5"]}' >/dev/null
	id=$(jq -r .Id "$SCRATCH/body")
	api POST "/exec/$id/start" '{"Detach":true}'
	expect_status 200
	restart_daemon
	[ "$(api GET "/exec/$id/json" | jq .ContainerID)" != null ]
	touch "/proc/$(inspect e1 .State.Pid)/root/go"
	wait_until 10 exec_ended "$id"
	[ "$(api GET "/exec/$id/json" | jq .ExitCode)" = 5 ]
}

@test "an exec whose request was large is known to the next daemon, and what was for its process alone is not kept" {
	local id
	run_container e2 "$sleeper"
	{
		printf '{"Cmd":["sleep","1000"],"Env":['
		printf '"V%s=%0100000d",' $(seq 12 | sed 's/$/ 0/')
		printf '"LAST=1"]}'
	} >"$SCRATCH/large"
	for _ in 1 2; do
		curl -sS --unix-socket "$SOCKET" -H 'Content-Type: application/json' --data-binary "@$SCRATCH/large" \
			http://wherry/v1.47/containers/e2/exec >"$SCRATCH/body"
		id=$(jq -r .Id "$SCRATCH/body")
		[ "$(stat -c %s "$SCRATCH/run/e/$id/exec")" -gt 1200000 ]
		restart_daemon
		api POST "/exec/$id/start" '{"Detach":true}'
		expect_status 200
		[ "$(stat -c %s "$SCRATCH/run/e/$id/exec")" -lt 10000 ]
		restart_daemon
		[ "$(api GET "/exec/$id/json" | jq .Running)" = true ]
	done
}

exec_ended() { [ "$(api GET "/exec/$1/json" | jq .Running)" = false ]; }

@test "stop sends the container's own signal, waits and then kills" {
	run_container s1 '"Cmd":["sh","-c","trap \"echo got usr1; exit 9\" USR1; echo ready; while :; do sleep 0.1; done"],"StopSignal":"SIGUSR1"'
	wait_until 10 logs_hold s1 ready
	api POST "/containers/s1/stop?t=5"
	expect_status 204
	inspects s1 .State.ExitCode 9
	run_container s2 '"Cmd":["sh","-c","trap \"\" TERM; echo ready; while :; do sleep 0.1; done"]'
	wait_until 10 logs_hold s2 ready
	api POST "/containers/s2/stop?t=1"
	expect_status 204
	inspects s2 .State.ExitCode 137
}

@test "a failed start says why and leaves the container created" {
	api POST '/containers/create?name=f1' '{"Image":"busybox","Cmd":["nosuch"]}' >/dev/null
	api POST /containers/f1/start
	expect_status 400
	jq -e '.message | test("exec: \"nosuch\": executable file not found in \\$PATH")' "$SCRATCH/body"
	inspects f1 '"\(.State.Status) \(.State.ExitCode)"' "created 127"
	api POST '/containers/create?name=f2' '{"Image":"busybox","User":"nobody-here"}' >/dev/null
	api POST /containers/f2/start
	jq -e '.message | test("unable to find user nobody-here: no matching entries in passwd file")' "$SCRATCH/body"
	api POST '/containers/create?name=f3' '{"Image":"busybox","HostConfig":{"NetworkMode":"nonet"}}' >/dev/null
	api POST /containers/f3/start
	expect_status 404
	jq -e '.message == "network nonet not found"' "$SCRATCH/body"
}

@test "an OOM kill is noticed" {
	run_container o1 '"Cmd":["sh","-c","x=a; while :; do x=$x$x; done"],"HostConfig":{"Memory":8388608}'
	wait_until 30 inspects o1 .State.Status exited
	inspects o1 '"\(.State.OOMKilled) \(.State.ExitCode)"' "true 137"
}

# group_says NAME FILE PATTERN: what stands in a file of the container's own control group, by itself, whatever the layout.
group_says() { exec_says "$1" "[\"sh\",\"-c\",\"cat \$(find /sys/fs/cgroup -name $2 | head -n 1)\"]" "$3"; }

@test "update reaches the control group of a container that runs, and takes limits away again" {
	run_container up1 "$sleeper"
	api POST /containers/up1/update '{"PidsLimit":77,"CpuShares":512,"CpusetCpus":"0","Memory":67108864,"MemorySwap":134217728,"MemoryReservation":33554432}' >/dev/null
	expect_status 200
	group_says up1 pids.max '77$'
	exec_says up1 '["cat","/proc/1/status"]' 'Cpus_allowed_list:.0$'
	api POST /containers/up1/update '{"PidsLimit":-1}' >/dev/null
	group_says up1 pids.max 'max$'
	inspects up1 '.HostConfig | "\(.PidsLimit) \(.CpuShares) \(.CpusetCpus) \(.Memory) \(.MemorySwap) \(.MemoryReservation)"' "null 512 0 67108864 134217728 33554432"
	api POST /containers/up1/update '{"Memory":1073741824}' >/dev/null
	expect_status 400
	[ "$(jq -r .message "$SCRATCH/body")" = "Cannot update container $(inspect up1 .Id): Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time" ]
	api POST /containers/up1/update '{"Memory":1073741824,"MemorySwap":-1}' >/dev/null
	expect_status 200
	inspects up1 .HostConfig.MemorySwap -1
	api POST /containers/up1/update '{"NanoCpus":500000000}' >/dev/null
	api POST /containers/up1/update '{"CpuPeriod":100000,"CpuQuota":20000}' >/dev/null
	inspects up1 '.HostConfig | "\(.NanoCpus) \(.CpuPeriod) \(.CpuQuota)"' "0 100000 20000"
	restart_daemon
	inspects up1 '.HostConfig | "\(.CpuQuota) \(.PidsLimit)"' "20000 null"
}

@test "memory that a container uses cannot be taken from it, and that is what an update says" {
	[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ] || skip "control groups of version 2 make room, or kill"
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "there is swap, where it can go"
	run_container up5 "$sleeper"
	wherry exec up5 sh -c 'head -c 30000000 /dev/zero >/dev/shm/much'
	api POST /containers/up5/update '{"Memory":8388608,"MemorySwap":8388608}' >/dev/null
	expect_status 500
	[[ "$(jq -r .message "$SCRATCH/body")" == "Cannot update container $(inspect up5 .Id): the container uses more memory: "*busy ]]
	inspects up5 .HostConfig.Memory 0
}

@test "an updated restart policy counts at the next exit; not for one that removes itself" {
	run_container up2 '"Cmd":["sleep","1000"]'
	api POST /containers/up2/update '{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2}}' >/dev/null
	kill -KILL "$(inspect up2 .State.Pid)"
	wait_until 10 inspects up2 '"\(.State.Status) \(.RestartCount)"' "running 1"
	run_container up3 "$sleeper"',"HostConfig":{"AutoRemove":true}'
	api POST /containers/up3/update '{"RestartPolicy":{"Name":"always"}}' >/dev/null
	expect_status 400
	[ "$(jq -r .message "$SCRATCH/body")" = "Cannot update container $(inspect up3 .Id): Restart policy cannot be updated because AutoRemove is enabled for the container" ]
}

@test "a patience of more seconds than there are milliseconds to tell is no short one" {
	run_container s3 '"Cmd":["sh","-c","trap \"sleep 1; exit 7\" TERM; echo ready; while :; do sleep 0.1; done"]'
	wait_until 10 eval 'api GET "/containers/s3/logs?stdout=1" | grep -aq ready'
	api POST "/containers/s3/stop?t=18446744073709552"
	expect_status 204
	inspects s3 .State.ExitCode 7
}

@test "the stop signal and its patience come from the image, unless the container has its own" {
	docker_commit() {
		tar -C "$SCRATCH/busybox" -c . | curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' --data-binary @- \
			'http://wherry/v1.47/images/create?fromSrc=-&repo=signals&changes=STOPSIGNAL%20SIGUSR1' | grep -q sha256:
	}
	docker_commit
	api POST '/containers/create?name=ss1' '{"Image":"signals","Cmd":["sh","-c","trap \"exit 5\" USR1; echo ready; while :; do sleep 0.1; done"]}' >/dev/null
	inspects ss1 .Config.StopSignal SIGUSR1
	api POST /containers/ss1/start
	wait_until 10 logs_hold ss1 ready
	api POST /containers/ss1/stop
	inspects ss1 .State.ExitCode 5
	api POST '/containers/create?name=ss2' '{"Image":"signals","StopSignal":"SIGTERM","StopTimeout":0,"Cmd":["sh","-c","trap \"exit 5\" USR1; trap \"\" TERM; echo ready; while :; do sleep 0.1; done"]}' >/dev/null
	api POST /containers/ss2/start
	wait_until 10 logs_hold ss2 ready
	api POST /containers/ss2/stop
	inspects ss2 .State.ExitCode 137
}

@test "prune: labels, those without, age, and only one at a time" {
	for i in 1 2 3; do api POST "/containers/create?name=pr$i" "{\"Image\":\"busybox\",\"Labels\":{\"n\":\"$i\",\"all\":\"yes\"}}" >/dev/null; done
	pruned() {
		curl -sS --unix-socket "$SOCKET" -X POST -G --data-urlencode "filters=$1" http://wherry/v1.47/containers/prune >"$SCRATCH/body"
		jq -r '.ContainersDeleted | if . == null then "null" else length end' "$SCRATCH/body"
	}
	[ "$(pruned '{"label":["n=1","all"]}')" = 1 ]
	[ "$(pruned '{"label":["n=1"]}')" = null ]
	[ "$(pruned '{"label!":["all"]}')" = null ]
	[ "$(pruned '{"label!":["all","n=2"]}')" = 1 ] # who has both is spared: the one with n=2
	api POST /containers/create?name=pr3 '{"Image":"busybox","Labels":{"n":"3","all":"yes"}}' >/dev/null
	[ "$(pruned '{"label!":["n=2"]}')" = 1 ]
	[ "$(pruned '{"until":["10m"]}')" = null ]
	[ "$(pruned "{\"until\":[\"$(date +%s.%N)\"]}")" = 1 ]
	[ "$(pruned '{"bogus":["x"]}' || true)" = null ]
	[ "$(jq -r .message "$SCRATCH/body")" = "invalid filter 'bogus'" ]
	api POST /containers/create?name=pr4 '{"Image":"busybox"}' >/dev/null
	# All have been asked before the daemon reads one: it meets them in one turn of its loop.
	kill -STOP "$(daemon_pid)"
	curl -sSZ --parallel-immediate --unix-socket "$SOCKET" -X POST 'http://wherry/v1.47/containers/prune?n=[1-6]' -o "$SCRATCH/prune#1" 3>&- &
	local asking=$!
	wait_until 10 asked 6 $asking || { ss -Hxap >&2; kill -CONT "$(daemon_pid)"; return 1; }
	kill -CONT "$(daemon_pid)"
	wait $asking
	cat "$SCRATCH"/prune[1-6] | jq -sr 'map(.message // "done") | unique | join(",")' >"$SCRATCH/answers"
	[ "$(cat "$SCRATCH/answers")" = "a prune operation is already running,done" ]
	is_gone pr4
}

# wait_for NAME CONDITION: a client in the background that waits; its answer will be in $SCRATCH/wait.NAME.
wait_for() {
	rm -f "$SCRATCH/head.$1"
	curl -sSN --unix-socket "$SOCKET" -X POST "http://wherry/v1.47/containers/$1/wait?condition=$2" -D "$SCRATCH/head.$1" -o "$SCRATCH/wait.$1" 3>&- &
	WAITER=$!
	wait_until 10 test -s "$SCRATCH/head.$1"
}
answered() { [ "$(jq -c . "$SCRATCH/wait.$1" 2>/dev/null)" = "$2" ]; }
nobody_keeps() { ! socat -u OPEN:/dev/null "UNIX-CONNECT:$SCRATCH/run/keep/shim.sock" 2>/dev/null; }

@test "a wait for the removal of a container that has ended outlives the daemon" {
	run_container w1 '"Cmd":["sh","-c","exit 9"]'
	wait_until 10 inspects w1 .State.Status exited
	wait_for w1 removed
	daemon_kill
	daemon_start
	[ ! -s "$SCRATCH/wait.w1" ]
	daemon_kill
	daemon_start
	api DELETE /containers/w1
	wait_until 10 answered w1 '{"StatusCode":9}'
	wait_until 10 nobody_keeps
}

@test "a wait for an exit outlives the daemon that dies while a restart is due" {
	run_container w2 '"Cmd":["sh","-c","exit 4"],"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":6}}'
	wait_until 20 inspects w2 '"\(.State.Status) \(.RestartCount >= 4)"' "restarting true"
	wait_for w2 next-exit
	daemon_kill
	daemon_start
	wait_until 10 answered w2 '{"StatusCode":4}'
	wait_until 10 nobody_keeps
}

@test "a wait ends when the restart that it waits for is called off, and one whose client left is forgotten" {
	run_container w3 '"Cmd":["sh","-c","exit 3"],"HostConfig":{"RestartPolicy":{"Name":"always"}}'
	wait_until 20 inspects w3 '"\(.State.Status) \(.RestartCount >= 5)"' "restarting true"
	wait_for w3 not-running
	api POST /containers/w3/stop
	wait_until 10 answered w3 '{"StatusCode":3}'
	wait_for w3 removed
	kill "$WAITER"
	wait_until 10 nobody_keeps
}

@test "a removal that the daemon had begun when it died answers who waits for it" {
	run_container w4 '"Cmd":["sleep","1000"],"HostConfig":{"AutoRemove":true}'
	local pid
	pid=$(inspect w4 .State.Pid)
	wait_for w4 removed
	daemon_kill
	kill -KILL "$pid"
	daemon_start
	wait_until 10 answered w4 '{"StatusCode":137}'
}

# restart_until NAME EVENT: a restart by hand is asked for; the daemon is killed when it tells of the event.
restart_until() {
	local events asking
	wait_until 10 traps "$1"
	rm -f "$SCRATCH/head.events"
	curl -sSNG --unix-socket "$SOCKET" --data-urlencode "filters={\"event\":[\"$2\"],\"container\":[\"$1\"]}" \
		-D "$SCRATCH/head.events" -o "$SCRATCH/events" http://wherry/v1.47/events 2>/dev/null 3>&- &
	events=$!
	wait_until 10 test -s "$SCRATCH/head.events"
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/v1.47/containers/$1/restart" >/dev/null 2>&1 3>&- &
	asking=$!
	wait_until 10 test -s "$SCRATCH/events"
	daemon_kill
	wait "$asking" || true
	wait "$events" || true
	rm -f "$SCRATCH/events"
	daemon_start
}

@test "a restart by hand that the daemon did not survive leaves no container down that its policy keeps up" {
	local i
	run_container hand "$sleeper,\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"unless-stopped\"}}" >/dev/null
	for i in 1 2 3 4 5; do
		restart_until hand die
		wait_until 10 inspects hand .State.Running true
		inspects hand .RestartCount 0
	done
	restart_until hand kill
	wait_until 10 inspects hand .State.Running true
	api POST '/containers/hand/stop'
	restart_daemon
	inspects hand .State.Status exited
}

# ask CONTAINER EXEC...: starts the execs and copies, all at once; prints the statuses.
ask() {
	local name=$1 id
	shift
	for id in "$@"; do
		curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer.$id" -w '%{http_code}\n' -X POST -H 'Content-Type: application/json' \
			-d '{"Detach":true}' "http://wherry/v1.47/exec/$id/start" 3>&- &
		curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/copied.$id" -w '%{http_code}\n' "http://wherry/v1.47/containers/$name/archive?path=/etc/passwd" 3>&- &
	done
	wait
}

@test "execs and copies that meet the end of a container are refused, not failed" {
	local i id execs asking
	for i in 1 2 3 4 5 6; do
		run_container "end$i" "$sleeper" >/dev/null
		execs=()
		for id in 1 2 3 4 5 6; do
			api POST "/containers/end$i/exec" '{"Cmd":["true"]}' >/dev/null
			execs+=("$(jq -r .Id "$SCRATCH/body")")
		done
		ask "end$i" "${execs[@]}" >"$SCRATCH/statuses" &
		asking=$!
		nap "0.0$((i * 2))"
		curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/v1.47/containers/end$i/kill" >/dev/null
		wait $asking
		refuted grep -v -e 200 -e 409 -e 404 "$SCRATCH/statuses" || { cat "$SCRATCH"/answer.* "$SCRATCH"/copied.* | grep -a '"message"' >&2; return 1; }
	done
}
