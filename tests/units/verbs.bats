#!/usr/bin/env bats
# systemctl's less usual verbs, under its name.

load units

setup() {
	units_begin
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/systemctl"
	PATH=$SCRATCH/bin:$PATH
}
teardown() { units_end; }

# said PATTERN: the last command's words hold it.
said() { [[ $output == *"$1"* ]] || { echo "# no '$1' in: $output" >&2; return 1; }; }
fails() { # CODE COMMAND...
	local code=$1
	shift
	run "$@"
	[ "$status" = "$code" ] || { echo "# $*: $status instead of $code: $output" >&2; return 1; }
}
works() { fails 0 "$@"; }

# limit_of UNIT: what the kernel has as its number of processes.
limit_of() { find /sys/fs/cgroup -path "*/wt${SCRATCH##*.}/system.slice/$1.service/pids.max" -exec cat {} + | head -1; }

@test "set-property limits a unit that runs, and its next start" {
	unit a Start=Z
	systemctl start a
	local pid=$(main_pid a)
	works systemctl set-property a TasksMax=23 CPUWeight=50
	[ -z "$output" ]
	expect "$(limit_of a)" 23
	expect "$(main_pid a)" "$pid"
	expect "$(systemctl show a -p TasksMax --value)" 23
	grep -qx CPUWeight=50 "$UNITS/a.service.d/50-CPUWeight.conf"
	systemctl restart a
	expect "$(limit_of a)" 23
	works systemctl set-property --runtime a TasksMax=24
	[ -f "$SCRATCH/units-run/a.service.d/50-TasksMax.conf" ]
	expect "$(systemctl show a -p NeedDaemonReload --value)" no
}

has_limit() { [ "$(limit_of "$1")" = "$2" ]; }

@test "a reload of changed files sets the limits of what runs" {
	unit a Start=Z TasksMax=20
	unit b Start=Z TasksMax=20
	start a b
	local pid=$(main_pid a)
	mkdir "$UNITS/a.service.d"
	printf '[Service]\nTasksMax=21\n' >"$UNITS/a.service.d/x.conf"
	systemctl daemon-reload
	wait_until 10 has_limit a 21
	has_limit b 20
	expect "$(main_pid a)" "$pid"
}

@test "what cannot be set is refused, and nothing is written" {
	unit a Start=Z
	fails 1 systemctl set-property a Description=x
	said "Cannot set property Description of a.service"
	fails 1 systemctl set-property a TasksMax=many
	said "Cannot set TasksMax of a.service"
	fails 1 systemctl set-property a TasksMax=5 TasksMax
	said "Not an assignment: TasksMax"
	fails 1 systemctl set-property a "TasksMax=5"$'\n'"ExecStart=/bin/false"
	fails 1 systemctl set-property nope TasksMax=5
	said "Unit nope.service not found."
	fails 1 systemctl set-property docker TasksMax=5
	[ ! -e "$UNITS/a.service.d" ] && [ ! -e "$UNITS/docker.service.d" ]
}

@test "revert takes drop-ins and masks away" {
	unit a Start=Z
	systemctl set-property a TasksMax=23
	systemctl set-property --runtime a TasksMax=24
	works systemctl revert a
	said "Removed \"$UNITS/a.service.d\"."
	said "Removed \"$SCRATCH/units-run/a.service.d\"."
	[ -f "$UNITS/a.service" ]
	systemctl mask other
	works systemctl revert other
	said "Removed \"$UNITS/other.service\"."
	works systemctl revert a
	[ -z "$output" ]
}

@test "add-wants and add-requires link what has no [Install]" {
	unit a Start=Z
	unit lonely.target
	works systemctl add-wants lonely.target a
	said "Created symlink $UNITS/lonely.target.wants/a.service → $UNITS/a.service."
	works systemctl add-requires lonely a # a target by its short name
	said "$UNITS/lonely.target.requires/a.service"
	systemctl start lonely.target
	expect "$(active a)" active
	fails 1 systemctl add-wants lonely.target nope
	said "Unit file nope.service does not exist."
	works systemctl disable a
	[ ! -e "$UNITS/lonely.target.wants" ]
}

@test "preset enables what can be, and is silent about the rest" {
	unit a Start=Z
	unit b Start=Z
	printf '[Install]\nWantedBy=multi-user.target\n' >>"$UNITS/a.service"
	works systemctl preset a b
	expect "$output" "Created symlink $UNITS/multi-user.target.wants/a.service → $UNITS/a.service."
	expect "$(systemctl is-enabled a)" enabled
}

@test "clean removes folders of a unit that does not run" {
	local name=wt${SCRATCH##*.}
	unit a 1shot RemainAfterExit=yes "Start=L ok" StateDirectory=$name CacheDirectory=$name
	systemctl start a
	[ -d "/var/lib/$name" ] && [ -d "/var/cache/$name" ]
	fails 1 systemctl clean a
	said "Unit is not inactive"
	systemctl stop a
	works systemctl clean a
	[ -d "/var/lib/$name" ] && [ ! -e "/var/cache/$name" ]
	works systemctl clean --what=state a
	[ ! -e "/var/lib/$name" ]
	fails 1 systemctl clean --what=everything a
	unit b Start=Z
	fails 1 systemctl clean b
	said "No matching resources"
}

@test "start --wait returns when the units are over, with how they ended" {
	unit good "Start=sh{sleep 0.3; echo good >>$RECORD}"
	unit bad "Start=sh{sleep 0.3; echo bad >>$RECORD; exit 3}"
	unit quick "Start=L quick" Type=oneshot
	works systemctl start --wait good
	expect "$(record)" good
	fails 1 systemctl start --wait bad
	has_record "good bad"
	works systemctl start --wait quick good good
	fails 1 systemctl start --wait good bad
}

@test "list-paths has a line for each path that is watched" {
	unit p.path [Path] "PathExists=$SCRATCH/there" "DirectoryNotEmpty=$SCRATCH/many" Unit=a.service
	unit a Start=Z
	systemctl start p.path
	works systemctl list-paths
	grep -qE '^PATH +CONDITION +UNIT +ACTIVATES$' <<<"$output"
	grep -qE "^$SCRATCH/there +PathExists +p.path a.service$" <<<"$output"
	grep -qE "^$SCRATCH/many +DirectoryNotEmpty +p.path a.service$" <<<"$output"
	said "2 paths listed."
}

@test "list-dependencies shows order, too" {
	unit a Start=Z After=b.service Before=c.service DefaultDependencies=no
	unit b Start=Z
	unit c Start=Z
	works systemctl list-dependencies --after a
	said "─b.service"
	refuted grep -q c.service <<<"$output"
	works systemctl list-dependencies --before a
	said "─c.service"
}

@test "try-restart of what is not there is an error, of what does not run it is nothing" {
	unit a Start=Z
	fails 5 systemctl try-restart nope
	expect "$output" "Failed to try-restart nope.service: Unit nope.service not found."
	fails 5 systemctl try-reload-or-restart nope
	works systemctl try-restart a
	expect "$(active a)" inactive
}

@test "the default target is built in" {
	expect "$(systemctl get-default)" multi-user.target
	works systemctl set-default graphical.target
	works systemctl set-default multi-user
	fails 1 systemctl set-default rescue.target
	said "add-wants multi-user.target rescue.target"
}

@test "the manager has properties and variables" {
	works systemctl show -p SystemState --value
	[[ $output == running || $output == degraded || $output == starting ]]
	systemctl show -p Version | grep -qE '^Version=[0-9]'
	systemctl show-environment | grep -qx "DOCKER_HOST=unix://$SOCKET"
}

@test "show tells when the main process began on both clocks, and what a timer waits for" {
	unit a Start=Z
	systemctl start a
	local began=$(systemctl show a -p ExecMainStartTimestampMonotonic --value) now
	now=$(awk '{ printf "%d", $1 * 1000000 }' /proc/uptime)
	[ "$began" -le "$((now + 20000))" ] && [ "$began" -gt $((now - 60000000)) ]
	expect "$(systemctl show a -p ExecMainExitTimestampMonotonic --value)" 0
	unit t.timer [Timer] 'OnCalendar=2099-01-01 00:00:00 UTC' Unit=a.service Persistent=yes
	systemctl start t.timer
	[[ $(TZ=UTC systemctl show t.timer -p NextElapseUSecRealtime --value) == *2099-01-01* ]]
	expect "$(systemctl show t.timer -p Unit,Persistent,AccuracyUSec)" $'Unit=a.service\nAccuracyUSec=1min\nPersistent=yes'
}

@test "status of a process is that of its unit" {
	unit a "Start=sh{sleep 1000 & exec sleep 1000}"
	start a
	wait_until 10 eval '[ "$(property a TasksCurrent)" = 2 ]'
	works systemctl status -n 0 "$(main_pid a)"
	said "● a.service"
	local pid
	for pid in $(get /units/a.service | jq '.Cgroup.Processes[].Pid'); do
		works systemctl status -n 0 "$pid"
		said "● a.service"
	done
	run systemctl status 1
	[ "$status" != 0 ]
	said "PID 1 does not belong to any loaded unit."
	fails 1 systemctl status 99999999999
}

@test "a template that was named is in no list, and no pattern means it" {
	unit t@ Start=Z
	fails 1 systemctl start t@
	systemctl start t@1
	works systemctl show 't@*' -p Id
	expect "$output" Id=t@1.service
	refuted grep -q 't@\.service' < <(systemctl list-units --all)
	works systemctl restart 't@*'
	works systemctl stop 't@*'
}

@test "wherry.service is the daemon, as docker.service is" {
	works systemctl is-active wherry.service docker.service
	expect "$output" $'active\nactive'
	unit a Requires=wherry.service After=wherry.service Start=Z
	works systemctl start a
	fails 4 systemctl stop wherry.service
}

@test "verbs that do nothing here are refused by name" {
	local verb
	for verb in reboot poweroff halt kexec suspend rescue preset-all list-automounts \
		log-level bind help; do
		fails 1 systemctl "$verb" a
		said "systemctl $verb is not supported: "
	done
	run systemctl --help
	refuted grep -q reboot <<<"$output"
}

# ---- frozen units ----

# Counts on while it is not frozen.
counting() { unit "$1" "Start=sh{i=0; while :; do i=\$\$((i + 1)); echo \$\$i >$SCRATCH/count.tmp; mv $SCRATCH/count.tmp $SCRATCH/count; sleep 0.05; done}" "${@:2}"; }
count() { cat "$SCRATCH/count"; }
has_counted_past() { [ "$(count)" -gt "$1" ]; }
is_frozen() { # NAME: what the kernel says
	find /sys/fs/cgroup -path "*/wt${SCRATCH##*.}/*$1" \( -exec grep -qsx "frozen 1" {}/cgroup.events \; -o -exec grep -qsx FROZEN {}/freezer.state \; \) -print | grep -q .
}

@test "freeze stops a service where it is, thaw lets it go on; a stop and a reload need not be told" {
	counting a 'Reload=sh{:}'
	systemctl start a
	wait_until 10 test -s "$SCRATCH/count"
	works systemctl freeze a
	is_frozen a.service
	expect "$(systemctl show a -p FreezerState --value)" frozen
	systemctl status a | grep -q "Active: active (running) (frozen) since "
	local at=$(count)
	works systemctl freeze a
	expect "$(state a)" active/running
	daemon_kill
	units_daemon
	expect "$(count)" "$at"
	expect "$(systemctl show a -p FreezerState --value)" frozen
	works systemctl thaw a
	expect "$(systemctl show a -p FreezerState --value)" running
	wait_until 10 has_counted_past "$at"
	systemctl freeze a
	works systemctl reload a
	at=$(count)
	wait_until 10 has_counted_past "$at"
	systemctl freeze a
	works systemctl stop a
	expect "$(state a)" inactive/dead
	expect "$(result a)" success
}

@test "what a job works at cannot be frozen, and the job goes on" {
	unit slow 1shot RemainAfterExit=yes "Start=sh{while [ ! -e $SCRATCH/go ]; do sleep 0.1; done}"
	NO_BLOCK=true start slow
	comes_to slow activating/start
	fails 1 systemctl freeze slow
	said "has a pending job"
	touch "$SCRATCH/go"
	comes_to slow active/exited
}

@test "a service that is killed while it is frozen runs in its next life" {
	counting a Restart=always RestartSec=0
	systemctl start a
	wait_until 10 test -s "$SCRATCH/count"
	works systemctl freeze a
	is_frozen a.service
	rm "$SCRATCH/count"
	kill -KILL "$(main_pid a)"
	wait_until 10 test -s "$SCRATCH/count"
	wait_until 10 has_counted_past 2
	refuted is_frozen a.service
}

@test "a frozen slice holds all that is in it; what cannot be frozen says so" {
	printf '[Slice]\n' >"$UNITS/cold.slice"
	counting a Slice=cold.slice
	systemctl start a
	wait_until 10 test -s "$SCRATCH/count"
	works systemctl freeze cold.slice
	is_frozen cold.slice
	works systemctl thaw cold.slice
	refuted is_frozen cold.slice
	fails 1 systemctl freeze nope
	said "Unit nope.service not loaded."
	unit b Start=Z
	fails 1 systemctl freeze b
	said "Unit 'b.service' is not active."
	fails 1 systemctl freeze system.slice
	said "does not support freezing"
	fails 1 systemctl freeze basic.target
	systemctl stop a cold.slice
}

# ---- variables of all units ----

variable() { tr '\0' '\n' <"/proc/$(main_pid "$1")/environ" | sed -n "s/^$2=//p"; }

@test "variables are set for all units that start later, and kept over a daemon" {
	unit a Type=exec Start=Z
	unit b Type=exec Environment=TWO=own Start=Z
	systemctl start a
	works systemctl set-environment ONE=1 "TWO=2 words" THREE=a=b
	systemctl show-environment | grep -qx "TWO=2 words"
	expect "$(variable a ONE)" ""
	systemctl restart a
	systemctl start b
	expect "$(variable a TWO)" "2 words"
	expect "$(variable a THREE)" a=b
	expect "$(variable b TWO)" own
	daemon_kill
	units_daemon
	systemctl restart a
	expect "$(variable a ONE)" 1
	IMPORTED="from here" works systemctl import-environment IMPORTED
	systemctl show-environment | grep -qx "IMPORTED=from here"
	run systemctl import-environment NOT_THERE
	said "Environment variable \$NOT_THERE not set, ignoring."
	works systemctl unset-environment ONE TWO=other THREE=a=b NEVER_SET
	refuted grep -qE '^(ONE|THREE)=' <(systemctl show-environment)
	systemctl show-environment | grep -qx "TWO=2 words"
}

@test "a variable that the daemon begins with can be taken away, and set again" {
	unit a Type=exec Start=Z
	systemctl show-environment | grep -q ^DOCKER_HOST=
	works systemctl unset-environment DOCKER_HOST
	refuted grep -q ^DOCKER_HOST= <(systemctl show-environment)
	daemon_kill
	units_daemon
	systemctl start a
	expect "$(variable a DOCKER_HOST)" ""
	works systemctl set-environment DOCKER_HOST=unix:///x
	systemctl restart a
	expect "$(variable a DOCKER_HOST)" unix:///x
}

@test "what is no variable is refused, and changes nothing" {
	fails 1 systemctl set-environment GOOD=1 1BAD=2
	said "Invalid environment assignment: 1BAD=2"
	fails 1 systemctl set-environment NO_VALUE
	fails 1 systemctl unset-environment "a b"
	refuted grep -q GOOD <(systemctl show-environment)
}

# ---- files of the journal ----

journal_files() { find "$SCRATCH/data/journal" -type f | wc -l; }
has_line() { wherry journal -u "$1" -o cat | grep -qx "$2"; }

@test "the journal of a unit with an escaped name, in full and as a glob" {
	unit 'where@' 1shot 'Start=/bin/echo it is %f'
	unit 'a\x2db' 1shot 'Start=/bin/echo plain'
	start 'where@srv-a\x2db' 'a\x2db'
	wherry journal -u 'where@srv-a\x2db' -o cat | grep -qx "it is /srv/a-b"
	wherry journal -u 'where@srv-a\x2d*' -o cat | grep -qx "it is /srv/a-b"
	wherry journal -u 'a\x2db.service' -o cat | grep -qx plain
	wherry unit status 'a\x2db' | grep -q ': plain$'
	wherry unit list-units --all 'a\x2d*' | grep -qF 'a\x2db.service'
}

@test "journal --rotate begins new files, and loses nothing; a vacuum beside it can have the old ones" {
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/journalctl"
	mkfifo "$SCRATCH/says"
	unit a "Start=sh{exec 3<>$SCRATCH/says; while read -r line <&3; do echo \$\$line; done}"
	systemctl start a
	echo one >"$SCRATCH/says"
	wait_until 10 has_line a one
	local before=$(journal_files)
	works journalctl --rotate
	[ -z "$output" ]
	echo two >"$SCRATCH/says"
	wait_until 10 has_line a two
	[ "$(journal_files)" -gt "$before" ]
	expect "$(journalctl -u a -o cat | grep -xE 'one|two' | paste -sd' ')" "one two"
	works journalctl --rotate --vacuum-files=1
	said "Vacuuming done"
	refuted has_line a one
	echo three >"$SCRATCH/says"
	wait_until 10 has_line a three
	expect "$(state a)" active/running
	works journalctl --rotate # nothing new: nothing happens to empty files
}

# ---- the daemon anew ----

daemon_of() { get /units/docker.service | jq -r .Properties.MainPID; }

@test "daemon-reexec: another daemon, the same units; refused where nobody would start it" {
	unit a Start=Z
	systemctl start a
	local pid=$(main_pid a) first second third
	fails 1 systemctl daemon-reexec
	said "nobody would start wherryd again"
	expect "$(state a)" active/running
	kill -TERM "$(cat "$SCRATCH/daemon")"
	wait_until 20 has_ended "$(cat "$SCRATCH/daemon")"
	SUPERVISED=1 units_daemon
	first=$(daemon_of)
	works systemctl daemon-reexec
	[ -z "$output" ]
	second=$(daemon_of)
	[ "$second" != "$first" ]
	works systemctl daemon-reexec # the first run counts like any other
	third=$(daemon_of)
	[ "$third" != "$second" ]
	refuted kill -0 "$first"
	expect "$(main_pid a)" "$pid"
	expect "$(state a)" active/running
	systemctl stop a
	expect "$(state a)" inactive/dead
}

# ---- verify ----

# verify NAME LINE...: as a file that is not among the units.
verify() {
	local name=$1
	unit "$@"
	mv "$UNITS/$name" "$SCRATCH/$name"
	(cd "$SCRATCH" && wherry unit verify "$name")
}

@test "verify names programs that cannot be run and users that are not there" {
	works verify good.service Start=Z User=root Group=root 'Post=-/not/there' 'Stop=sleep 1'
	expect "$output" ""
	fails 1 verify bad.service Start=/not/there Pre=+/etc Stop=nowhere Reload=/etc/passwd User=nobody-at-all Group=no-group
	said "bad.service: Command /not/there is not executable: No such file or directory"
	said "bad.service: Command /etc is not executable: Is a directory"
	said "bad.service: Command nowhere is not executable: No such file or directory"
	said "bad.service: Command /etc/passwd is not executable: Permission denied"
	said "bad.service: Failed to resolve user nobody-at-all: Unknown user"
	said "bad.service: Failed to resolve group no-group: Unknown group"
	expect "${#lines[@]}" 6
	works verify dynamic.service Start=Z DynamicUser=yes User=nobody-at-all
	works verify 'each@.service' 'Start=/opt/%i/run' User=%i
	fails 1 verify 'each@.service' 'Start=/opt/%p/run'
	said "each@.service: Command /opt/each/run is not executable: No such file or directory"
	mkdir -p "$SCRATCH/root/opt"
	install -m 755 "$SCRATCH/bin/F" "$SCRATCH/root/opt/tool"
	works verify root.service Start=/opt/tool "RootDirectory=$SCRATCH/root"
	fails 1 verify root.service Start=/bin/sleep "RootDirectory=$SCRATCH/root"
}

# systemd-analyze says the same of the first command of each list.
@test "verify says of programs what systemd-analyze says" {
	command -v systemd-analyze >/dev/null || skip "systemd-analyze is not there"
	unit a Start=/not/there 'Pre=@/etc zero' Stop=-/nowhere Reload=/etc/passwd StopPost=nowhere
	unit b Start=Z
	local name
	mv "$UNITS"/{a,b}.service "$SCRATCH"
	for name in b a; do
		(cd "$SCRATCH" && systemd-analyze verify --man=no "./$name.service" 2>&1 | grep ' is not executable: ' | sort) >"$SCRATCH/theirs" || :
		(cd "$SCRATCH" && wherry unit verify "$name.service" | sort) >"$SCRATCH/ours" || :
		diff "$SCRATCH/theirs" "$SCRATCH/ours"
	done
	expect "$(wc -l <"$SCRATCH/ours")" 4
}
