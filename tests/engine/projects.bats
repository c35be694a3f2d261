# Projects as things of the daemon: recorded, with revisions, and started in their own order when the host
# was started anew.  The command is a stand-in here, which does what a test tells it.

load projects

# ---- recorded ----

@test "the daemon says that it has projects" {
	again
	api GET /version | jq -e '.Components[] | select(.Name == "wherry") | .Details.Features | split(" ") | index("projects")'
}

@test "a project is what was recorded, with its revisions" {
	again
	[ "$(own GET /projects)" = '[]' ]
	[ "$(record shop '{"services":{"a":{"image":"x"}}}')" = 1 ]
	[ "$(record shop '{"services":{"a":{"image":"y"}},"name":"shop"}')" = 2 ]
	[ "$(record shop '{"name":"shop","services":{"a":{"image":"y"}}}')" = 2 ]
	[ "$(record blog)" = 1 ]
	own GET /projects | jq -e 'map([.Name, .Revision, .Directory]) == [["blog", 1, "/p"], ["shop", 2, "/p"]]'
	own GET /projects | jq -e 'all(.[]; .Updated | fromdate? // (sub("[.][0-9]+"; "") | fromdate) > 1600000000)'
	own GET /projects/shop | jq -e '.Name == "shop" and .Revision == 2 and .Style == "v2" and .Directory == "/p" and .Due == []
		and .Model.services.a.image == "y" and .Files == [{"Path": "/p/compose.yaml", "Text": "services: {}\n"}]
		and (.Revisions | map(.Revision)) == [1, 2]'
	own GET '/projects/shop?revision=1' | jq -e '.Revision == 1 and .Model.services.a.image == "x"'
}

@test "what was answered is there after a kill of the daemon" {
	local i
	again
	for i in 1 2 3; do
		[ "$(record shop "{\"a\":$i}")" = "$i" ]
		daemon_kill
		again
		own GET /projects/shop | jq -e --argjson i "$i" '.Revision == $i and .Model.a == $i'
	done
	own DELETE /projects/shop
	expect_status 204
	daemon_kill
	again
	[ "$(own GET /projects)" = '[]' ]
}

@test "a kill at any time leaves a revision whole or not there" {
	local i last asking
	again
	for i in 1 2 3 4 5 6; do
		record shop "{\"a\":$i,\"padding\":\"$(head -c 60000 /dev/zero | tr '\0' x)\"}" >/dev/null 2>&1 3>&- &
		asking=$!
		nap "0.00$i"
		daemon_kill
		wait "$asking" || true
		again
		own GET /projects >"$SCRATCH/list"
		last=$(jq -r '.[0].Revision // 0' "$SCRATCH/list")
		[ "$last" = 0 ] || own GET "/projects/shop?revision=$last" | jq -e --argjson n "$last" '.Revision == $n and (.Model.padding | length) == 60000'
	done
}

@test "ten revisions are kept" {
	local i
	again
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do [ "$(record shop "{\"a\":$i}")" = "$i" ]; done
	own GET /projects/shop | jq -e '(.Revisions | map(.Revision)) == [range(3; 13)]'
	own GET '/projects/shop?revision=2'
	expect_status 404
	jq -e '.message == "no such revision of project '"'shop'"': 2"' "$SCRATCH/body"
	own GET '/projects/shop?revision=3' | jq -e '.Model.a == 3'
}

@test "what is no project is refused by name" {
	again
	own PUT /projects/Shop '{"Model":{},"Style":"v2","Directory":"/p"}'
	expect_status 400
	grep -q "invalid project name 'Shop'" "$SCRATCH/body"
	own PUT /projects/shop '{"Model":[],"Style":"v2","Directory":"/p"}'
	expect_status 400
	jq -e '.message == "Model must be an object"' "$SCRATCH/body"
	own PUT /projects/shop '{"Model":{},"Style":"v9","Directory":"/p"}'
	expect_status 400
	own PUT /projects/shop '{"Model":'
	expect_status 400
	own PUT /projects/shop
	expect_status 400
	printf '{"Model":{"a":"%s"},"Style":"v2","Directory":"/p"}' "$(head -c 4300000 /dev/zero | tr '\0' x)" >"$SCRATCH/request"
	own PUT /projects/shop @"$SCRATCH/request"
	expect_status 400
	grep -q 'the project is too large' "$SCRATCH/body"
	printf '{"Model":{"a":"%s"},"Style":"v2","Directory":"/p"}' "$(head -c 26000000 /dev/zero | tr '\0' x)" >"$SCRATCH/request"
	own PUT /projects/shop @"$SCRATCH/request"
	expect_status 413
	for request in "GET /projects/shop" "DELETE /projects/shop" "GET /projects/shop/x"; do
		own ${request% *} "${request#* }"
		expect_status 404
	done
	[ "$(own GET /projects)" = '[]' ]
}

# ---- started when the host was ----

@test "after a boot the command starts what is due, in its order, and once for each project" {
	up
	record shop
	record blog
	member db shop unless-stopped
	member web shop always
	member once shop no
	member page blog always
	run_container lone "$sleeper,\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"always\"}}"
	member stranger unrecorded always
	member oneoff shop always '"com.docker.compose.oneoff":"True"'
	behave 'case $3 in
		shop) ask GET /wherry/v1/projects/shop >"$SCRATCH/seen"; ask GET /v1.47/containers/json >"$SCRATCH/running"
			start db; start web ;;
		blog) start page ;;
	esac'
	host_anew
	wait_until 20 all_run db web page lone stranger oneoff
	[ "$(sort "$SCRATCH/calls")" = "compose -p blog start --at-boot at unix://$SOCKET
compose -p shop start --at-boot at unix://$SOCKET" ]
	jq -e --arg db "$(inspect db .Id)" --arg web "$(inspect web .Id)" '(.Due | sort) == ([$db, $web] | sort)' "$SCRATCH/seen"
	refuted grep -q -e '"/db"' -e '"/web"' "$SCRATCH/running"
	[[ "$(started_at db)" < "$(started_at web)" ]]
	refuted runs once
	wait_until 10 logged 'the start of a project has ended project=shop code=0 left=0'
	[ "$(due shop)" = 0 ]
	refuted logged 'left a container down'
}

@test "a mere restart of the daemon starts no project: what runs is taken back, the rest follows its policy" {
	local pid
	up
	record shop
	member web shop always
	member db shop always
	pid=$(inspect web .State.Pid)
	daemon_kill
	kill -KILL "$(ps -o ppid= -p "$pid" | tr -d ' ')" "$pid"
	again
	wait_until 20 all_run web db
	[ "$(calls)" = 0 ]
	[ "$(inspect db .RestartCount)" = 0 ]
}

@test "what a command leaves down when it fails is started by its restart policy" {
	up
	record shop
	member db shop always
	member web shop unless-stopped
	member gone shop unless-stopped
	api POST '/containers/gone/stop?t=0' >/dev/null
	behave 'start db; echo the gate of web has failed; exit 3'
	host_anew
	wait_until 20 all_run db web
	logged 'the start of a project has ended project=shop code=3 left=1'
	logged 'the gate of web has failed'
	logged 'a project has left a container down.*name=web project=shop'
	refuted runs gone
	[ "$(due shop)" = 0 ]
	[ "$(calls)" = 1 ]
}

@test "a command that is not there, or is killed, leaves nothing down" {
	up
	record shop
	member web shop always
	mv "$SCRATCH/programs/wherry" "$SCRATCH/wherry"
	host_anew
	wait_until 20 runs web
	logged 'a project cannot be started in its order.*project=shop'
	mv "$SCRATCH/wherry" "$SCRATCH/programs/wherry"
	behave 'kill -KILL $$'
	host_anew
	wait_until 20 runs web
	logged 'the start of a project has ended project=shop code=137 left=1'
}

@test "a due container is not pruned; stopped by hand it stays down, one that is started by hand is not due" {
	up
	record shop
	member web shop always
	member db shop always
	behave 'until [ -e "$SCRATCH/enough" ]; do read -rt 0.05 <> <(:); done; exit 0'
	host_anew
	wait_until 10 has_calls 1
	[ "$(due shop)" = 2 ]
	api POST /containers/prune | jq -e '(.ContainersDeleted // []) == []'
	[ "$(due shop)" = 2 ]
	api POST /containers/web/stop
	expect_status 204
	api POST /containers/db/start
	expect_status 204
	[ "$(due shop)" = 0 ]
	touch "$SCRATCH/enough"
	wait_until 10 logged 'the start of a project has ended project=shop code=0 left=0'
	refuted runs web
	runs db
}

@test "a daemon that is killed while a command is at work lets it go on, and starts it again when it has failed" {
	up
	record shop
	member db shop always
	member web shop always
	behave 'if [ "$(wc -l <"$SCRATCH/calls")" = 1 ]; then
			until [ -e "$SCRATCH/back" ]; do read -rt 0.05 <> <(:); done
			exit 1
		fi
		start db; start web'
	host_anew
	wait_until 10 has_calls 1
	daemon_kill
	again
	[ "$(due shop)" = 2 ]
	[ "$(calls)" = 1 ]
	touch "$SCRATCH/back"
	wait_until 20 all_run db web
	[ "$(calls)" = 2 ]
	[[ "$(started_at db)" < "$(started_at web)" ]]
	refuted logged 'left a container down'
}

@test "a daemon and a command that are killed together are followed by both" {
	up
	record shop
	member db shop always
	member web shop on-failure
	behave '[ "$(wc -l <"$SCRATCH/calls")" = 1 ] && exec sleep 1000
		start db; start web'
	host_anew
	wait_until 10 has_calls 1
	daemon_kill
	kill -KILL "$(cat "$SCRATCH/commands")"
	again
	wait_until 20 all_run db web
	[ "$(calls)" = 2 ]
	refuted logged 'left a container down'
}

@test "a command with which the daemon dies each time is given up after three times" {
	local i
	up
	record shop
	member web shop on-failure
	behave 'kill -KILL "$PPID"; exec sleep 1000' # its daemon, whose number may not stand in the file yet
	host_down
	for i in 1 2 3; do
		again || true
		wait_until 10 has_calls "$i"
		wait_until 10 has_ended "$(cat "$SCRATCH/daemon")"
		kill -KILL "$(tail -1 "$SCRATCH/commands")"
	done
	again
	wait_until 20 runs web
	[ "$(calls)" = 3 ]
	logged 'a project cannot be started in its order'
}

@test "what is due is due after the next boot, too, also with on-failure" {
	up
	record shop
	member web shop on-failure
	behave 'exec sleep 1000'
	host_anew
	wait_until 10 has_calls 1
	behave 'start web'
	host_anew
	wait_until 20 runs web
	[ "$(calls)" = 2 ]
}

@test "a project that was deleted has no order any more" {
	up
	record shop
	member web shop always
	own DELETE /projects/shop
	host_anew
	wait_until 20 runs web
	[ "$(calls)" = 0 ]
}

@test "a command that does not go on is not waited for longer than said, and may still finish" {
	up
	record shop
	member db shop always
	member web shop always
	behave 'start db; until [ -e "$SCRATCH/enough" ]; do read -rt 0.05 <> <(:); done; exit 0'
	host_down
	again --project-patience 5
	wait_until 20 all_run db web
	logged 'the start of a project does not go on.*project=shop'
	logged 'a project has left a container down.*name=web'
	refuted logged 'a project has left a container down.*name=db'
	touch "$SCRATCH/enough"
	wait_until 10 logged 'the start of a project has ended project=shop code=0 left=0'
}

@test "the command is led to a socket that a service manager has opened, too" {
	up
	record shop
	member web shop always
	behave 'start web; exit 0'
	host_down
	wherryd() {
		exec python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(os.environ["SOCKET"])
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp("wherryd", ["wherryd"] + ["fd://" if a.startswith("unix://") else a for a in sys.argv[1:]])' "$@"
	}
	again
	wait_until 20 runs web
	[ "$(cat "$SCRATCH/calls")" = "compose -p shop start --at-boot at unix://$SOCKET" ]
	wait_until 10 logged 'the start of a project has ended project=shop code=0 left=0'
}

@test "the command itself starts a project at boot: who depends on what is healthy comes after it" {
	daemon_start
	busybox_image
	mkdir "$SCRATCH/shop"
	printf hush >"$SCRATCH/shop/secret"
	cat >"$SCRATCH/shop/compose.yaml" <<-'END'
		services:
		  web:
		    image: busybox
		    command: sleep 1000
		    restart: always
		    stop_signal: SIGKILL
		    depends_on: {db: {condition: service_healthy}}
		    secrets: [s]
		  db:
		    image: busybox
		    command: sh -c "sleep 0.5; touch /ok; sleep 1000"
		    restart: unless-stopped
		    stop_signal: SIGKILL
		    healthcheck: {test: "test -e /ok", interval: 200ms, retries: 1000}
		secrets: {s: {file: ./secret}}
	END
	wherry compose -f "$SCRATCH/shop/compose.yaml" up -d
	rm -r "$SCRATCH/shop"
	host_down
	daemon_start
	wait_until 30 all_run shop-db-1 shop-web-1
	wait_until 10 logged 'the start of a project has ended project=shop code=0 left=0'
	[[ "$(started_at shop-db-1)" < "$(started_at shop-web-1)" ]]
	inspects shop-db-1 .State.Health.Status healthy
	[ "$(wherry exec shop-web-1 cat /run/secrets/s)" = hush ]
	wherry compose ls --format json | jq -e '.[0].Name == "shop"'
	wherry compose -p shop down
	[ "$(calls)" = 0 ]
}
