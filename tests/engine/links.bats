#!/usr/bin/env bats
# --link on the default network: who is linked to another finds it in hosts and in variables.

load daemon

up() { wherry run -d --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }
address() { api GET "/containers/$1/json" | jq -r .NetworkSettings.IPAddress; }
id12() { api GET "/containers/$1/json" | jq -r .Id | cut -c 1-12; }
hosts() { wherry exec "$1" grep -w "$2" /etc/hosts; }
links() { api GET "/containers/$1/json" | jq -c .HostConfig.Links; }

@test "a link is a line of hosts and a set of variables" {
	up db --expose 5432 -e COLOUR=red -e PATH=/nowhere:/bin
	up web --link db:store
	[ "$(hosts web store)" = "$(printf '%s\tstore %s db' "$(address db)" "$(id12 db)")" ]
	wherry exec web ping -c 1 -W 5 store
	local variables
	variables=$(wherry exec web env)
	grep -qx "STORE_NAME=/web/store" <<<"$variables"
	grep -qx "STORE_PORT=tcp://$(address db):5432" <<<"$variables"
	grep -qx "STORE_PORT_5432_TCP_ADDR=$(address db)" <<<"$variables"
	grep -qx "STORE_ENV_COLOUR=red" <<<"$variables"
	[ -z "$(grep STORE_ENV_PATH <<<"$variables")" ]
	[ "$(wherry run --rm --link db busybox sh -c 'echo $DB_PORT_5432_TCP_PORT')" = 5432 ]
}

@test "inspect and list tell links by the names of today" {
	up db
	up web --link db:store
	[ "$(links web)" = '["/db:/web/store"]' ]
	[ "$(api GET /containers/json | jq -c '[.[] | select(.Names[0] == "/db") | .Names]')" = '[["/db","/web/store"]]' ]
	wherry rename db base
	wherry rename web site
	[ "$(links site)" = '["/base:/site/store"]' ]
	daemon_kill
	daemon_start
	[ "$(links site)" = '["/base:/site/store"]' ]
	wherry rm -f base
	[ "$(links site)" = null ]
}

@test "who comes back with another address is found there" {
	up db
	up web --link db:store
	wherry exec web sh -c 'echo "1.2.3.4 mine" >>/etc/hosts'
	wherry stop -t 0 db
	up other # takes the address
	[ "$(address other)" = "$(hosts web store | awk '{print $1}')" ]
	wherry start db
	[ "$(hosts web store)" = "$(printf '%s\tstore %s db' "$(address db)" "$(id12 db)")" ]
	hosts web mine
}

@test "what cannot be linked is refused, at create or at start" {
	answers 400 "could not get container for none: No such container: none" \
		POST /containers/create '{"Image":"busybox","HostConfig":{"Links":["none:alias"]}}'
	answers 400 "bad format for links: a:b:c" \
		POST /containers/create '{"Image":"busybox","HostConfig":{"Links":["a:b:c"]}}'
	up host --network host
	answers 400 "conflicting options: host type networking can't be used with links. This would result in undefined behavior" \
		POST /containers/create '{"Image":"busybox","HostConfig":{"Links":["host"]}}'
	up db
	wherry create --name web --link /db:/other/store busybox sleep 1000
	[ "$(links web)" = '["/db:/web/store"]' ]
	wherry stop -t 0 db
	answers 500 "Cannot link to a non running container: /db AS /web/store" POST /containers/web/start
	wherry start db
	wherry start web
	hosts web store
}

@test "rm --link takes a link away, and nothing else" {
	up db
	up web --link db:store --link db:more
	wherry rm --link /web/store
	[ "$(links web)" = '["/db:/web/more"]' ]
	[ -z "$(hosts web store)" ]
	hosts web more
	answers 404 "No such container: web/store" DELETE "/containers/web/store?link=1"
	answers 500 "Cannot get parent /none for link name /none/x" DELETE "/containers/none/x?link=1"
	answers 500 "Conflict, cannot remove the default link name of the container" DELETE "/containers/web?link=1"
	[ "$(api GET /containers/json | jq length)" = 2 ]
}

@test "with the daemon, linked containers come back after those that they know" {
	up db --restart always
	up middle --restart always --link db
	up web --restart always --link middle --link db:store
	local pids ids id
	ids=$(api GET /containers/json | jq -r '.[].Id')
	pids=$(for id in $ids; do api GET "/containers/$id/json" | jq -r .State.Pid; done)
	daemon_kill
	kill -KILL $pids
	for id in $ids; do wait_until 10 test -e "$SCRATCH/run/c/$id/exit"; done
	daemon_start
	wait_until 20 eval '[ "$(api GET /containers/json | jq "[.[] | select(.State == \"running\")] | length")" = 3 ]'
	[ "$(hosts web store | awk '{print $1}')" = "$(address db)" ]
	[ "$(hosts web middle | awk '{print $1}')" = "$(address middle)" ]
}

# Containers that are kept apart: the daemon is another one, the file's own comes back at the end.
reaches() { wherry exec "$1" sh -c "nc -w 3 $2 $3 </dev/null" | grep -qx there; }
set_is_empty() { ! nft list set inet "wherry-$BRIDGE" linked | grep -q elements; }

@test "without communication between containers, a link opens the ports that the other one exposes, and no others" {
	daemon_stop
	daemon_start --icc=false
	serve='for p in 5432 5433; do nc -ll -p $p -e echo there & done; sleep 1000'
	wherry run -d --name db --expose 5432 busybox sh -c "$serve" >/dev/null
	up stranger
	up web --link db:store
	wait_until 10 reaches web store 5432
	refuted reaches web store 5433
	refuted reaches stranger "$(address db)" 5432
	refuted wherry exec web ping -c 1 -W 1 "$(address db)"
	refuted reaches db "$(address web)" 5432

	nft delete table inet "wherry-$BRIDGE" # it is made again, openings and all
	wait_until 20 reaches web store 5432
	daemon_kill
	daemon_start --icc=false
	reaches web store 5432
	refuted reaches stranger "$(address db)" 5432

	wherry stop -t 0 db
	set_is_empty
	up other # takes the address
	refuted reaches web store 5432
	wherry start db
	wait_until 10 reaches web store 5432
	refuted reaches other "$(address db)" 5432
	wherry rm --link /web/store
	set_is_empty
	refuted reaches web "$(address db)" 5432
	daemon_stop
	daemon_start
}
