# What the files about the life of containers share.

# run_container NAME MEMBERS: a container that was started; its id.
run_container() {
	local id
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",$2}" >/dev/null
	expect_status 201 || return 1
	id=$(jq -r .Id "$SCRATCH/body")
	api POST "/containers/$id/start" >/dev/null
	expect_status 204 && echo "$id"
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
