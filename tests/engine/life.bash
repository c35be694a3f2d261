# What the files about the life of containers share.

# run_container NAME MEMBERS: a container that was started, and that traps its signals where it is to; its id.
run_container() {
	local id
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",$2}" >/dev/null
	expect_status 201 || return 1
	id=$(jq -r .Id "$SCRATCH/body")
	api POST "/containers/$id/start" >/dev/null
	expect_status 204 || return 1
	[[ $2 != *trap* ]] || wait_until 10 traps "$id" || return 1
	echo "$id"
}

# What a first process has no handler for is not delivered to it: one that is asked to end before it has
# come so far is killed when the patience is over.  traps NAME: TERM or USR1; or it has ended already.
traps() {
	local pid
	pid=$(inspect "$1" .State.Pid)
	[ "${pid:-0}" = 0 ] || [ "$pid" = null ] ||
		grep -qE '^Sig(Cgt|Ign):.*([4-7c-f]...|[2367abef]..)$' "/proc/$pid/status" 2>/dev/null
}

inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
inspects() { [ "$(inspect "$1" "$2")" = "$3" ]; }
is_gone() { api GET "/containers/$1/json" >/dev/null && [ "$(api_status)" = 404 ]; }
logs_hold() { api GET "/containers/$1/logs?stdout=1&stderr=1" | grep -qa "$2"; }
restart_daemon() {
	daemon_kill
	daemon_start
}

exec_says() {
	local id
	api POST "/containers/$1/exec" "{\"AttachStdout\":true,\"Cmd\":$2}" >/dev/null
	id=$(jq -r .Id "$SCRATCH/body")
	api POST "/exec/$id/start" '{}' | grep -qa "$3"
}

sleeper='"Cmd":["sh","-c","trap \"exit 0\" TERM; sleep 1000 & wait"]'
