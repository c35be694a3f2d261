#!/usr/bin/env bats
# What starts units: timers, sockets, paths; and mounts.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }
setup() {
	UNITS=$SCRATCH/units RECORD=$SCRATCH/record
	: >"$RECORD"
}
teardown() { units_stop_all; }

timer() { # NAME LINE...
	printf '[Timer]\n' >"$UNITS/$1.timer"
	printf '%s\n' "${@:2}" >>"$UNITS/$1.timer"
}

@test "a timer starts its service, and again after it" {
	unit t1 1shot 'Start=L tick'
	timer t1 OnActiveSec=0.2 OnUnitActiveSec=0.3 AccuracySec=1ms
	start t1.timer
	wait_until 10 eval '[ "$(grep -c tick "$RECORD")" -ge 3 ]'
	[ "$(get '/timers' | jq -r '.[] | select(.Unit == "t1.timer") | .Activates')" = t1.service ]
	[ "$(get '/timers' | jq '.[] | select(.Unit == "t1.timer") | .Last_us')" -gt 0 ]
	stop t1.timer
	expect "$(state t1.timer)" inactive/dead
	wait_until 10 eval '[ "$(get "/journal?unit=t1.timer&output=cat" | paste -sd" ")" = "Started t1.timer. Stopped t1.timer." ]'
}

@test "a calendar is kept: the next moment is told, and comes" {
	unit t2 1shot 'Start=L tick'
	timer t2 'OnCalendar=*:*:*' AccuracySec=1ms
	start t2.timer
	[[ $(state t2.timer) == active/* ]]
	wait_until 10 eval '[ "$(grep -c tick "$RECORD")" -ge 2 ]'
	unit t3 1shot Start=true
	timer t3 'OnCalendar=2099-01-01 00:00:00 UTC'
	start t3.timer
	expect "$(get '/timers' | jq '.[] | select(.Unit == "t3.timer") | .Next_us')" 4070908800000000
}

# By a microsecond: the host has one clock, and others live by it.
set_clock() {
	python3 - <<-'P'
	import ctypes
	timex = (ctypes.c_char * 256)()
	timex[0:4] = (0x100).to_bytes(4, "little")  # modes: ADJ_SETOFFSET
	timex[80:88] = (1).to_bytes(8, "little")  # time.tv_usec
	assert ctypes.CDLL(None, use_errno=True).adjtimex(timex) >= 0, ctypes.get_errno()
	P
}

@test "a clock that is set, and another time zone, set off who waits for that alone" {
	unit clock 1shot 'Start=L clock'
	timer clock OnClockChange=yes
	unit zone 1shot 'Start=L zone'
	timer zone OnTimezoneChange=yes
	start clock.timer zone.timer
	expect "$(state clock.timer)" active/waiting
	expect "$(state zone.timer)" active/waiting
	set_clock
	records "[clock]"
	comes_to clock.timer active/waiting
	mkdir "$SCRATCH/etc-upper" "$SCRATCH/etc-work"
	mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/etc-upper,workdir=$SCRATCH/etc-work" overlay /etc
	daemon_kill # the next one sees that /etc
	units_daemon
	expect "$(state zone.timer)" active/waiting
	touch /etc/other
	ln -s /usr/share/zoneinfo/UTC /etc/localtime.new
	mv /etc/localtime.new /etc/localtime
	records "[clock] [zone]"
	stop clock.timer zone.timer
	umount -l /etc
}

@test "a timer goes on after kill -9 of the daemon, and knows when it went off" {
	unit t4 1shot 'Start=L tick'
	timer t4 OnActiveSec=1 AccuracySec=1ms
	unit late 1shot 'Start=L late'
	timer late OnActiveSec=1h AccuracySec=1ms
	start late.timer
	local next=$(get '/timers' | jq '.[] | select(.Unit == "late.timer") | .Next_us')
	start t4.timer
	daemon_kill
	units_daemon
	local again=$(get '/timers' | jq '.[] | select(.Unit == "late.timer") | .Next_us')
	[ $((next - again)) -lt 100000 ]
	[ $((again - next)) -lt 100000 ]
	records "[tick]"
	comes_to t4.timer active/elapsed
	local last=$(get '/timers' | jq '.[] | select(.Unit == "t4.timer") | .Last_us')
	daemon_kill
	units_daemon
	expect "$(get '/timers' | jq '.[] | select(.Unit == "t4.timer") | .Last_us')" "$last"
	expect "$(state t4.timer)" active/elapsed
}

@test "a timer without a moment is a bad setting, one without its service cannot start" {
	unit t5 1shot Start=true
	timer t5 Unit=t5.service
	run start t5.timer
	[ "$status" = 1 ]
	timer t6 OnActiveSec=1
	run start t6.timer
	[ "$status" = 1 ]
	expect "$(state t6.timer)" inactive/dead
}

@test "a socket starts its service with the first connection, which gets the descriptor" {
	printf '[Socket]\nListenStream=%s/s.sock\n' "$SCRATCH" >"$UNITS/s.socket"
	unit s "Start=sh{echo \$LISTEN_FDS \$LISTEN_FDNAMES >>$RECORD; exec sleep 1000}"
	start s.socket
	expect "$(state s.socket)" active/listening
	[ -S "$SCRATCH/s.sock" ]
	expect "$(active s)" inactive
	expect "$(get /units/s.socket | jq -r '.Listen[0]')" "$SCRATCH/s.sock (Stream)"
	timeout 60 socat -u OPEN:/dev/null "UNIX-CONNECT:$SCRATCH/s.sock" 3>&-
	becomes s active
	records "1 s.socket"
	expect "$(state s.socket)" active/running
	stop s
	stop s.socket
}

@test "Accept=yes: a service for each connection" {
	printf '[Socket]\nListenStream=%s/a.sock\nAccept=yes\n' "$SCRATCH" >"$UNITS/a.socket"
	unit a@ StandardInput=socket StandardOutput=socket 'Start=sh{read line; echo "got $line"}'
	start a.socket
	expect "$(echo hello | timeout 60 socat -t 60 - "UNIX-CONNECT:$SCRATCH/a.sock" 3>&-)" "got hello"
	expect "$(echo again | timeout 60 socat -t 60 - "UNIX-CONNECT:$SCRATCH/a.sock" 3>&-)" "got again"
	wait_until 10 eval '[ "$(get "/units?all=1&pattern=a@*" | jq length)" = 0 ]' # none is kept
	stop a.socket
}

@test "a path that comes to be starts its service, and again while it is there" {
	printf '[Path]\nPathExists=%s/flag\n' "$SCRATCH" >"$UNITS/p.path"
	unit p 1shot "Start=sh{rm $SCRATCH/flag; echo seen >>$RECORD}"
	start p.path
	expect "$(state p.path)" active/waiting
	touch "$SCRATCH/flag"
	records "seen"
	wait_until 10 has_state p.path active/waiting
	touch "$SCRATCH/flag"
	records "seen seen"
}

@test "a path that is written, and a folder that fills" {
	echo 1 >"$SCRATCH/written"
	printf '[Path]\nPathChanged=%s/written\n' "$SCRATCH" >"$UNITS/c.path"
	unit c 1shot "Start=sh{echo changed >>$RECORD}"
	start c.path
	echo 2 >"$SCRATCH/written"
	records "changed"
	printf '[Path]\nDirectoryNotEmpty=%s/spool\nMakeDirectory=yes\n' "$SCRATCH" >"$UNITS/d.path"
	unit d 1shot "Start=sh{rm $SCRATCH/spool/*; echo filled >>$RECORD}"
	start d.path
	[ -d "$SCRATCH/spool" ]
	touch "$SCRATCH/spool/x"
	records "changed filled"
}

@test "mounts: a tmpfs comes and goes" {
	local where=$SCRATCH/mnt name
	mkdir -p "$where"
	name=$(tr / - <<<"${where#/}" | sed 's/wherry-test/wherry\\x2dtest/').mount
	printf '[Mount]\nWhat=tmpfs\nWhere=%s\nType=tmpfs\n' "$where" >"$UNITS/$name"
	start "$name"
	mountpoint -q "$where"
	[[ $(get "/units?pattern=$(jq -rn --arg n "$name" '$n|@uri')" | jq -r '.[].SubState') == mounted ]]
	stop "$name"
	refuted mountpoint -q "$where"
}

@test "a socket that is asked too often fails, and can be started again" {
	unit many@ StandardInput=socket 'Start=L one'
	printf '[Socket]\nListenStream=%s/many.sock\nAccept=yes\nTriggerLimitBurst=3\nTriggerLimitIntervalSec=1h\n' "$SCRATCH" >"$UNITS/many.socket"
	start many.socket
	for i in 1 2 3 4; do socat -u /dev/null "UNIX-CONNECT:$SCRATCH/many.sock"; done
	comes_to many.socket failed/failed
	expect "$(result many.socket)" trigger-limit-hit
	wait_until 10 has_journal many.socket "many.socket: Failed with result 'trigger-limit-hit'."
	start many.socket
	comes_to many.socket active/listening
	expect "$(result many.socket)" success
}

@test "sockets and fifos have the owner and the mode that their unit says" {
	printf '[Socket]\nListenStream=%s/o.sock\nListenFIFO=%s/o.fifo\nSocketMode=0640\nSocketUser=daemon\nSocketGroup=sys\n' \
		"$SCRATCH" "$SCRATCH" >"$UNITS/o.socket"
	unit o Start=Z
	start o.socket
	expect "$(stat -c '%F %a %U %G' "$SCRATCH/o.sock")" "socket 640 daemon sys"
	expect "$(stat -c '%F %a %U %G' "$SCRATCH/o.fifo")" "fifo 640 daemon sys"
	stop o.socket
	printf '[Socket]\nListenStream=%s/o.sock\n' "$SCRATCH" >"$UNITS/o.socket"
	reload
	start o.socket
	expect "$(stat -c '%a %U' "$SCRATCH/o.sock")" "666 root"
	stop o.socket
}

@test "a socket whose service never takes its traffic fails with it" {
	unit broken 'Start=F 0' StartLimitBurst=2 StartLimitIntervalSec=1h
	printf '[Socket]\nListenStream=%s/broken.sock\n' "$SCRATCH" >"$UNITS/broken.socket"
	start broken.socket
	socat -u /dev/null "UNIX-CONNECT:$SCRATCH/broken.sock"
	comes_to broken.socket failed/failed
	expect "$(result broken.socket)" service-start-limit-hit
	expect "$(active broken)" failed
}
