#!/usr/bin/env bats
# Instances of templates: while they run, have failed, are enabled or are named by others they are known; then they are
# forgotten.

load units

setup() {
	units_begin
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/systemctl"
	PATH=$SCRATCH/bin:$PATH
}
teardown() { units_end; }

listed() { systemctl list-units --all --no-legend --plain | grep -oE '^w[a-z]*@[^ ]*' | sort | paste -sd' '; }
folders() { (cd "$SCRATCH/run/u" && find . -maxdepth 1 -name 'w*@*' -printf '%f\n' | sort | paste -sd' '); }

# known NAME...: the list and the run folders have these instances and no other.
is_known() { [ "$(listed)" = "$*" ] && [ "$(folders)" = "$*" ]; }
known() { wait_until 10 is_known "$@" || { echo "# listed: $(listed), folders: $(folders)" >&2; return 1; }; }
is_listed() { [ "$(listed)" = "$*" ]; }
comes_to_be_listed() { wait_until 10 is_listed "$@" || { echo "# listed: $(listed)" >&2; return 1; }; }

@test "an instance that is over is in no list, and has no folder; the next start is one as any other" {
	unit w@ 'Start=sh{echo run %i; exec sleep 1000}' TimeoutStopSec=5
	unit wonce@ 1shot 'Start=L %i'
	start w@1 w@2
	known w@1.service w@2.service
	start wonce@a
	records "[a]"
	stop w@1
	known w@2.service
	expect "$(state w@1)" inactive/dead
	expect "$(property w@1 LoadState)" loaded
	known w@2.service # asking for one does not bring it back
	wherry journal -u w@1 -o cat | grep -qx "run 1"
	start w@1
	known w@1.service w@2.service
	expect "$(state w@1)" active/running
	stop w@1 w@2
	known
}

@test "one that has failed stays until that is reset" {
	unit w@ 'Start=F %i'
	start w@0 w@3 w@4
	known w@3.service w@4.service
	expect "$(state w@3)" failed/failed
	daemon_kill
	units_daemon
	known w@3.service w@4.service
	expect "$(result w@3)" exit-code
	systemctl reset-failed w@3
	known w@4.service
	expect "$(state w@3)" inactive/dead
	systemctl reset-failed
	known
}

@test "one that others name, or that is enabled, stays" {
	unit w@ Start=Z
	printf '[Install]\nWantedBy=multi-user.target\n' >>"$UNITS/w@.service"
	unit other 1shot After=w@after.service Start=Z
	unit wtick@ 1shot 'Start=L %i'
	printf '[Timer]\nOnCalendar=2099-01-01\n' >"$UNITS/wtick@.timer"
	systemctl enable w@enabled
	systemctl daemon-reload
	start w@after w@enabled w@free wtick@1.timer wtick@1.service
	records "[1]"
	stop w@after w@enabled w@free
	comes_to_be_listed w@after.service w@enabled.service wtick@1.service wtick@1.timer
	expect "$(state w@enabled)" inactive/dead
	systemctl disable w@enabled
	systemctl daemon-reload
	rm "$UNITS/other.service"
	systemctl daemon-reload
	comes_to_be_listed wtick@1.service wtick@1.timer
	stop wtick@1.timer
	known
}

@test "those that name each other go when the last is over" {
	unit w@ Wants=wdb@%i.service After=wdb@%i.service Start=Z
	unit wdb@ PartOf=w@%i.service Start=Z
	start w@1 w@2
	known w@1.service w@2.service wdb@1.service wdb@2.service
	kill_unit wdb@1 15
	becomes wdb@1 inactive
	known w@1.service w@2.service wdb@1.service wdb@2.service
	stop w@1
	known w@2.service wdb@2.service
	start w@1
	expect "$(state wdb@1)" active/running
	stop w@1 w@2
	known
}

@test "who is started by the end of one is told whose it was" {
	unit w@ 1shot OnSuccess=report.service 'Start=L %i'
	unit slow 1shot 'Start=sh{sleep 1}'
	unit report 1shot Requires=slow.service After=slow.service "Start=sh{echo \$MONITOR_UNIT >>$RECORD}"
	start w@1
	records "[1] w@1.service"
	known
}

@test "what ended while there was no daemon is forgotten by the next" {
	unit w@ "Start=sh{while [ ! -e $SCRATCH/end.%i ]; do sleep 0.1; done}"
	start w@1 w@2
	daemon_kill
	touch "$SCRATCH/end.1"
	wait_until 10 eval 'grep -q . "$SCRATCH/run/u/w@1.service/state" && [ -z "$(pgrep -f "end.1 ")" ]'
	units_daemon
	known w@2.service
	expect "$(state w@2)" active/running
	touch "$SCRATCH/end.2"
	known
}

@test "many that come and go, and come back at once, while somebody asks for them" {
	unit w@ Type=exec StartLimitIntervalSec=0 'Start=sh{[ %i != 7 ] || exec sleep 1000}'
	(
		exec 3>&-
		while [ -S "$SOCKET" ] && [ ! -e "$SCRATCH/enough" ]; do get_unit w@7 | jq -r '.Properties.LoadState // .message'; done >"$SCRATCH/asked"
	) &
	local asker=$! i
	for i in {1..25}; do
		start "w@$((100 + i))" "w@$((200 + i))" "w@$((300 + i))" w@7
		expect "$(active w@7)" active
		[ -e "$SCRATCH/run/u/w@7.service/state" ]
		stop w@7
	done
	touch "$SCRATCH/enough"
	wait $asker
	expect "$(sort -u "$SCRATCH/asked")" loaded
	known
	expect "$(get "/units?all=1&pattern=w@*" | jq length)" 0
}
