#!/usr/bin/env bats
# Units that do what they should not: each has its clear outcome, and leaves nothing behind.

load units

setup() { units_begin; }
teardown() { units_end; }

journal_of() { full "$1" && get "/journal?unit=$REPLY&output=cat"; }
says() { journal_of "$1" | grep -qF -- "$2"; }
processes_of() { find /sys/fs/cgroup -path "*/wt${SCRATCH##*.}/*$1.service*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }
all_gone() { [ -z "$(processes_of "$1")" ]; }

@test "a fork bomb stays within TasksMax=, and a stop ends all of it" {
	cat >"$SCRATCH/bin/bomb" <<-'END'
		#!/usr/bin/env python3
		import os, time
		while True:
		    try:
		        os.fork()
		    except OSError:
		        time.sleep(0.05)
	END
	chmod +x "$SCRATCH/bin/bomb"
	unit bomb TasksMax=40 "Start=$SCRATCH/bin/bomb" TimeoutStopSec=2
	start bomb
	wait_until 20 eval '[ "$(property bomb TasksCurrent)" = 40 ]'
	expect "$(get /state | jq -r .Host)" "$(hostname)" # others are served
	stop bomb >/dev/null
	all_gone bomb
	case $(state bomb) in inactive/dead | failed/failed) ;; *) return 1 ;; esac
}

@test "children that ignore SIGTERM and leave their parents are killed all the same" {
	unit deaf TimeoutStopSec=1 "Start=sh{for i in 1 2 3; do (trap \"\" TERM; setsid sh -c \"trap : TERM; while :; do sleep 1000; done\" & ) ; done; exec sleep 1000}"
	start deaf
	wait_until 10 eval '[ "$(processes_of deaf | wc -l)" -ge 7 ]'
	stop deaf >/dev/null
	all_gone deaf
	expect "$(result deaf)" timeout
}

@test "a double fork without a pid file: the process that is left is the main one" {
	unit daemon Type=forking "Start=sh{(setsid sleep 1000 & )}"
	start daemon
	comes_to daemon active/running
	wait_until 10 eval '[ "$(ps -o args= -p "$(main_pid daemon)")" = "sleep 1000" ]' # setsid becomes it
	kill -KILL "$(main_pid daemon)"
	becomes daemon failed
	expect "$(result daemon)" signal
}

@test "a pid file that names a process of somebody else is not believed" {
	sleep 1000 3>&- &
	local stranger=$!
	unit liar Type=forking "PIDFile=$SCRATCH/liar.pid" TimeoutStartSec=2 \
		"Start=sh{setpriv --reuid 65534 --clear-groups true; echo $stranger >$SCRATCH/liar.pid; chown 65534 $SCRATCH/liar.pid; (sleep 1000 &)}"
	run start liar
	expect "$status" 1
	[ "$(main_pid liar)" != "$stranger" ]
	kill -0 "$stranger"
	all_gone liar
	kill "$stranger"
}

# Only root may say that a process of somebody else is the main one, and a link of a service's is not his word.
@test "a link to a file of root's that names a stranger is not believed, and the file itself is" {
	local folder stranger
	folder=$(mktemp -d /run/wherry-pids-XXXXXX)
	chmod 755 "$folder"
	sleep 1000 3>&- &
	stranger=$!
	echo $stranger >"$folder/root.pid"
	install -d -o 65534 "$folder/service"
	unit thief Type=forking "PIDFile=$folder/service/thief.pid" TimeoutStartSec=2 User=65534 \
		"Start=sh{ln -s $folder/root.pid $folder/service/thief.pid; (sleep 1000 &)}"
	run start thief
	expect "$status" 1
	kill -0 "$stranger"
	all_gone thief
	unit keeper Type=forking "PIDFile=$folder/root.pid" "Start=sh{true}"
	start keeper
	comes_to keeper active/running
	expect "$(main_pid keeper)" "$stranger"
	kill "$stranger"
	rm -r "$folder"
}

@test "a link that a service puts in the place of its state folder is not followed, and one of root's is" {
	local name=inner${SCRATCH##*.}
	unit thief User=daemon Type=exec Start=Z "StateDirectory=$name $name/inner"
	start thief
	expect "$(stat -c %U "/var/lib/$name/inner")" daemon
	stop thief
	mkdir "$SCRATCH/victim" "$SCRATCH/elsewhere"
	rmdir "/var/lib/$name/inner"
	setpriv --reuid daemon --clear-groups ln -s "$SCRATCH/victim" "/var/lib/$name/inner"
	run start thief
	expect "$status" 1
	expect "$(stat -c %U "$SCRATCH/victim")" root
	rm -r "/var/lib/$name"
	ln -s "$SCRATCH/elsewhere" "/var/lib/$name"
	start thief
	expect "$(stat -c %U "$SCRATCH/elsewhere" "$SCRATCH/elsewhere/inner" | sort -u)" daemon
	stop thief
	rm "/var/lib/$name"
}

@test "a pid file with anything else in it is not believed" {
	local text
	for text in -1 1 abc 99999999999999999999; do
		unit nonsense Type=forking "PIDFile=$SCRATCH/nonsense.pid" TimeoutStartSec=1 \
			"Start=sh{echo $text >$SCRATCH/nonsense.pid}"
		reload
		run start nonsense
		expect "$status" 1
		expect "$(active nonsense)" failed
		send POST /reset-failed '{"Units": []}'
	done
	kill -0 1
}

has_status() { [ "$(property "$1" StatusText)" = "$2" ]; }

# Datagrams of one socket come in turn: once the unit's own is there, those of others have been seen.
@test "notifications of strangers do not count" {
	local socket
	mkfifo "$SCRATCH/own"
	unit n Type=notify "Start=$SCRATCH/bin/notify $SCRATCH/own" TimeoutStartSec=infinity
	NO_BLOCK=true start n
	exec 7>"$SCRATCH/own"
	wait_until 10 eval '[ "$(main_pid n)" -gt 0 ]'
	socket=$(tr '\0' '\n' <"/proc/$(main_pid n)/environ" | sed -n 's/^NOTIFY_SOCKET=//p')
	printf '%s\n' READY=1 MAINPID=1 STATUS=stranger STOPPING=1 | NOTIFY_SOCKET=$socket "$SCRATCH/bin/notify" /dev/stdin
	echo STATUS=own >&7
	wait_until 10 has_status n own
	expect "$(state n)" activating/start
	[ "$(main_pid n)" != 1 ]
	echo READY=1 >&7
	comes_to n active/running
	exec 7>&-
}

@test "a unit of 10,000 lines is loaded, with a warning for each line that is none" {
	{
		printf '[Unit]\n'
		for i in {1..3000}; do printf 'After=unit-%s.service\n' "$i"; done
		printf '[Service]\nExecStart=/bin/sleep 1000\n'
		for i in {1..3000}; do printf 'Environment=V%s=%s\n' "$i" "$i"; done
		for i in {1..4000}; do printf 'Nonsense%s=%s\n' "$i" "$i"; done
	} >"$UNITS/long.service"
	start long
	comes_to long active/running
	wait_until 10 eval '[ "$(cat "/proc/$(main_pid long)/comm")" = sleep ]'
	tr '\0' '\n' <"/proc/$(main_pid long)/environ" | grep -qx V3000=3000
	jq -n --rawfile t "$UNITS/long.service" '{Name: "long.service", File: "long.service", Text: $t}' >"$SCRATCH/body"
	expect "$(send POST /verify "@$SCRATCH/body" | jq '.Problems | length')" 4000
}

@test "an environment file that is a fifo fails the start, and holds nobody" {
	mkfifo "$SCRATCH/fifo"
	unit e "EnvironmentFile=$SCRATCH/fifo" Start=Z
	unit other Start=Z
	run start e
	expect "$status" 1
	expect "$(result e)" resources
	start other
	expect "$(active other)" active
}

@test "what needs itself, over three others, is not started, and the circle is named" {
	unit a Requires=b.service After=b.service Start=Z
	unit b Requires=c.service After=c.service Start=Z
	unit c Requires=a.service After=a.service Start=Z
	run start a
	expect "$status" 1
	[[ $output == *"Transaction order is cyclic"* ]]
	wait_until 5 says a "b.service"
	local name
	for name in a b c; do expect "$(active $name)" inactive; done
}
