#!/usr/bin/env bats
# A tutorial's walk through systemd units that run containers, from its first line to its last: the users' own
# files, word for word, under our supervisor, with systemctl and journalctl as the names of our command.  The
# images are built here of Debian's packages and pulled from a registry that stands for the internet.

load ../lib/wherry
load ../lib/debian
load ../lib/mirror

setup_file() {
	scratch_begin
	docker_command
	personalities
	docker_where_units_look
	mirror_begin
	BRIDGE=docker0 SUBNET=172.17.0
	own_unit_folders
	daemon_start --registry-mirror "http://$MIRROR" --bip 172.17.0.1/16
	debian_image
	recipe "$BATS_TEST_DIRNAME/units/todo" mdrahali/todo_app
	recipe "$BATS_TEST_DIRNAME/units/sqlite" dockerinpractice/docker-compose-sqlite
	publish mdrahali/todo_app mdrahali/todo_app:latest
	publish dockerinpractice/docker-compose-sqlite dockerinpractice/docker-compose-sqlite:latest
}

teardown_file() {
	systemctl stop todo sqliteproxy sqliteserver 2>/dev/null || true
	daemon_stop
	mirror_end
	umount /etc/systemd /etc/wherry
	umount -l /usr/bin 2>/dev/null || true
	nft delete table inet wherry 2>/dev/null || true # the table of docker0 has no other name
	scratch_end
}

personalities() {
	mkdir -p "$SCRATCH/names"
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/names/systemctl"
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/names/journalctl"
	export PATH=$SCRATCH/names:$PATH
}

# /usr/bin/docker, as users have it.
docker_where_units_look() {
	[ ! -x /usr/bin/docker ] || return 0
	mkdir "$SCRATCH/upper" "$SCRATCH/work"
	mount -t overlay -o "lowerdir=/usr/bin,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" overlay /usr/bin
	ln -s "$(command -v docker)" /usr/bin/docker
}

# /etc/systemd/system as the tutorial writes it; the cell's mounts end with the cell.
own_unit_folders() {
	local folder
	mkdir -p "$SCRATCH/etc/systemd/system" /etc/wherry
	cp "$BATS_TEST_DIRNAME"/units/files/*.service "$SCRATCH/etc/systemd/system"
	for folder in /etc/systemd /etc/wherry; do
		mkdir -p "$SCRATCH$folder"
		mount --bind "$SCRATCH$folder" "$folder"
	done
}

# ---- words ----

matches() { # PATTERN...: each matches a line as a whole
	local pattern
	for pattern in "$@"; do
		grep -qxE -- "$pattern" <<<"$output" || { echo "# no line like: $pattern" >&2; echo "$output" >&2; return 1; }
	done
}

ok() { # COMMAND...
	run "$@"
	[ "$status" = 0 ] || { echo "# $* ended with $status: $output" >&2; return 1; }
}

is_active() { systemctl is-active "$@" >"$SCRATCH/answer"; }
answers() { curl -sf -o "$SCRATCH/page" "$@"; }
there_is() { [ -n "$(docker ps -q --filter "name=^$1\$" --filter status=running)" ]; }
no_container() { [ -z "$(docker ps -aq --filter "name=^$1\$")" ]; }

# sql LINE...: what a telnet client on the published port is shown, until the database has been told to quit: it stays
# for as long as that takes, for each socat on the way leaves soon after who leaves first.
sql() { printf '%s\n' "$@" .quit | timeout 60 socat -t 0.1 -,ignoreeof TCP:127.0.0.1:12346 | tr -d '\r'; }

# ---- technique 1: one service ----

@test "systemctl status without a name is a summary of the host" {
	ok systemctl status
	matches '.* State: (running|starting|degraded)' ' +Units: [0-9]+ loaded.*' ' +Jobs: 0 queued' ' +Failed: 0 units'
}

@test "enable makes the link, and says so; again it says nothing" {
	run --separate-stderr systemctl enable /etc/systemd/system/todo.service
	[ "$status" = 0 ]
	[ -z "$output" ]
	[ "$stderr" = "Created symlink /etc/systemd/system/multi-user.target.wants/todo.service → /etc/systemd/system/todo.service." ]
	[ "$(readlink /etc/systemd/system/multi-user.target.wants/todo.service)" = /etc/systemd/system/todo.service ]
	run --separate-stderr systemctl enable todo.service
	[ "$status" = 0 ] && [ -z "$output$stderr" ]
	ok systemctl is-enabled todo.service
	[ "$output" = enabled ]
}

@test "start pulls, runs, and returns; the page answers" {
	ok systemctl start todo.service
	[ -z "$output" ]
	wait_until 20 answers http://127.0.0.1:8000/
	grep -qF '<html><title>ToDo</title><h1>ToDo</h1><ul></ul>' "$SCRATCH/page"
	[ "$(curl -sS -o "$SCRATCH/page" -w '%{http_code}' -d item=milk http://127.0.0.1:8000/)" = 303 ]
	answers http://127.0.0.1:8000/
	grep -qF '<ul><li>milk</li></ul>' "$SCRATCH/page"
	ok docker ps
	matches '[0-9a-f]{12} +mdrahali/todo_app +"todo" .* Up .*0\.0\.0\.0:8000->8000/tcp.* todo'
}

@test "status shows the unit, its processes, its container and what it said" {
	ok systemctl status todo.service
	matches '● todo.service - Simple ToDo Application' \
		' +Loaded: loaded \(/etc/systemd/system/todo.service; enabled; preset: enabled\)' \
		' +Active: active \(running\) since [A-Z][a-z]{2} [0-9-]+ [0-9:]+ [A-Z]+; .* ago' \
		" +Process: [0-9]+ ExecStartPre=/bin/bash -c /usr/bin/docker rm -f todo \|\| /bin/true \(code=exited, status=0/SUCCESS\)" \
		' +Process: [0-9]+ ExecStartPre=/usr/bin/docker pull mdrahali/todo_app \(code=exited, status=0/SUCCESS\)' \
		' +Main PID: [0-9]+ \(docker\)' \
		' +CGroup: /system.slice/todo.service' \
		'.*─[0-9]+ /usr/bin/docker run --name todo -p 8000:8000 mdrahali/todo_app' \
		'.*─container todo [0-9a-f]{12} mdrahali/todo_app' \
		'.* docker\[[0-9]+\]: docker.io/mdrahali/todo_app:latest' \
		'.*: Started todo.service - Simple ToDo Application.'
}

@test "the journal has the pull's lines, in order" {
	ok journalctl -u todo -o cat
	[[ $output == *"Using default tag: latest"*"latest: Pulling from mdrahali/todo_app"*"Started todo.service - Simple ToDo Application."* ]]
}

has_restarted() { [ "$(systemctl show -p NRestarts --value todo.service)" = "$1" ] && is_active todo.service && there_is todo; }

@test "a container that is killed comes back with its name" {
	there_is todo
	docker kill todo
	wait_until 20 has_restarted 1
	wait_until 20 answers http://127.0.0.1:8000/
	ok systemctl show -p NRestarts -p ActiveState -p SubState todo.service
	matches NRestarts=1 ActiveState=active SubState=running
}

@test "the client that is killed leaves the container as the unit's main process" {
	local client container
	client=$(systemctl show -p MainPID --value todo)
	[ "$client" -gt 1 ]
	container=$(docker inspect -f '{{.State.Pid}}' todo)
	kill -KILL "$client"
	wait_until 10 eval '[ "$(systemctl show -p MainPID --value todo)" = '"$container"' ]'
	is_active todo
	answers http://127.0.0.1:8000/
}

# The client says 137 of a container that was killed.  When ExecStop= is over it is sent SIGTERM, as under systemd, and
# Docker's own takes no signals any more just before its exit: then that is what has ended it.  Both are a clean stop.
client_end='(code=exited, status=137|code=killed, signal=TERM)'
client_end_in_journal='code=(exited, status=137/n/a|killed, status=15/TERM)'

@test "stop ends the container, and that ExecStop removed it is no failure" {
	systemctl restart todo # the killed client's exit is not what this is about
	wait_until 20 there_is todo
	ok systemctl stop todo.service
	no_container todo
	run systemctl status todo.service
	[ "$status" = 3 ]
	matches '○ todo.service - Simple ToDo Application' ' +Active: inactive \(dead\) since .*' ' +Duration: .*' \
		' +Process: [0-9]+ ExecStart=/usr/bin/docker run --name todo -p 8000:8000 mdrahali/todo_app \('"$client_end"'\)' \
		' +Process: [0-9]+ ExecStop=/usr/bin/docker rm -f todo \(code=exited, status=0/SUCCESS\)' \
		' +Main PID: [0-9]+ \('"$client_end"'\)' \
		".*: todo.service: Main process exited, $client_end_in_journal" \
		".*: todo.service: Deactivated successfully."
}

@test "disable removes the link" {
	run --separate-stderr systemctl disable todo.service
	[ "$status" = 0 ]
	[ "$stderr" = 'Removed "/etc/systemd/system/multi-user.target.wants/todo.service".' ]
	[ ! -e /etc/systemd/system/multi-user.target.wants/todo.service ]
}

# ---- technique 2: one service needs another ----

both_run() { is_active sqliteserver.service && is_active sqliteproxy.service && there_is sqliteserver && there_is sqliteproxy; }

@test "starting the proxy starts the server first" {
	mkdir -p /tmp/sqlitedbs
	systemctl enable /etc/systemd/system/sqliteserver.service /etc/systemd/system/sqliteproxy.service
	systemctl daemon-reload
	ok systemctl start sqliteproxy.service
	wait_until 40 both_run
	[ -f /tmp/sqlitedbs/test ] && [ -f /tmp/sqlitedbs/live ]
	ok systemctl status sqliteserver.service
	matches '.*─[0-9]+ /usr/bin/docker run --name sqliteserver -v /tmp/sqlitedbs/test:/opt/sqlite/db .*/bin/bash -c "socat TCP-L:12345,fork,reuseaddr  *EXEC:.*"'
	ok systemctl list-dependencies sqliteproxy.service
	[ "${lines[0]}" = sqliteproxy.service ]
	matches '● [├└]─sqliteserver.service'
}

database_answers() { sql 'select 40+2;' >"$SCRATCH/answer" 2>&1 && grep -qx 42 "$SCRATCH/answer"; }

@test "a query through the proxy's port reads the database" {
	wait_until 40 both_run
	wait_until 40 database_answers
	output=$(sql 'create table t(a);' 'insert into t values(43);' 'select * from t;')
	[[ $output == *"SQLite version "*$'\n'43$'\n'* ]]
	[ -s /tmp/sqlitedbs/test ]
}

@test "stopping the proxy leaves the server; a new proxy reads what is there" {
	wait_until 40 both_run
	ok systemctl stop sqliteproxy.service
	run systemctl is-active sqliteserver.service sqliteproxy.service
	[ "$output" = $'active\ninactive' ]
	no_container sqliteproxy
	there_is sqliteserver
	systemctl start sqliteproxy.service
	wait_until 40 both_run
	wait_until 40 database_answers
	output=$(sql 'select * from t;')
	[[ $output == *$'\n'43$'\n'* ]]
}

@test "stopping the server stops the proxy, as Requires says" {
	systemctl start sqliteproxy.service
	wait_until 40 both_run
	ok systemctl stop sqliteserver.service
	run systemctl is-active sqliteserver.service sqliteproxy.service
	[ "$output" = $'inactive\ninactive' ]
	no_container sqliteserver
	no_container sqliteproxy
}

server_is_another() { both_run && [ "$(docker inspect -f '{{.Id}}' sqliteserver)" != "$1" ]; }

@test "a server whose container is killed comes back, and the proxy after it" {
	local before
	systemctl start sqliteproxy.service
	wait_until 40 both_run
	before=$(docker inspect -f '{{.Id}}' sqliteserver)
	docker kill sqliteserver
	wait_until 40 server_is_another "$before"
	wait_until 40 database_answers
	systemctl stop sqliteserver.service
}
