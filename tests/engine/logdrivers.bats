# Log drivers: what is kept and what is sent where, with servers of our own in the scratch folder, and what
# `logs` shows whatever the driver.

load daemon
load life

teardown() {
	remove_all_containers
	[ ! -e "$SCRATCH/server" ] || server_end
}

# server ADDRESS: all that comes goes to $SCRATCH/received; server_end ends it.
server() {
	rm -f "$SCRATCH/received"
	socat -u "$1" "OPEN:$SCRATCH/received,creat,append" 3>&- &
	echo $! >"$SCRATCH/server"
}
server_end() {
	local pid
	pid=$(cat "$SCRATCH/server")
	rm "$SCRATCH/server"
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || wait_until 10 has_ended "$pid"
}
received() { grep -qsaE "$1" "$SCRATCH/received"; }
free_port() { echo $((20000 + RANDOM % 12000)); }

# logging TYPE OPTIONS COMMAND: members of a container; COMMAND is a shell's.
logging() { jq -cn --arg t "$1" --argjson o "$2" --arg c "$3" '{Cmd: ["sh", "-c", $c], HostConfig: {LogConfig: {Type: $t, Config: $o}}} | tostring | .[1:-1]' -r; }
log_text() { wherry logs "$@" 2>&1; }
refused() {
	api POST /containers/create "{\"Image\":\"busybox\",\"HostConfig\":{\"LogConfig\":{\"Type\":\"$1\",\"Config\":$2}}}" >/dev/null
	expect_status "$3"
	[ "$(jq -r .message "$SCRATCH/body")" = "$4" ]
}

@test "syslog over a unix socket: priority, tag, and logs can be read all the same" {
	server "UNIX-RECV:$SCRATCH/log.sock"
	wait_until 10 test -S "$SCRATCH/log.sock"
	run_container s1 "$(logging syslog "{\"syslog-address\":\"unixgram://$SCRATCH/log.sock\",\"tag\":\"{{.Name}}/{{.ImageName}}\"}" 'echo to out; echo to err >&2; printf unfinished')"
	wait_until 10 received unfinished
	wait_until 10 received '^<30>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} s1/busybox\[[0-9]+\]: to out$'
	wait_until 10 received '^<27>.* s1/busybox\[[0-9]+\]: to err$'
	wait_until 10 inspects s1 .State.Status exited
	log_text s1 | grep -q 'to out'
	log_text s1 | grep -q 'to err'
	inspects s1 .LogPath ""
}

@test "syslog over UDP with the formats of the RFCs, facility and the id as tag" {
	local port id
	port=$(free_port)
	server "UDP-RECV:$port,bind=127.0.0.1"
	id=$(run_container s2 "$(logging syslog "{\"syslog-address\":\"udp://127.0.0.1:$port\",\"syslog-format\":\"rfc5424micro\",\"syslog-facility\":\"local3\"}" 'while sleep 0.1; do echo hello; done')")
	wait_until 10 received "^<158>1 [0-9]{4}-[0-9-]{5}T[0-9:]{8}\.[0-9]{6}[Z+-].* $(hostname) ${id:0:12} [0-9]+ ${id:0:12} - hello$"
	run_container s3 "$(logging syslog "{\"syslog-address\":\"udp://localhost:$port\",\"syslog-format\":\"rfc3164\",\"syslog-facility\":\"16\",\"tag\":\"t\"}" 'while sleep 0.1; do echo by name; done')"
	wait_until 10 received "^<134>.* $(hostname) t\[[0-9]+\]: by name$"
}

@test "syslog over TCP survives a server that comes late, goes and comes back" {
	local port
	port=$(free_port)
	run_container s4 "$(logging syslog "{\"syslog-address\":\"tcp://127.0.0.1:$port\",\"syslog-format\":\"rfc5424\"}" 'i=0; while sleep 0.05; do i=$((i + 1)); echo "line $i."; done')"
	inspects s4 .State.Running true # nobody is there, and it runs
	server "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr"
	wait_until 15 received ' - line 1\.$' # what waited is there from its beginning
	server_end
	daemon_kill # nobody but the shim sends
	server "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr"
	wait_until 15 received ' - line [0-9]+\.$'
	daemon_start
	refuted grep -vqaE '^<30>1 .* - line [0-9]+\.$' <(sed '$d' "$SCRATCH/received") # no half a message, but for the one that is coming
}

@test "a server that never comes holds nobody up: lines are lost, counted and told" {
	run_container s5 "$(logging syslog "{\"syslog-address\":\"tcp://127.0.0.1:1\",\"cache-disabled\":\"true\"}" 'yes | head -c 3000000')"
	wait_until 20 inspects s5 .State.Status exited
	told() { grep -q 'lines of output did not reach the log server' "$SCRATCH/wherryd.log"; }
	wait_until 10 told
	api GET '/containers/s5/logs?stdout=1'
	expect_status 501
	[ "$(jq -r .message "$SCRATCH/body")" = "configured logging driver does not support reading" ]
}

@test "local keeps what logs shows, rotated and bounded, and tells no path" {
	run_container l1 "$(logging local '{"max-size":"20k","max-file":"3"}' 'for i in $(seq 2000); do echo "line $i of many"; done')"
	wait_until 10 inspects l1 .State.Status exited
	inspects l1 .LogPath ""
	log_text l1 | grep -q 'line 2000 of many'
	if log_text l1 | grep -q 'line 1 of many'; then return 1; fi
	wait_until 20 compressed_all l1 2
}

# compressed_all NAME: what was rotated is compressed, and nothing is half done.
compressed_all() {
	local folder
	folder=$SCRATCH/data/containers/$(inspect "$1" .Id)
	[ "$(find "$folder" -maxdepth 1 -name '*.log.*.gz' | wc -l)" = "$2" ] &&
		[ -z "$(find "$folder" -maxdepth 1 \( -name '*.log.[0-9]' -o -name '.*.gz' \))" ]
}

@test "rotated files are compressed when asked for, and read back whole, in order, from their end and while followed" {
	run_container z1 "$(logging json-file '{"max-size":"40k","max-file":"9","compress":"true"}' 'for i in $(seq 3000); do echo "line $i."; done; while [ ! -e /go ]; do sleep 0.1; done; for i in $(seq 3001 4000); do echo "line $i."; done; sleep 1000')"
	wait_until 10 logs_hold z1 'line 3000\.'
	wait_until 30 compressed_all z1 5
	log_text z1 | cmp - <(seq -f 'line %g.' 3000)
	log_text --tail 1500 z1 | cmp - <(seq -f 'line %g.' 1501 3000)
	wherry logs -f --tail 10 z1 >"$SCRATCH/followed" 3>&- &
	follower=$!
	wait_until 10 grep -qa 'line 3000\.' "$SCRATCH/followed"
	exec_says z1 '["sh","-c","touch /go; echo gone"]' gone
	wait_until 20 grep -qa 'line 4000\.' "$SCRATCH/followed"
	kill $follower
	cmp "$SCRATCH/followed" <(seq -f 'line %g.' 2991 4000)
	wait_until 30 compressed_all z1 7
	api POST '/containers/z1/stop?t=0'
	log_text z1 | cmp - <(seq -f 'line %g.' 4000) # now by a process that has no shim
	api POST '/containers/z1/start'
	wait_until 10 logs_hold z1 'line 1\.'
}

@test "attributes by name and by pattern, and a tag, stand in each line and in the details" {
	run_container a1 '"Cmd":["echo","said"],"Labels":{"role":"db","other":"x","app.one":"1"},"Env":["STAGE=test","MODE=y"],"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"labels":"role","labels-regex":"^app","env":"STAGE","env-regex":"^MO","tag":"{{.Name}}"}}}'
	wait_until 10 inspects a1 .State.Status exited
	[ "$(jq -c .attrs "$(inspect a1 .LogPath)")" = '{"MODE":"y","STAGE":"test","app.one":"1","role":"db","tag":"a1"}' ]
	api GET '/containers/a1/logs?stdout=1&details=1' | grep -qa 'MODE=y,STAGE=test,app.one=1,role=db,tag=a1 said'
}

@test "what is no driver, or no option of it, is refused by name" {
	refused fluentd '{}' 400 "logger: no log driver named 'fluentd' is registered"
	refused local '{"tag":"x"}' 400 "unknown log opt 'tag' for local log driver"
	refused syslog '{"syslog-address":"tcp+tls://h:6514"}' 501 "syslog over TLS (tcp+tls) is not supported by this version: send to a relay on this host"
	refused syslog '{"syslog-facility":"zz"}' 400 "invalid syslog facility"
	refused json-file '{"mode":"fast"}' 400 "logger: logging mode not supported: fast"
	run wherryd --validate --log-driver gelf
	[ "$status" != 0 ]
	[[ $output == *"logger: no log driver named 'gelf' is registered"* ]]
}

# entries OUTPUT: the journal of the host, read without the daemon.
entries() { "$WHERRY_BUILD/bench/journal" read "$SCRATCH/data/journal" "$1"; }
entry_is() { entries json | jq -se "any(.[]; $1)" >/dev/null; }

# The journal's socket has one place only, so that the daemon gets a /run of its own.
in_journald_s_place() {
	rm -f "$SCRATCH/received"
	exec unshare -m --propagation private sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal || exit 1
		socat -u UNIX-RECV:/run/systemd/journal/socket "OPEN:$SCRATCH/received,creat,append" & echo $! >"$SCRATCH/server"
		until [ -S /run/systemd/journal/socket ]; do sleep 0.1; done
		exec "$0" "$@"' "$WHERRY_BUILD/wherryd" "$@"
}

@test "journald gets entries with the fields that its readers know, and logs shows them too" {
	daemon_stop
	wherryd() { in_journald_s_place "$@"; }
	daemon_start
	run_container j2 "$(logging journald '{"tag":"{{.Name}}","labels":"app.role","env":"STAGE"}' 'echo to out; echo to err >&2')"',"Labels":{"app.role":"db"},"Env":["STAGE=test"]'
	wait_until 10 received '^MESSAGE=to err$'
	for line in 'MESSAGE=to out' PRIORITY=6 PRIORITY=3 CONTAINER_NAME=j2 CONTAINER_TAG=j2 SYSLOG_IDENTIFIER=j2 \
		IMAGE_NAME=busybox "CONTAINER_ID_FULL=$(inspect j2 .Id)" APP_ROLE=db STAGE=test; do
		wait_until 10 received "^$line\$"
	done
	wait_until 10 inspects j2 .State.Status exited
	log_text j2 | grep -q 'to out'
	unset -f wherryd
	daemon_stop
	daemon_start
	busybox_image
}

@test "the host's own journal is exported to journald where that is asked for" {
	daemon_stop
	wherryd() { in_journald_s_place "$@"; }
	daemon_start --journal-export
	run_container o5 "$(logging journal '{}' 'echo to out; echo to err >&2')"
	wait_until 10 received '^MESSAGE=to err$'
	for line in 'MESSAGE=to out' PRIORITY=6 PRIORITY=3 CONTAINER_NAME=o5 SYSLOG_IDENTIFIER=o5 "CONTAINER_ID_FULL=$(inspect o5 .Id)"; do
		wait_until 10 received "^$line\$"
	done
	entry_is '.MESSAGE == "to out" and .SYSLOG_IDENTIFIER == "o5"'
	unset -f wherryd
	daemon_stop
	daemon_start
	busybox_image
}

@test "without a journal journald fails the start and says so" {
	[ ! -S /run/systemd/journal/socket ] || return 0 # the next one tests it
	api POST /containers/create?name=j1 "{\"Image\":\"busybox\",$(logging journald '{}' 'echo x')}" >/dev/null
	api POST /containers/j1/start >/dev/null
	expect_status 500
	[ "$(jq -r .message "$SCRATCH/body")" = "failed to initialize logging driver: journald is not enabled on this host" ]
	inspects j1 .State.Status created
}

@test "replayed lines of one stream share frames up to 64 KB; who follows gets one a line" {
	run_container f1 '"Cmd":["sh","-c","yes 0123456789 | head -n 20000; echo last; while ! [ -e /go ]; do sleep 0.1; done; yes abcdef | head -n 50; echo end; sleep 1000"]'
	wait_until 10 logs_hold f1 last
	frames() { python3 -c '
import sys
data = sys.stdin.buffer.read()
sizes = []
while data:
    size = int.from_bytes(data[4:8], "big")
    sizes.append(size)
    data = data[8 + size:]
print(len(sizes), max(sizes))'; }
	read -r count biggest < <(api GET '/containers/f1/logs?stdout=1' | frames)
	[ "$count" -lt 20 ]
	[ "$biggest" -gt 60000 ]
	[ "$biggest" -le 66000 ]
	curl -sSN --unix-socket "$SOCKET" 'http://wherry/containers/f1/logs?stdout=1&follow=1&tail=1' >"$SCRATCH/followed" 3>&- &
	follower=$!
	wait_until 10 grep -qa last "$SCRATCH/followed"
	exec_says f1 '["sh","-c","touch /go; echo gone"]' gone
	wait_until 10 grep -qa end "$SCRATCH/followed"
	kill $follower
	read -r count biggest < <(frames <"$SCRATCH/followed")
	[ "$count $biggest" = "52 7" ]
}

@test "the daemon has a driver and options for those who name none, or only some" {
	daemon_stop
	daemon_start --log-driver local --log-opt max-size=30k --log-opt max-file=2
	busybox_image
	run_container d1 '"Cmd":["echo","by default"]'
	inspects d1 '.HostConfig.LogConfig | "\(.Type) \(.Config["max-size"]) \(.Config["max-file"])"' "local 30k 2"
	wait_until 10 inspects d1 .State.Status exited
	[ "$(log_text d1)" = "by default" ]
	run_container d2 '"Cmd":["true"],"HostConfig":{"LogConfig":{"Type":"","Config":{"max-file":"4"}}}'
	inspects d2 '.HostConfig.LogConfig | "\(.Type) \(.Config["max-size"]) \(.Config["max-file"])"' "local 30k 4"
	run_container d3 '"Cmd":["true"],"HostConfig":{"LogConfig":{"Type":"json-file"}}'
	inspects d3 '.HostConfig.LogConfig | "\(.Type) \(.Config | length)"' "json-file 0"
	[ "$(api GET /info | jq -r '.LoggingDriver, (.Plugins.Log | join(","))' | tr '\n' ' ')" = "local journal,journald,json-file,local,none,syslog " ]
	daemon_stop
	daemon_start
	busybox_image
}

@test "the host's own journal gets entries with who said them, and logs shows them too" {
	run_container o1 "$(logging journal '{"labels":"app.role","env":"STAGE"}' 'echo to out; echo to err >&2; printf unfinished')"',"Labels":{"app.role":"db"},"Env":["STAGE=test"]'
	wait_until 10 inspects o1 .State.Status exited
	entry_is '.MESSAGE == "to out" and .PRIORITY == "6" and .SYSLOG_IDENTIFIER == "o1" and .CONTAINER_NAME == "o1"'
	entry_is ".MESSAGE == \"to err\" and .PRIORITY == \"3\" and .CONTAINER_ID_FULL == \"$(inspect o1 .Id)\" and .IMAGE_NAME == \"busybox\""
	entry_is '.MESSAGE == "unfinished" and .APP_ROLE == "db" and .STAGE == "test" and ._TRANSPORT == "stdout"'
	[ "$(entries short | grep -c " $(hostname) o1\[[0-9]*\]: ")" = 3 ]
	log_text o1 | grep -q 'to out'
	inspects o1 .LogPath ""
}

@test "a container whose lines are in the journal alone says so to logs; a tag is its identifier" {
	run_container o2 "$(logging journal '{"cache-disabled":"true","tag":"{{.ImageName}}/{{.Name}}"}' 'echo once')"
	wait_until 10 inspects o2 .State.Status exited
	entry_is '.MESSAGE == "once" and .SYSLOG_IDENTIFIER == "busybox/o2"'
	api GET '/containers/o2/logs?stdout=1' >/dev/null
	expect_status 501
	grep -q 'does not support reading' "$SCRATCH/body"
}

@test "a killed shim's lines stay in the journal, and the next container goes on with its file" {
	run_container o3 "$(logging journal '{}' 'echo first; sleep 1000')"
	wait_until 10 entry_is '.MESSAGE == "first"'
	kill -9 "$(awk '{print $4}' "/proc/$(inspect o3 .State.Pid)/stat")"
	wait_until 10 inspects o3 .State.Status exited
	files=$(ls "$SCRATCH/data/journal")
	run_container o4 "$(logging journal '{}' 'echo second')"
	wait_until 10 inspects o4 .State.Status exited
	entry_is '.MESSAGE == "first"'
	entry_is '.MESSAGE == "second"'
	[ "$(ls "$SCRATCH/data/journal")" = "$files" ]
}
