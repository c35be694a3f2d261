#!/usr/bin/env bats
# Run inside the virtual machine: what `make install` installed, as systemd runs it, on kernel 6.1 with
# cgroup v2.  The tests build on each other as a user's day would.

load ../lib/wherry

setup_file() {
	export SCRATCH=/root/scratch SOCKET=/run/wherry/wherry.sock WHERRY_HOST=unix:///run/wherry/wherry.sock
	mkdir -p "$SCRATCH"
}

main_pid() { systemctl show -p MainPID --value wherry.service; }
answers() { curl -sf -o /dev/null --unix-socket "$SOCKET" http://x/_ping; }
state_of() { wherry inspect -f '{{.State.Status}}' "$1"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }

@test "cgroup v2, systemd and kernel 6.1 are here" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	[ "$(cat /proc/1/comm)" = systemd ]
	[[ $(uname -r) == 6.1.* ]]
}

@test "the group exists after systemd-sysusers, and socket and service start" {
	systemd-sysusers
	getent group wherry
	systemctl enable --now wherry.socket wherry.service || { journalctl -u wherry.service -n 20 --no-pager; false; }
	[ "$(systemctl is-active wherry.service)" = active ]
	answers
	[ "$(stat -c '%a %G' "$SOCKET")" = "660 wherry" ]
}

@test "an image is imported and a container runs to its exit code" {
	busybox_image
	run wherry run --rm busybox sh -c 'echo hello from $(uname -r | cut -d. -f1,2); exit 5'
	echo "$output"
	[ "$status" = 5 ]
	[[ $output == "hello from 6.1" ]]
}

@test "the container lives below the daemon's control group, and its shim outside" {
	wherry run -d --name place busybox sleep 1000
	local pid
	pid=$(wherry inspect -f '{{.State.Pid}}' place)
	cat "/proc/$pid/cgroup"
	grep -q '^0::/wherry/c/' "/proc/$pid/cgroup"
	grep -q '^0::/system.slice/wherry.service$' "/proc/$(ps -o ppid= -p "$pid" | tr -d ' ')/cgroup"
	wherry rm -f place
}

@test "memory, pids and cpu limits stand in the cgroup v2 files" {
	wherry run -d --name limits --memory 64m --pids-limit 20 --cpus 0.5 --cpu-shares 512 busybox sleep 1000
	local folder
	folder=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(wherry inspect -f '{{.State.Pid}}' limits)/cgroup")
	[ "$(cat "$folder/memory.max")" = 67108864 ]
	[ "$(cat "$folder/pids.max")" = 20 ]
	[ "$(cat "$folder/cpu.max")" = "50000 100000" ]
	wherry update --memory 128m --memory-swap 256m limits
	[ "$(cat "$folder/memory.max")" = 134217728 ]
	wherry rm -f limits
}

@test "devices that are not allowed are refused by the cgroup's program" {
	run wherry run --rm --cap-add MKNOD busybox sh -c 'mknod /d b 254 0 && cat /d'
	[ "$status" != 0 ]
	[[ $output == *"not permitted"* || $output == *"denied"* ]]
	run wherry run --rm busybox sh -c 'cat /dev/null && echo x >/dev/null && head -c1 /dev/zero | wc -c'
	[ "$output" = 1 ]
}

@test "a container over its memory is killed, and the kill is told" {
	run wherry run --name greedy --memory 16m --memory-swap 16m busybox sh -c 'tail /dev/zero'
	[ "$status" = 137 ]
	[ "$(wherry inspect -f '{{.State.OOMKilled}}' greedy)" = true ]
	wherry rm greedy
}

@test "pause freezes through cgroup v2, unpause thaws" {
	wherry run -d --name cold busybox sleep 1000
	wherry pause cold
	local folder
	folder=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(wherry inspect -f '{{.State.Pid}}' cold)/cgroup")
	grep -q 'frozen 1' "$folder/cgroup.events"
	wherry unpause cold
	grep -q 'frozen 0' "$folder/cgroup.events"
	wherry rm -f cold
}

@test "a published port answers on the host's address and on loopback" {
	ip link add test0 type veth peer name test1
	ip address add 192.0.2.1/24 dev test0
	ip link set test0 up
	ip link set test1 up
	wherry run -d --name web -p 8080:80 busybox sh -c 'while :; do printf "HTTP/1.0 200 OK\r\n\r\nserved\n" | nc -l -p 80; done'
	wait_until 20 curl -sf -o "$SCRATCH/page" http://192.0.2.1:8080/
	grep -q served "$SCRATCH/page"
	wait_until 20 curl -sf -o "$SCRATCH/page" http://127.0.0.1:8080/
	grep -q served "$SCRATCH/page"
}

# heard NAME: what the firewall does is heard, up to now.
heard() {
	nft "add table inet $1; delete table inet $1"
	grep -q "delete table inet $1\$" "$SCRATCH/changes"
}

# changes COMMAND...: sets $changes to what the firewall's tables see while it runs.
changes() {
	nft monitor >"$SCRATCH/changes" 2>/dev/null 3>&- &
	local monitor=$!
	wait_until 20 heard before
	"$@"
	wait_until 20 heard after
	kill "$monitor"
	changes=$(grep -v -e 'table inet \(before\|after\)$' -e '^# new generation' "$SCRATCH/changes") || true
}

restarted() {
	systemctl restart wherry.service
	wait_until 20 answers
}

@test "a restart finds the table as it left it, a network comes and goes beside what is published, a loss is made good" {
	changes restarted
	echo "$changes"
	[ "$changes" = "" ]
	changes wherry network create beside
	[[ $changes == *" rule inet wherry"*" into "* ]]
	refuted grep -E ' table inet wherry|(raw|publish) |element inet wherry' <<<"$changes"
	changes wherry network rm beside
	refuted grep -E ' table inet wherry|(raw|publish) |element inet wherry' <<<"$changes"
	changes restarted
	[ "$changes" = "" ]
	nft flush ruleset
	wait_until 20 eval 'nft list ruleset | grep -q " . 8080 : "'
	wait_until 20 curl -sf -o "$SCRATCH/page" http://192.0.2.1:8080/
	changes restarted
	[ "$changes" = "" ]
}

@test "a restart of the service keeps containers running, and their logs whole" {
	wherry run -d --name counter busybox sh -c 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done'
	local before pid
	before=$(main_pid)
	pid=$(wherry inspect -f '{{.State.Pid}}' counter)
	systemctl restart wherry.service
	wait_until 20 answers
	[ "$(main_pid)" != "$before" ]
	[ "$(wherry inspect -f '{{.State.Pid}}' counter)" = "$pid" ]
	state_is web running
	wait_until 20 curl -sf -o "$SCRATCH/page" http://192.0.2.1:8080/
	wherry stop -t 0 counter
	wherry logs counter | awk '$1 != NR - 1 {exit 1}'
	wherry rm counter
}

@test "a daemon that is killed comes back by itself with its containers" {
	local before
	before=$(main_pid)
	kill -KILL "$before"
	wait_until 20 eval '[ "$(main_pid)" != 0 ] && [ "$(main_pid)" != '"$before"' ] && answers'
	state_is web running
	run wherry exec web echo inside
	[ "$output" = inside ]
}

@test "forced fallbacks of newer kernel calls still start containers" {
	run wherry run --rm --read-only --tmpfs /tmp -v /etc/hostname:/h:ro busybox cat /h
	[ "$output" = wherry ]
}

# ---- units, beside systemd's own ----

unit_is() { [ "$(wherry unit is-active "$1")" = "$2" ]; }
unit_shows() { wherry unit show -p "$2" --value "$1"; }

@test "a service of ours runs below our group, where systemd does not look" {
	mkdir -p /etc/wherry/units
	cat >/etc/wherry/units/talk.service <<-'UNIT'
		[Service]
		ExecStart=/bin/sh -c 'echo it talks; exec sleep 1000'
		MemoryMax=64M
		TasksMax=20
		CPUQuota=50%
		Restart=always
		[Install]
		WantedBy=multi-user.target
	UNIT
	wherry unit daemon-reload
	wherry unit enable --now talk
	local pid folder
	pid=$(unit_shows talk MainPID)
	wait_until 20 eval '[ "$(cat "/proc/'"$pid"'/comm")" = sleep ]'
	grep -q '^0::/wherry/system.slice/talk.service' "/proc/$pid/cgroup"
	folder=/sys/fs/cgroup/wherry/system.slice/talk.service
	[ "$(cat "$folder/memory.max")" = 67108864 ]
	[ "$(cat "$folder/pids.max")" = 20 ]
	[ "$(cat "$folder/cpu.max")" = "50000 100000" ]
	wait_until 20 eval 'wherry journal -u talk -o cat | grep -qx "it talks"'
	run systemctl status talk.service
	[ "$status" = 4 ]
}

@test "a service over its memory is killed, and that is its result" {
	printf '[Service]\nMemoryMax=16M\nMemorySwapMax=0\nExecStart=/usr/bin/tail /dev/zero\n' >/etc/wherry/units/eater.service
	wherry unit daemon-reload
	wherry unit start eater
	wait_until 30 unit_is eater failed
	[ "$(unit_shows eater Result)" = oom-kill ]
}

@test "a container that a unit runs is in the unit's group, has its limits, and goes with it" {
	printf '[Service]\nMemoryMax=48M\nExecStart=/usr/bin/docker run --rm --name boxed busybox sleep 1000\nExecStop=/usr/bin/docker stop -t 0 boxed\n' \
		>/etc/wherry/units/boxed.service
	wherry unit daemon-reload
	wherry unit start boxed
	wait_until 20 eval '[ "$(state_of boxed 2>&1)" = running ]'
	local pid
	pid=$(wherry inspect -f '{{.State.Pid}}' boxed)
	grep -q '^0::/wherry/system.slice/boxed.service/container-' "/proc/$pid/cgroup"
	wherry unit status boxed | grep -q '─container boxed '
	wherry unit stop boxed
	[ -z "$(wherry ps -aq --filter name=boxed)" ]
	unit_is boxed inactive
	wait_until 20 test ! -e /sys/fs/cgroup/wherry/system.slice/boxed.service
}

@test "services, their processes and their journal outlive a restart of the daemon" {
	local pid
	pid=$(unit_shows talk MainPID)
	systemctl restart wherry.service
	wait_until 20 answers
	wait_until 20 unit_is talk active
	[ "$(unit_shows talk MainPID)" = "$pid" ]
	kill -KILL "$pid"
	wait_until 20 eval '[ "$(unit_shows talk NRestarts)" = 1 ] && unit_is talk active'
}

@test "a project comes up, its names answer, and a change loses no request" {
	mkdir -p /root/project
	cd /root/project
	release() {
		printf 'services:\n  web:\n    image: busybox\n    command: httpd -f -p 80 -h /etc\n    restart: always\n    stop_grace_period: 1s\n'
		printf '    environment: {RELEASE: "%s"}\n    ports: ["127.0.0.1:8090:80"]\n    deploy: {replicas: 2, update_config: {order: start-first, monitor: 1s}}\n' "$1"
		printf '    healthcheck: {test: wget -q -O /dev/null http://127.0.0.1/passwd, interval: 500ms, start_period: 60s, start_interval: 500ms}\n'
		printf '  user: {image: busybox, command: sleep 1d, init: true, restart: always, depends_on: [web]}\n'
	} >compose.yaml
	serves() { curl -sf -m 5 -o /dev/null http://127.0.0.1:8090/passwd; }
	release 1
	wherry compose up -d
	wait_until 20 serves
	[ "$(wherry compose exec -T user nslookup web 2>/dev/null | grep -c '^Address: [0-9.]*$')" -ge 2 ]
	rm -f end failed
	(until [ -e end ]; do serves || echo failed >>failed; done) 3>&- &
	local asking=$!
	release 2
	wherry compose up -d
	touch end
	wait "$asking"
	[ ! -e failed ]
	[ "$(wherry compose exec -T web sh -c 'echo $RELEASE')" = 2 ]
	run wherry compose diff
	[ "$status" = 0 ]
	wherry compose down
	[ -z "$(wherry ps -aq --filter label=com.docker.compose.project=project)" ]
}

@test "everything is removed, and nothing is left below the daemon's group" {
	wherry rm -f web
	wherry unit stop talk
	[ -z "$(wherry ps -aq)" ]
	[ -z "$(ls -d /sys/fs/cgroup/wherry/c/*/ 2>/dev/null)" ]
	systemctl stop wherry.service
	wait_until 20 eval '[ -z "$(pgrep wherry-shim)" ]'
}
