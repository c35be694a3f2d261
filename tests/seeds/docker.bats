#!/usr/bin/env bats
# A tutorial's walk through the docker command, from its first line to its last, with images that our own
# builder makes of Debian's packages: each command's visible result.  The command is the real docker where
# one is installed, else wherry under that name.  The network is the file's own, so the daemon's bridge is docker0.

load ../lib/wherry
load ../lib/debian
load ../lib/mirror

setup_file() {
	scratch_begin
	docker_command
	mirror_begin
	BRIDGE=docker0 SUBNET=172.17.0
	daemon_start --registry-mirror "http://$MIRROR" --bip 172.17.0.1/16
	images_begin
}

teardown_file() {
	daemon_stop
	mirror_end
	nft delete table inet wherry 2>/dev/null || true # the table of docker0 has no other name
	scratch_end
}

teardown() { remove_all_containers; }

# ---- what the internet gave ----

images_begin() {
	debian_image
	recipe "$BATS_TEST_DIRNAME/docker/centos" centos:latest centos:centos7
	recipe "$BATS_TEST_DIRNAME/docker/centos6" centos:centos6
	recipe "$BATS_TEST_DIRNAME/docker/ubuntu" ubuntu:14.04
	recipe "$BATS_TEST_DIRNAME/docker/mysql" mysql:latest
	publish centos:centos6 library/centos:centos6
	publish centos:centos7 library/centos:centos7
	publish centos:latest library/centos:latest
	publish mysql:latest library/mysql:latest
}

# ---- words ----

says() { # LINE...: all of them are in the output, each as a whole line
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

ok() { # COMMAND...
	run "$@"
	output=${output//$'\r'/}
	[ "$status" = 0 ] || { echo "# $* ended with $status: $output" >&2; return 1; }
}

need_centos() { docker image inspect centos >"$SCRATCH/answer" 2>&1 || docker pull -q centos; }
address_of() { docker inspect -f '{{.NetworkSettings.IPAddress}}' "$1"; }
answers() { curl -sf -o "$SCRATCH/page" "$@"; }
logs_hold() { docker logs "$1" 2>&1 | grep -qF -- "$2"; }

# type_into COMMAND: what is typed (standard input) into the command on a terminal; the screen is in $output.
type_into() {
	run script -qec "$1" "$SCRATCH/typescript"
	output=$(sed -E $'s/\r//g; s/\e\\[[?0-9;]*[a-zA-Z]//g' "$SCRATCH/typescript")
}

# ---- images ----

@test "pull: one tag, and all tags" {
	docker rmi -f centos:latest centos:centos6 centos:centos7 >"$SCRATCH/answer" 2>&1 || true
	ok docker pull centos
	says "Using default tag: latest" "latest: Pulling from library/centos" \
		"Status: Downloaded newer image for centos:latest" "docker.io/library/centos:latest"
	matches '[0-9a-f]{12}: Pulling fs layer' '[0-9a-f]{12}: Download complete' '[0-9a-f]{12}: Pull complete' \
		'Digest: sha256:[0-9a-f]{64}'
	ok docker images centos
	[ "${#lines[@]}" = 2 ]
	matches 'REPOSITORY +TAG +IMAGE ID +CREATED +SIZE' 'centos +latest +[0-9a-f]{12} +.* ago +[0-9]+MB'
	ok docker pull -a centos
	says "centos6: Pulling from library/centos" "centos7: Pulling from library/centos" \
		"Status: Downloaded newer image for centos" "docker.io/library/centos"
	matches '[0-9a-f]{12}: Already exists'
	ok docker images centos
	[ "${#lines[@]}" = 4 ]
}

@test "a name that nobody has, offline: pull says so" {
	run docker pull nobody/has-this
	[ "$status" = 1 ]
	[[ $output == *"Error response from daemon: "* ]]
	run docker run nobody/has-this
	[ "$status" = 125 ]
}

# ---- an interactive container ----

@test "run -i -t: a shell on a terminal" {
	need_centos
	type_into "docker run -i -t centos /bin/bash" <<-'TYPED'
		cat /etc/redhat-release
		ps
		whoami
		cat /etc/hosts
		exit 3
	TYPED
	[ "$status" = 3 ]
	says "CentOS Linux release 7.0.1406 (Core)" "root" $'127.0.0.1\tlocalhost'
	matches ' +1 pts/0 +[0-9:]+ bash' ' +[0-9]+ pts/0 +[0-9:]+ ps' $'172\\.17\\.[0-9.]+\t[0-9a-f]{12}'
	grep -qE 'root@[0-9a-f]{12}:/#' <<<"$output"
	ok docker ps -a
	matches 'CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES' \
		'[0-9a-f]{12} +centos +"/bin/bash" +.* ago +Exited \(3\) .* ago +[a-z]+_[a-z0-9]+'
}

@test "run -i: the exit code of the shell is the exit code of the command" {
	need_centos
	run docker run -i centos /bin/bash <<<$'cat /etc/redhat-release\nwhoami\nexit 3'
	[ "$status" = 3 ]
	says "CentOS Linux release 7.0.1406 (Core)" "root"
	docker image inspect centos:centos6 >"$SCRATCH/answer" 2>&1 || docker pull -q centos:centos6
	ok docker run -i centos:centos6 /bin/bash <<<"cat /etc/redhat-release"
	says "CentOS release 6.6 (Final)"
}

# ---- the host's network ----

@test "the host has docker0, and rules that its own tools show" {
	ok ip -4 -o address show docker0
	[[ $output == *"inet 172.17.0.1/16 "* ]]
	ok nft list ruleset
	[[ $output == *masquerade* ]]
}

# ---- a container that serves ----

@test "run -d: a server; ps, top, inspect, its page, its log" {
	need_centos
	ok docker run -d  centos python -m SimpleHTTPServer 8888
	matches '[0-9a-f]{64}'
	local id=$output
	ok docker ps
	matches '[0-9a-f]{12} +centos +"python -m SimpleHTT…" +.* ago +Up .* +[a-z]+_[a-z0-9]+'
	ok docker top "$id"
	matches 'UID +PID +PPID +C +STIME +TTY +TIME +CMD' 'root .* python -m SimpleHTTPServer 8888'
	ok docker inspect "$id"
	jq -e '.[0] | .Path == "python" and .Args == ["-m", "SimpleHTTPServer", "8888"] and .State.Status == "running" and
		.HostConfig.ShmSize == 67108864 and .NetworkSettings.Networks.bridge.IPPrefixLen == 16' <<<"$output"
	wait_until 10 answers "http://$(address_of "$id"):8888"
	grep -q "Directory listing for /" "$SCRATCH/page"
	grep -q ".dockerenv" "$SCRATCH/page"
	grep -q "bin@" "$SCRATCH/page"
	wait_until 10 logs_hold "$id" '"GET / HTTP/1.1" 200 -'
	docker logs "$id" >"$SCRATCH/out" 2>"$SCRATCH/err"
	grep -qx "Serving HTTP on 0.0.0.0 port 8888 ..." "$SCRATCH/out"
	grep -q '"GET / HTTP/1.1" 200 -' "$SCRATCH/err"
}

# ---- a page of PHP ----

phpapp() {
	cd "$BATS_TEST_DIRNAME/docker/phpapp"
	ok docker build -t="srirajan/ubuntu_phpapp" .
}

the_page() { # NAME of the container's host
	local expected
	expected="<!DOCTYPE html>
<html>
<body>

<strong>There is no place like 127.0.0.1</strong><br/>Date & Time: DATE<br/>Container name: $1<hr/>  

</body>
</html>"
	[ "$(sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}/DATE/' "$SCRATCH/page")" = "$expected" ]
}

@test "build: the image of the page; again from the cache" {
	phpapp
	matches 'Step 1/8 : FROM ubuntu:14.04' ' ---> [0-9a-f]{12}' ' ---> Running in [0-9a-f]{12}' \
		'Successfully built [0-9a-f]{12}' 'Successfully tagged srirajan/ubuntu_phpapp:latest' \
		'Sending build context to Docker daemon .*kB' ' ---> Removed intermediate container [0-9a-f]{12}'
	phpapp
	[ "$(grep -cxF ' ---> Using cache' <<<"$output")" = 7 ]
	ok docker images
	matches 'srirajan/ubuntu_phpapp +latest +[0-9a-f]{12} .*MB'
}

@test "the page is reached by every way; logs, top, diff" {
	local id id12 host
	phpapp
	id=$(docker run -d -p 8082:80 "srirajan/ubuntu_phpapp")
	id12=${id:0:12}
	host=$(ip -4 -o address show eth0 | awk '{sub("/.*", "", $4); print $4}')
	wait_until 20 answers "http://127.0.0.1:8082/home.php"
	the_page "$id12"
	answers "http://$(address_of "$id")/home.php"
	the_page "$id12"
	answers "http://$host:8082/home.php"
	the_page "$id12"
	[ "$(curl -s -o "$SCRATCH/page" -w '%{http_code} %{redirect_url}' http://127.0.0.1:8082/)" = "302 http://127.0.0.1:8082/home.php" ]
	[ "$(curl -s http://127.0.0.1:8082/health.php | sha1sum)" = "fdae23943a0788a9774f2d5059b2725955554024  -" ]
	ok docker ps
	matches "$id12"' +srirajan/ubuntu_phpapp +"serve" +.* ago +Up .* +0\.0\.0\.0:8082->80/tcp, \[::\]:8082->80/tcp +.*'
	ok docker inspect -f '{{json .NetworkSettings.Ports}} {{.Config.ExposedPorts}} {{.Path}} {{.State.Status}}' "$id"
	says '{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8082"},{"HostIp":"::","HostPort":"8082"}]} map[80/tcp:{}] serve running'
	ok docker top "$id"
	matches 'root .*nginx: master process nginx -g daemon off;' 'www-data .*nginx: worker process' 'www-data .*php-fpm: pool www'
	wait_until 10 logs_hold "$id" '"GET / HTTP/1.1" 302 5' # a server writes its log when it has answered
	ok docker logs "$id"
	matches '.*"GET /home.php HTTP/1.1" 200 186 .*' '.*"GET / HTTP/1.1" 302 5 .*'
	ok docker diff "$id"
	says "C /run" "A /run/nginx.pid" "C /run/php" "A /run/php/fpm.sock" "C /var" "C /var/lib" "C /var/lib/nginx" "A /var/lib/nginx/body" \
		"C /var/log"
	[ "$(grep -nxF 'C /run' <<<"$output" | cut -d: -f1)" -lt "$(grep -nxF 'A /run/nginx.pid' <<<"$output" | cut -d: -f1)" ]
}

# ---- a database and a linked helper ----

database_begin() {
	run docker run --name db -e MYSQL_ROOT_PASSWORD=dh47dk504dk44dd -d -p 3306:3306 mysql
	[ "$status" = 0 ]
}

is_ready() { docker logs db 2>&1 | grep -q 'ready for connections'; }

helper_image() {
	mkdir -p "$SCRATCH/dbhelper"
	cp "$BATS_TEST_DIRNAME"/docker/dbhelper/* "$SCRATCH/dbhelper/"
	"$BATS_TEST_DIRNAME/docker/world" >"$SCRATCH/dbhelper/world_innodb.sql"
	cd "$SCRATCH/dbhelper"
	ok docker build -t="srirajan/dbhelper" .
	matches 'Successfully tagged srirajan/dbhelper:latest'
}

@test "run pulls what is not there; the database gets ready and its port answers" {
	docker rmi -f mysql >"$SCRATCH/answer" 2>&1 || true
	database_begin
	says "Unable to find image 'mysql:latest' locally" "latest: Pulling from library/mysql" \
		"Status: Downloaded newer image for mysql:latest"
	wait_until 60 is_ready
	run timeout 60 bash -c 'head -c 20 </dev/tcp/127.0.0.1/3306 | tr -d "\0"'
	[[ $output == *MariaDB* || $output == *10.* ]]
	ok docker logs db
	matches "Version: '.*-MariaDB.*'  socket: '/run/mysqld/mysqld.sock'  port: 3306 .*"
}

@test "link: the helper has the database's address, and counts 4079 cities" {
	local ip
	database_begin
	helper_image
	ip=$(address_of db)
	ok docker run --name dbhelper --link db:db srirajan/dbhelper env
	matches 'PATH=.*' 'HOSTNAME=[0-9a-f]{12}'
	says "DB_PORT=tcp://$ip:3306" "DB_PORT_3306_TCP=tcp://$ip:3306" "DB_PORT_3306_TCP_ADDR=$ip" "DB_PORT_3306_TCP_PORT=3306" \
		"DB_PORT_3306_TCP_PROTO=tcp" "DB_NAME=/dbhelper/db" "DB_ENV_MYSQL_ROOT_PASSWORD=dh47dk504dk44dd" "HOME=/root"
	[ "${#lines[@]}" = 10 ]
	run docker run -d --name dbhelper --link db:db srirajan/dbhelper /usr/local/bin/configuredb.sh
	[ "$status" = 125 ]
	[[ $output == *'The container name "/dbhelper" is already in use by container'* ]]
	ok docker rm dbhelper
	says dbhelper
	ok docker run -d --name dbhelper --link db:db srirajan/dbhelper  /usr/local/bin/configuredb.sh
	wait_until 60 has_counted
	[ "$(docker logs dbhelper)" = "Creating the world database
Creating application user
Counting rows in world.city
COUNT(*)
4079" ]
	ok docker exec dbhelper cat /etc/hosts
	matches "$ip"$'\tdb [0-9a-f]{12}'
}

has_counted() { docker logs dbhelper 2>&1 | grep -qx 4079; }
