#!/usr/bin/env bats
# A tutorial's walk through docker-compose, from its first line to its last, on a shop of several tiers: a database, a
# store of keys, workers and a page. The images are built here of Debian's packages and pulled from a registry that
# stands for the internet; `docker-compose` is our command under that name.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load ../lib/debian
load ../lib/mirror

setup_file() {
	scratch_begin
	docker_command
	mkdir "$SCRATCH/names"
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/names/docker-compose"
	export PATH=$SCRATCH/names:$PATH
	mirror_begin
	daemon_start --registry-mirror "http://$MIRROR"
	debian_image
	recipe "$BATS_TEST_DIRNAME/docker/mysql" mysql
	recipe "$BATS_TEST_DIRNAME/compose/redis" redis
	recipe "$BATS_TEST_DIRNAME/compose/cluster" russmckendrick/cluster
	publish mysql library/mysql:latest
	publish redis library/redis:latest
	publish russmckendrick/cluster russmckendrick/cluster:latest
	cp -a "$BATS_TEST_DIRNAME/compose/shop" "$SCRATCH/shop"
}
teardown_file() {
	daemon_stop
	mirror_end
	scratch_end
}

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	cd "$SCRATCH/shop" || exit
}

# ---- words ----

says() { # LINE...: each is a whole line of what was told
	local line
	for line in "$@"; do
		grep -qxF -- "$line" <<<"$output" || { echo "# not there: $line" >&2; echo "$output" >&2; return 1; }
	done
}
matches() { # PATTERN...: each matches a line as a whole
	local pattern
	for pattern in "$@"; do
		grep -qxE -- "$pattern" <<<"$output" || { echo "# no line like: $pattern" >&2; echo "$output" >&2; return 1; }
	done
}
before() { # A B: the line A stands before the line B
	[ "$(grep -nxF -- "$1" <<<"$output" | head -1 | cut -d: -f1)" -lt "$(grep -nxF -- "$2" <<<"$output" | head -1 | cut -d: -f1)" ]
}
is_up() { docker-compose up -d --scale worker=1 >"$SCRATCH/answer" 2>&1; }
is_fresh() { docker-compose down >"$SCRATCH/answer" 2>&1; }
states() { docker-compose ps | awk 'NR > 2 {print $1, $0}' | sed -E 's/^([a-z0-9_]+) .*(Up|Paused|Exit [0-9]+).*/\1 \2/'; }

# ---- the file ----

@test "config: the normal form; a key that there is not" {
	run -0 --separate-stderr docker-compose config
	matches "version: ['\"]3['\"]"
	says "services:" "  redis:" "    image: redis" "    - db-data:/var/lib/mysql:rw" \
		"      context: $SCRATCH/shop/web" "        condition: service_started" "    - published: 8082" "      target: 80" \
		"  db-data: {}"
	sed 's/image: mysql/imagee: mysql/' docker-compose.yml >"$SCRATCH/bad.yml"
	run -1 docker-compose -f "$SCRATCH/bad.yml" config
	[[ "$output" == *imagee* ]]
	[[ "$output" == *"$SCRATCH/bad.yml:4:5"* ]] || [[ "$output" == *"bad.yml:4:5"* ]]
	run -0 docker-compose config --services
	[ "$(sort <<<"$output")" = $'db\nredis\nweb\nworker' ]
}

# ---- images ----

@test "pull: what has an image; build: what is built, with the builder's words" {
	run -0 docker-compose pull
	matches 'Pulling db +\.\.\. done' 'Pulling redis +\.\.\. done'
	docker image inspect mysql redis >"$SCRATCH/answer"
	docker pull -q russmckendrick/cluster
	run -0 docker-compose build
	says "db uses an image, skipping" "redis uses an image, skipping" "Building worker" "Building web" \
		"Successfully tagged shop_worker:latest" "Successfully tagged shop_web:latest"
	matches 'Step 1/[34] : FROM redis'
	docker image inspect shop_worker shop_web >"$SCRATCH/answer"
}

# ---- a first life ----

@test "create: containers in the order of their dependencies, none started" {
	is_fresh
	run -0 docker-compose create
	says "The create command is deprecated. Use the up command with the --no-start flag instead."
	matches 'Creating shop_db_1 +\.\.\. done' 'Creating shop_web_1 +\.\.\. done'
	run -0 docker-compose ps
	matches 'shop_db_1 +start-database mysqld +Exit 0 +' 'shop_redis_1 +redis-server --bind 0\.0\.0\. \.\.\. +Exit 0 +'
}

@test "up: attached, with the lines of all; Ctrl-C stops them and removes none" {
	is_fresh
	docker-compose up --no-color >"$SCRATCH/up.log" 2>&1 3>&- &
	up=$!
	wait_until 60 grep -qE '^worker_1 +\| [0-9a-f]{12} count [0-9]+$' "$SCRATCH/up.log"
	wait_until 60 grep -qE '^db_1 +\| .*ready for connections' "$SCRATCH/up.log"
	grep -qE '^Attaching to .*shop_db_1' "$SCRATCH/up.log"
	kill -INT "$up"
	status=0
	wait "$up" || status=$?
	[ "$status" = 0 ]
	grep -q 'Gracefully stopping... (press Ctrl+C again to force)' "$SCRATCH/up.log"
	[ "$(docker ps -q | wc -l)" = 0 ]
	[ "$(docker ps -aq | wc -l)" = 4 ]
}

@test "up -d: a network, then each after what it needs; the second time nothing" {
	is_fresh
	run -0 docker-compose up -d
	says 'Creating network "shop_default" with the default driver'
	matches 'Creating shop_db_1 +\.\.\. done' 'Creating shop_redis_1 +\.\.\. done'
	matches 'Creating shop_worker_1 +\.\.\. done' 'Creating shop_web_1 +\.\.\. done'
	first=$(docker inspect -f '{{.State.StartedAt}}' shop_redis_1)
	second=$(docker inspect -f '{{.State.StartedAt}}' shop_worker_1)
	third=$(docker inspect -f '{{.State.StartedAt}}' shop_web_1)
	[[ "$first" < "$second" && "$second" < "$third" ]]
	run -0 docker-compose up -d
	says "shop_db_1 is up-to-date" "shop_redis_1 is up-to-date" "shop_worker_1 is up-to-date" "shop_web_1 is up-to-date"
	wait_until 20 curl -sf -o "$SCRATCH/page" http://127.0.0.1:8082/
	grep -qxE '<html><body><h1>Running on container [0-9a-f]{12}</h1></body></html>' "$SCRATCH/page"
}

@test "ps: names, commands that are cut, states, ports; docker shows the same containers, network and volume" {
	is_up
	run -0 docker-compose ps
	[[ "${lines[0]}" =~ ^\ +Name\ +Command\ +State\ +Ports ]]
	[[ "${lines[1]}" =~ ^-+$ ]]
	matches 'shop_db_1 +start-database mysqld +Up +3306/tcp *' 'shop_redis_1 +redis-server --bind 0\.0\.0\. \.\.\. +Up +6379/tcp *' \
		'shop_web_1 +serve +Up +0\.0\.0\.0:8082->80/tcp,:::8082->80/tcp' 'shop_worker_1 +work +Up +6379/tcp *'
	run -0 docker ps --format '{{.Image}} {{.Names}}'
	says "shop_web shop_web_1" "shop_worker shop_worker_1" "redis shop_redis_1" "mysql shop_db_1"
	[ "$(docker network ls --format '{{.Name}}' -f name=shop)" = shop_default ]
	[ "$(docker volume ls -q -f name=shop)" = shop_db-data ]
}

@test "top: a table for each container" {
	is_up
	wait_until 60 bash -c 'docker-compose top db | grep -q mysqld'
	run -0 docker-compose top
	says shop_db_1 shop_redis_1 shop_web_1 shop_worker_1
	matches 'UID +PID +PPID +C +STIME +TTY +TIME +CMD *' 'root +[0-9]+ +[0-9]+ +.* nginx: master process nginx -g daemon off; *'
	run -0 docker-compose top db
	says shop_db_1
	refuted grep -q shop_web_1 <<<"$output"
}

@test "logs: of all, the last lines, of one; of none that there is" {
	is_up
	wait_until 60 bash -c 'docker-compose logs --no-color db | grep -q "ready for connections"'
	run -0 docker-compose logs --no-color --tail 3
	[[ "${lines[0]}" == "Attaching to "* ]]
	matches 'worker_1  \| [0-9a-f]{12} count [0-9]+' 'db_1      \| .*' 'redis_1   \| .*'
	run -0 docker-compose logs --no-color --tail 4 db
	says "Attaching to shop_db_1"
	[ "$(grep -c '^db_1  | ' <<<"$output")" = 4 ] || [ "$(grep -c '^db_1      | ' <<<"$output")" = 4 ]
	run -1 docker-compose logs nosuch
	says "No such service: nosuch"
}

@test "exec: names of other services answer; the command's status comes out" {
	is_up
	run -0 docker-compose exec -T redis ping -c 3 db
	matches 'PING db \([0-9.]+\).*' '64 bytes from shop_db_1\.shop_default \([0-9.]+\): icmp_seq=3 .*' \
		'3 packets transmitted, 3 received, 0% packet loss, time [0-9]+ms'
	run -7 docker-compose exec -T redis sh -c "exit 7"
}

# ---- scale ----

@test "up --scale: more of one; their name has all addresses, in an order that changes" {
	is_up
	run -0 docker-compose up -d --scale worker=3
	matches 'Creating shop_worker_2 +\.\.\. done' 'Creating shop_worker_3 +\.\.\. done' 'shop_web_1 is up-to-date'
	[ "$(docker-compose exec -T redis getent ahostsv4 worker | awk '{print $1}' | sort -u | wc -l)" = 3 ]
	for _ in $(seq 30); do docker-compose exec -T redis getent ahostsv4 worker | awk 'NR == 1 {print $1}'; done | sort -u >"$SCRATCH/first"
	[ "$(wc -l <"$SCRATCH/first")" -ge 2 ]
	run -1 docker-compose up -d --scale=3
	says "Arguments to scale should be in the form service=num"
}

@test "up --scale of a port: here one port serves them all; a count that is not named falls back" {
	docker-compose up -d --scale worker=3 >"$SCRATCH/answer" 2>&1
	run -0 docker-compose up -d --scale web=2
	matches 'Stopping and removing shop_worker_[23] \.\.\. done' 'Creating shop_web_2 +\.\.\. done'
	answers() { curl -s http://127.0.0.1:8082/ >>"$SCRATCH/both"; [ "$(sort -u "$SCRATCH/both" | wc -l)" = 2 ]; }
	: >"$SCRATCH/both"
	wait_until 20 answers
	run -0 docker-compose up -d --scale web=1 --scale worker=3
	matches 'Stopping and removing shop_web_2 +\.\.\. done'
}

# ---- pause, stop, start, restart, kill ----

@test "pause and unpause: shown, and nothing runs in what is paused" {
	is_up
	run -0 docker-compose pause
	matches 'Pausing shop_db_1 +\.\.\. done' 'Pausing shop_web_1 +\.\.\. done'
	[ "$(states | grep -c ' Paused$')" = 4 ]
	run -1 docker-compose exec -T redis redis-cli ping
	[[ "$output" =~ Container\ [0-9a-f]{64}\ is\ paused,\ unpause\ the\ container\ before\ exec ]]
	run -0 docker-compose unpause
	matches 'Unpausing shop_db_1 +\.\.\. done'
	[ "$(states | grep -c ' Up$')" = 4 ]
}

@test "stop, start, restart, kill: dependents first, and the other way round" {
	is_up
	run -0 docker-compose stop
	matches 'Stopping shop_web_1 +\.\.\. done' 'Stopping shop_db_1 +\.\.\. done'
	[ "$(states | grep -c ' Exit 0$')" = 4 ]
	run -0 docker-compose start
	matches 'Starting db +\.\.\. done' 'Starting redis +\.\.\. done' 'Starting worker +\.\.\. done' 'Starting web +\.\.\. done'
	[ "$(states | grep -c ' Up$')" = 4 ]
	run -0 docker-compose restart
	matches 'Restarting shop_worker_1 +\.\.\. done'
	run -0 docker-compose kill
	matches 'Killing shop_worker_1 +\.\.\. done'
	[ "$(states | grep -c ' Exit 137$')" = 4 ]
}

# ---- rm and down ----

@test "rm: asks, then removes" {
	is_up
	docker-compose stop >"$SCRATCH/answer" 2>&1
	run -0 bash -c 'echo n | docker-compose rm'
	[[ "$output" == *"Going to remove "*"shop_db_1"* ]]
	[[ "$output" == *"Are you sure? [yN]"* ]]
	[ "$(docker ps -aq | wc -l)" = 4 ]
	run -0 bash -c 'echo y | docker-compose rm'
	matches 'Removing shop_worker_1 +\.\.\. done'
	run -0 docker-compose ps
	[[ "${lines[0]}" =~ ^Name\ +Command\ +State\ +Ports ]]
	[ "${#lines[@]}" = 2 ]
}

@test "down: containers and network go, the volume and what is in it stay" {
	is_up
	wait_until 60 docker-compose exec -T db mysql -psecret -e 'create table if not exists shop.kept (n int)'
	run -0 docker-compose down
	matches 'Stopping shop_web_1 +\.\.\. done' 'Removing shop_db_1 +\.\.\. done' 'Removing network shop_default'
	[ "$(docker volume ls -q -f name=shop)" = shop_db-data ]
	is_up
	wait_until 60 docker-compose exec -T db mysql -psecret -e 'select * from shop.kept'
}

@test "down --rmi all --volume: all of it; what others use stays, and is said; again: nothing is left" {
	is_fresh
	docker run -d --name other redis >"$SCRATCH/answer"
	is_up
	run -0 docker-compose down --rmi all --volume
	says "Removing network shop_default" "Removing volume shop_db-data" "Removing image mysql" "Removing image shop_worker" "Removing image shop_web"
	grep -q '^Failed to remove image for service redis: 409' <<<"$output"
	run -0 docker images --format '{{.Repository}}'
	says russmckendrick/cluster redis
	refuted grep -qx -e mysql -e shop_web <<<"$output"
	[ -z "$(docker volume ls -q -f name=shop)" ]
	run -0 docker-compose down
	says "Network shop_default not found."
	docker rm -f other >"$SCRATCH/answer"
	cd /
	run -1 docker-compose ps
	[[ "$output" == *"Can't find a suitable configuration file"* ]]
}
