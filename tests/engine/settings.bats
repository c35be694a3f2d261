#!/usr/bin/env bats
# What the daemon is told, by flags and by its file, and what containers see of it.

load ../lib/wherry

setup_file() {
	scratch_begin
	cat >"$SCRATCH/wherry.json" <<-END
		{"dns": ["192.0.2.1"], "dns-searches": ["a.test"], "default-ulimits": {"nofile": {"Soft": 100, "Hard": 200}},
		 "host-gateway-ip": "192.0.2.9", "fixed-cidr": "$SUBNET.128/25", "default-shm-size": "1m"}
	END
	daemon_start --dns-opt ndots:2
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

in_container() { wherry run --rm "${@:1:$#-1}" busybox sh -c "${!#}"; }

@test "containers that ask for no servers get the daemon's" {
	run in_container "grep -v '^#' /etc/resolv.conf"
	[ "$output" = $'nameserver 192.0.2.1\nsearch a.test\noptions ndots:2' ]
}

@test "what a container asks for comes first, list by list" {
	run in_container --dns 192.0.2.2 "grep -v '^#' /etc/resolv.conf"
	[ "$output" = $'nameserver 192.0.2.2\nsearch a.test\noptions ndots:2' ]
}

@test "addresses come from the part that was given" {
	run in_container "ip -4 -o address show eth0"
	[[ $output =~ ${SUBNET//./\\.}\.([0-9]+)/24 ]] && [ "${BASH_REMATCH[1]}" -ge 128 ]
}

@test "host-gateway, limits and the size of /dev/shm" {
	run in_container --add-host h:host-gateway "grep -w h /etc/hosts; ulimit -Sn; df -k /dev/shm | tail -1"
	[[ ${lines[0]} == 192.0.2.9*h && ${lines[1]} = 100 && ${lines[2]} =~ ' 1024 ' ]]
}

@test "wrong settings are refused by name, before anything is done" {
	local text wanted
	while IFS='|' read -r text wanted; do
		echo "$text" >"$SCRATCH/wrong.json"
		run wherryd --validate --config-file "$SCRATCH/wrong.json"
		[ "$status" = 1 ] && [[ $output == *"$wanted"* ]] || { echo "# $text: $output" >&2; return 1; }
	done <<-'END'
		{"dns": ["x"]}|--dns 'x' wants an IP address
		{"default-address-pools": [{"base": "x", "size": 24}]}|--default-address-pool 'base=x,size=24' wants
		{"registry-mirrors": ["m"]}|--registry-mirror 'm' wants http://
		{"insecure-registries": ["10.0.0.0/8", "a b"]}|--insecure-registry 'a b' wants HOST, HOST:PORT or a network
		{"log-driver": "gelf"}|no log driver named 'gelf'
		{"bip": "172.17.0.1"}|--bip '172.17.0.1' wants an address with its prefix
		{"fixed-cidr": "x/24"}|--fixed-cidr 'x/24' wants a subnet
		{"ip": "localhost"}|--ip 'localhost' wants an IP address
		{"hosts": ["unix://relative"]}|--host 'unix://relative' wants unix:///PATH
		{"hosts": ["tcp://127.0.0.1"]}|--host 'tcp://127.0.0.1' wants
		{"labels": ["=x"]}|--label '=x' wants NAME=VALUE
		{"default-ulimits": {"files": {"Soft": 1, "Hard": 2}}}|--default-ulimit 'files=1:2' wants NAME=SOFT
		{"log-opts": {"max-size": "x"}}|invalid value for max-size
		{"mtu": "x"}|'mtu'
		{"mtu": 1.5}|'mtu'
		{"mtu": -5}|--mtu '-5' wants 0 to 65535
		{"max-concurrent-downloads": 0}|--max-concurrent-downloads '0' wants 1 to
		{"max-download-attempts": 0}|--max-download-attempts '0' wants 1 to
		{"max-connections": -3}|--max-connections '-3' wants 1 to
		{"max-connections": 99999999999}|--max-connections '99999999999' wants 1 to
		{"oom-score-adjust": 5000}|--oom-score-adjust '5000' wants -1000 to 1000
		{"default-ipc-mode": "host"}|--default-ipc-mode 'host' wants private or shareable
		{"default-cgroupns-mode": "shared"}|--default-cgroupns-mode 'shared' wants private or host
		{"default-ulimits": {"nofile": {"Soft": 9, "Hard": 1}}}|--default-ulimit 'nofile=9:1' wants NAME=SOFT
		{"debug": "maybe"}|'debug'
		{"nosuch": 1}|unknown setting 'nosuch'
		{"userns-remap": "default"}|setting 'userns-remap' is not supported: every container has the users of the host
		{"default-runtime": "nvidia"}|setting 'default-runtime' is not supported: containers are started by wherry itself
		{"proxies": {"http-proxy": "http://p:1"}}|set http_proxy, https_proxy and no_proxy in the daemon's environment
		{"hosts": ["tcp://0.0.0.0:2375"]}|--host 'tcp://0.0.0.0:2375': '0.0.0.0:2375' is not a loopback address
		{"hosts": ["tcp://[::]:2375"]}|--host 'tcp://[::]:2375': '[::]:2375' is not a loopback address
		{"hosts": ["tcp://:2375"]}|--host 'tcp://:2375': ':2375' is not a loopback address
		{"tlsverify": true}|TLS wants --tlscert and --tlskey
		{"log-level": "loud"}|log level 'loud'
		{"supervisor": "runit"}|--supervisor 'runit' is none of wherry, systemd
		[]|not an object of settings
	END
	for text in '' $' \n' '{}' '{"hosts": ["tcp://127.0.0.1:2375", "tcp://[::1]:2375", "tcp://localhost:2375"]}'; do
		printf %s "$text" >"$SCRATCH/right.json"
		wherryd --validate --config-file "$SCRATCH/right.json"
	done
	python3 -c 'print("{\"dns\":" + "[" * 2000 + "]" * 2000 + "}")' >"$SCRATCH/wrong.json"
	run wherryd --validate --config-file "$SCRATCH/wrong.json"
	[ "$status" = 1 ] && [[ $output == *"more than 512 levels"* ]]
}

@test "a daemon.json is taken as it is: what has no effect here is said, what asks for nothing is not" {
	cat >"$SCRATCH/right.json" <<-'END'
		{"exec-opts": ["native.cgroupdriver=systemd"], "log-driver": "json-file", "log-opts": {"max-size": "100m"},
		 "storage-driver": "overlay2", "storage-opts": ["overlay2.override_kernel_check=true"], "live-restore": true,
		 "features": {"buildkit": true}, "shutdown-timeout": 30, "experimental": false, "default-runtime": "runc",
		 "userns-remap": "", "ip6tables": true, "proxies": {}, "metrics-addr": "127.0.0.1:9323"}
	END
	run wherryd --validate --config-file "$SCRATCH/right.json"
	[ "$status" = 0 ]
	[ "$(grep -oE "setting=[a-z-]+" <<<"$output" | sort | xargs)" = \
		"setting=exec-opts setting=features setting=metrics-addr setting=shutdown-timeout setting=storage-opts" ]
	[[ $output == *"containers go on when the daemon ends"* ]]
}

@test "systemd as the supervisor is refused by name where it is not the first process" {
	[ ! -e /run/systemd/system ] || skip "systemd is the first process here"
	echo '{"supervisor": "systemd"}' >"$SCRATCH/wrong.json"
	for way in "--supervisor=systemd" "--config-file=$SCRATCH/wrong.json"; do
		run wherryd --validate "$way"
		[ "$status" = 1 ]
		[[ $output == *"--supervisor=systemd: systemd is not the first process here ('/run/systemd/system' is missing)"* ]]
	done
	wherryd --validate --supervisor=wherry
}

info() { api GET /info | jq -c "$1"; }

reload() { # JSON: as the file of a daemon that runs
	echo "$1" >"$SCRATCH/wherry.json"
	kill -HUP "$(daemon_pid)"
}

info_says() { [ "$(info "$1")" = "$2" ]; }

@test "labels, registries and the level of the log are read again while the daemon runs, and this is an event" {
	local began mirror=127.0.0.1:$((40000 + RANDOM % 9000))
	python3 -c 'import http.server, sys
class Mirror(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_error(404)
host, port = sys.argv[1].split(":")
http.server.HTTPServer((host, int(port)), Mirror).serve_forever()' "$mirror" 2>"$SCRATCH/mirror.log" &
	local server=$!
	wait_until 10 curl -so /dev/null "http://$mirror/"
	began=$(date +%s)
	reload '{"labels": ["a=b"], "registry-mirrors": ["http://'"$mirror"'"], "insecure-registries": ["r.test:1"], "debug": true}'
	wait_until 10 info_says .Labels '["a=b"]'
	info_says .RegistryConfig.Mirrors '["http://'"$mirror"'"]'
	info_says '.RegistryConfig.IndexConfigs["r.test:1"].Secure' false
	api GET "/events?since=$began&until=$(date +%s.%N)&filters=%7B%22type%22%3A%5B%22daemon%22%5D%7D" >"$SCRATCH/events"
	[ "$(jq -r '.Action, .Actor.Attributes.labels' "$SCRATCH/events")" = $'reload\n["a=b"]' ]
	timeout 20 wherry pull nothing/here >"$SCRATCH/pull" 2>&1 3>&- & # docker.io, which comes after it, may be out of reach
	local pull=$!
	wait_until 10 grep -q 'GET /v2/nothing/here/manifests/latest' "$SCRATCH/mirror.log"
	kill "$pull" "$server"
	wait "$pull" "$server" || true

	reload '{"labels": ["wrong"]}' # all of it stays as it is
	wait_until 10 grep -q "settings not read again.*--label 'wrong' wants" "$SCRATCH/wherryd.log"
	info_says .Labels '["a=b"]'
	reload '' # as none
	wait_until 10 info_says .Labels '[]'
	info_says .RegistryConfig.Mirrors '[]'
}

@test "a daemon that is started without input, output and log has none of its files in their place" {
	local flags
	daemon_stop
	mapfile -t flags < <(daemon_flags)
	wherryd "${flags[@]}" --no-supervisor <&- >&- 2>&- 3>&- &
	echo $! >"$SCRATCH/daemon"
	wait_until 20 curl -sfo /dev/null --unix-socket "$SOCKET" http://wherry/_ping
	[ "$(readlink "/proc/$!/fd/"{0,1,2} | sort -u)" = /dev/null ]
	[ "$(in_container "echo runs")" = runs ]
}
