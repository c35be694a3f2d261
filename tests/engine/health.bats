# Health checks: what a probe changes, what is kept of it, and what an unhealthy container is made to do.

load daemon
load life

# check MEMBERS: a Healthcheck that looks at /ok ten times a second, as soon as the container's command says that it
# is there; a run does so in its own memory.
check() { echo "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"until [ -e /dev/shm/there ]; do sleep 0.05; done; test -e /ok\"],\"Interval\":100000000,\"Retries\":2${1+,$1}}"; }
there='touch /dev/shm/there'
sleeper='"Cmd":["sh","-c","trap \"exit 0\" TERM; '"$there"'; sleep 1000 & wait"]'
is() { inspects "$1" .State.Health.Status "$2"; }
events_of() {
	api GET "/events?since=1&until=$(date +%s.%N)&filters=%7B%22container%22%3A%5B%22$1%22%5D%7D" | jq -r .Action
}

@test "health goes from starting to healthy to unhealthy, and each change is an event" {
	run_container h1 '"Cmd":["sh","-c","'"$there"'; sleep 1000"],'"$(check '"StartPeriod":60000000000,"StartInterval":100000000')"
	is h1 starting
	wait_until 10 inspects h1 '.State.Health.Log | length' 5
	inspects h1 '"\(.State.Health.Status) \(.State.Health.FailingStreak)"' "starting 0" # failures do not count yet
	exec_says h1 '["sh","-c","touch /ok; echo made"]' made
	wait_until 10 is h1 healthy
	exec_says h1 '["sh","-c","rm /ok; echo removed"]' removed
	wait_until 10 is h1 unhealthy
	[ "$(events_of h1 | grep health | tr '\n' ,)" = "health_status: healthy,health_status: unhealthy," ]
	[ "$(events_of h1 | grep -c '^exec_die')" -ge 3 ]
	inspects h1 '.ExecIDs == null' true
	api GET '/containers/json?filters=%7B%22health%22%3A%5B%22unhealthy%22%5D%7D' | jq -e '.[0].Status | endswith("(unhealthy)")'
}

@test "of a probe's output 4096 bytes are kept, of a probe that takes too long its name" {
	run_container h2 '"Cmd":["sleep","1000"],"Healthcheck":{"Test":["CMD","sh","-c","yes | head -c 9000"],"Interval":100000000}'
	wait_until 10 is h2 healthy
	inspects h2 '.State.Health.Log[0] | "\(.ExitCode) \(.Output | length)"' "0 4096"
	run_container h3 '"Cmd":["sleep","1000"],"Healthcheck":{"Test":["CMD","sleep","500"],"Interval":100000000,"Timeout":200000000,"Retries":1}'
	wait_until 10 is h3 unhealthy
	inspects h3 '.State.Health.Log[0] | "\(.ExitCode) \(.Output)"' "-1 Health check exceeded timeout (200ms)"
	few_run() { [ "$(api GET /containers/h3/top | jq '.Processes | length')" -le 2 ]; }
	wait_until 10 few_run # who took too long is ended
}

@test "NONE is no check, and a shell of the image's own runs the line" {
	run_container h4 '"Cmd":["sleep","1000"],"Healthcheck":{"Test":["NONE"]}'
	inspects h4 .State.Health null
	run_container h5 '"Cmd":["sleep","1000"],"Shell":["/bin/sh","-c","echo \"own: $0\""],"Healthcheck":{"Test":["CMD-SHELL","a line"],"Interval":100000000}'
	wait_until 10 is h5 healthy
	inspects h5 '.State.Health.Log[0].Output' "own: a line"
}

@test "state, streak and log are kept when the daemon is killed, and starting begins anew with a start" {
	local log
	run_container h6 '"Cmd":["sh","-c","touch /ok; '"$there"'; sleep 1000"],'"$(check)"
	wait_until 10 is h6 healthy
	restart_daemon
	is h6 healthy
	[ "$(events_of h6 | grep -c 'health_status: healthy')" = 1 ] # no change, no event
	exec_says h6 '["sh","-c","rm /ok; echo removed"]' removed
	wait_until 10 inspects h6 '.State.Health.FailingStreak > 4' true
	daemon_kill
	daemon_start
	inspects h6 '"\(.State.Health.Status) \(.State.Health.FailingStreak > 4) \(.State.Health.Log | length)"' "unhealthy true 5"
	api POST '/containers/h6/restart?t=0' >/dev/null
	inspects h6 .State.Health.FailingStreak 0
}

@test "a probe that was under way when the daemon died is ended and counts for nothing" {
	run_container h7 '"Cmd":["sleep","1000"],"Healthcheck":{"Test":["CMD","sleep","777"],"Interval":100000000,"Timeout":300000000000}'
	probe_runs() { api GET /containers/h7/top | jq -e '.Processes | flatten | index("sleep 777")' >/dev/null; }
	wait_until 10 probe_runs
	daemon_kill
	daemon_start
	is h7 starting
	events_hold() { events_of h7 | grep -q '^exec_die'; }
	wait_until 10 events_hold
	inspects h7 '.State.Health.FailingStreak' 0
}

@test "on-unhealthy restart: ended politely, started again, counted; by label too" {
	run_container u1 '"Cmd":["sh","-c","trap \"exit 0\" TERM; '"$there"'; echo began; sleep 1000 & wait"],"Labels":{"wherry.on-unhealthy":"restart"},'"$(check)"
	inspects u1 .HostConfig.OnUnhealthy restart
	wait_until 20 inspects u1 '.RestartCount >= 2' true
	events_of u1 >"$SCRATCH/events"
	[ "$(grep -m4 -E '^(health_status: unhealthy|kill|die|start)$' <(sed 1,/^start/d "$SCRATCH/events") | tr '\n' ,)" = "health_status: unhealthy,kill,die,start," ]
	api POST /containers/u1/stop >/dev/null
	inspects u1 .State.Status exited
}

@test "on-unhealthy stop: it stays down, whatever its restart policy says" {
	run_container u2 "$sleeper"',"HostConfig":{"OnUnhealthy":"stop","RestartPolicy":{"Name":"always"}},'"$(check)"
	wait_until 20 inspects u2 '"\(.State.Status) \(.State.ExitCode) \(.RestartCount)"' "exited 0 0"
}

@test "what takes its time to end is asked once, not by each probe" {
	run_container u7 '"Cmd":["sh","-c","trap \"\" TERM; '"$there"'; while :; do sleep 1; done"],"StopTimeout":2,"HostConfig":{"OnUnhealthy":"stop"},'"$(check)"
	wait_until 20 inspects u7 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
	was_stopped() { [ "$(events_of u7 | grep -E '^(kill|stop)$' | tr '\n' ,)" = "kill,kill,stop," ]; }
	wait_until 10 was_stopped
}

@test "on-unhealthy kill: as a crash, so that the restart policy decides" {
	run_container u3 "$sleeper"',"HostConfig":{"OnUnhealthy":"kill"},'"$(check)"
	wait_until 20 inspects u3 '"\(.State.Status) \(.State.ExitCode)"' "exited 137"
	run_container u4 "$sleeper"',"HostConfig":{"OnUnhealthy":"kill","RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2}},'"$(check)"
	wait_until 30 inspects u4 '"\(.State.Status) \(.State.ExitCode) \(.RestartCount)"' "exited 137 2"
}

@test "on-unhealthy none does nothing, an update changes that, and nonsense is refused" {
	run_container u5 "$sleeper"',"HostConfig":{"OnUnhealthy":"none"},'"$(check)"
	wait_until 10 is u5 unhealthy
	inspects u5 .State.Status running
	api POST /containers/u5/update '{"OnUnhealthy":"stop"}' >/dev/null
	expect_status 200
	wait_until 10 inspects u5 .State.Status exited
	api POST /containers/create '{"Image":"busybox","HostConfig":{"OnUnhealthy":"reboot"}}'
	expect_status 400
	jq -e '.message == "invalid on-unhealthy action: unknown action '"'reboot'"'; use one of '"'none', 'restart', 'stop', or 'kill'"'"' "$SCRATCH/body"
}

@test "a daemon that dies while it renews an unhealthy container is succeeded by one that goes on" {
	run_container u6 '"Cmd":["sh","-c","trap \"\" TERM; '"$there"'; while :; do sleep 1; done"],"StopTimeout":2,"Labels":{"wherry.on-unhealthy":"restart"},'"$(check)"
	killing() { events_of u6 | grep -q '^kill'; }
	wait_until 10 killing
	daemon_kill
	daemon_start
	wait_until 20 inspects u6 '.RestartCount >= 1 and .State.Running' true
}

@test "probes that take too long again and again leave no process and no descriptor behind" {
	local before
	before=$(descriptors)
	run_container h9 '"Cmd":["sleep","1000"],"Healthcheck":{"Test":["CMD","sh","-c","sleep 500 & sleep 500"],"Interval":50000000,"Timeout":1000000,"Retries":1}'
	wait_until 60 inspects h9 '.State.Health.FailingStreak > 60' true
	wait_until 20 has_few_probes h9 # those of the last moments are on their way out
	api DELETE "/containers/h9?force=1"
	wait_until 10 has_descriptors "$before"
}
descriptors() { ls "/proc/$(daemon_pid)/fd" | wc -l; }
has_descriptors() { [ "$(descriptors)" -le $(($1 + 10)) ]; }
has_few_probes() { [ "$(api GET "/containers/$1/top" | grep -o 'sleep 500 & sleep 500' | wc -l)" -lt 20 ]; }
