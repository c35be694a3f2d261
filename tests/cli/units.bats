#!/usr/bin/env bats
# Units and the journal: systemctl's layouts, words and exit codes, of answers as the daemon gives them.

load ../lib/wherry
load canned

setup() {
	canned_begin
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/systemctl"
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/journalctl"
}
teardown() { canned_end; }

systemctl() { "$SCRATCH/systemctl" "$@"; }
journalctl() { "$SCRATCH/journalctl" "$@"; }

same() { [ "$output" = "$1" ] || { diff <(echo "$1") <(echo "$output") >&2; return 1; }; }

us_ago() { echo $(($(date +%s%6N) - $1 * 1000000)); } # to the microsecond: a shown age is not a second more

# db_unit [JQ]: a running service, changed by a filter.
db_unit() {
	{ if [ $# = 0 ]; then cat; else jq -c "$1"; fi; } <<-JSON
		{"Properties": {"Id": "db.service", "Description": "DB service", "LoadState": "loaded", "ActiveState": "active",
		  "SubState": "running", "Result": "success", "FragmentPath": "/run/wherry/units/db.service", "NRestarts": "0",
		  "ActiveEnterTimestamp": "Sat 2026-11-21 07:47:41 UTC", "ActiveEnterTimestampUSec": "$(us_ago 500)",
		  "TasksCurrent": "3", "TasksMax": "4915", "MemoryCurrent": "258048", "CPUUsageNSec": "12000000", "Names": ""},
		 "FileState": "linked-runtime", "DropIns": ["/etc/wherry/units/db.service.d/10-x.conf", "/etc/wherry/units/db.service.d/20-y.conf"],
		 "TriggeredBy": [{"Id": "db.timer", "ActiveState": "active", "SubState": "waiting"}], "Docs": ["man:x(1)"],
		 "Processes": [{"Phase": "ExecStartPre", "Command": "/usr/bin/docker pull mysql", "Pid": 40, "Code": "exited",
		   "Status": 0, "StatusText": "0/SUCCESS", "Running": false}],
		 "Main": {"Pid": 42, "Name": "docker", "Running": true}, "Control": null, "StatusText": "text of STATUS=",
		 "Cgroup": {"Path": "/system.slice/db.service", "Processes": [{"Pid": 42, "Command": "/usr/bin/docker run --rm --name db mysql"}],
		   "Children": [{"Name": "container-3f2a", "Processes": [{"Pid": 57, "Command": "mysqld"}], "Children": [],
		     "Container": {"Id": "3f2a9c41d07e3f2a9c41d07e", "Name": "db", "Image": "mysql"}}]},
		 "Changed": false}
	JSON
}

@test "status of a running service" {
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit)"
	answer "GET /wherry/v1/journal" 200 $'Nov 21 07:47:42 host docker[42]: ready\n'
	run systemctl status db
	[ "$status" = 0 ]
	same "● db.service - DB service
     Loaded: loaded (/run/wherry/units/db.service; linked-runtime; preset: enabled)
    Drop-In: /etc/wherry/units/db.service.d
             ├─10-x.conf
             └─20-y.conf
     Active: active (running) since Sat 2026-11-21 07:47:41 UTC; 8min ago
TriggeredBy: ● db.timer
       Docs: man:x(1)
    Process: 40 ExecStartPre=/usr/bin/docker pull mysql (code=exited, status=0/SUCCESS)
   Main PID: 42 (docker)
     Status: \"text of STATUS=\"
      Tasks: 3 (limit: 4915)
     Memory: 252.0K
        CPU: 12ms
     CGroup: /system.slice/db.service
             ├─42 /usr/bin/docker run --rm --name db mysql
             └─container db 3f2a9c41d07e mysql
               └─57 mysqld

Nov 21 07:47:42 host docker[42]: ready"
}

@test "status of one that failed: 3, with how it ended" {
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit '
		.Properties += {ActiveState: "failed", SubState: "failed", Result: "exit-code", FragmentPath: "/etc/db.service",
			InactiveEnterTimestamp: "Sat 2026-11-21 08:00:00 UTC", InactiveEnterTimestampUSec: "'"$(us_ago 106)"'",
			ActiveEnterTimestampUSec: "1000000", ActiveExitTimestampUSec: "1006000"}
		| del(.Properties.TasksCurrent, .Properties.MemoryCurrent, .Properties.CPUUsageNSec)
		| .DropIns = [] | .TriggeredBy = [] | .Docs = [] | .StatusText = "" | .Cgroup = null | .FileState = "static"
		| .Processes += [{Phase: "ExecStart", Command: "/bin/false", Pid: 44, Code: "exited", Status: 3, StatusText: "3"}]
		| .Main = {Pid: 44, Running: false, Code: "exited", StatusText: "3"}')"
	answer "GET /wherry/v1/journal" 200 ""
	run systemctl status db.service
	[ "$status" = 3 ]
	output=${output/1min [45][0-9]s/1min 46s} # a busy machine takes seconds to ask
	same "× db.service - DB service
     Loaded: loaded (/etc/db.service; static)
     Active: failed (Result: exit-code) since Sat 2026-11-21 08:00:00 UTC; 1min 46s ago
   Duration: 6ms
    Process: 40 ExecStartPre=/usr/bin/docker pull mysql (code=exited, status=0/SUCCESS)
    Process: 44 ExecStart=/bin/false (code=exited, status=3)
   Main PID: 44 (code=exited, status=3)"
}

@test "status of what nobody knows: 4; of several the first that is not 0" {
	answer "GET /wherry/v1/units/no.service" 200 '{"Properties": {"Id": "no.service", "LoadState": "not-found", "ActiveState": "inactive"}}'
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit)"
	answer "GET /wherry/v1/journal" 200 ""
	run systemctl status no
	[ "$status" = 4 ]
	same "Unit no.service could not be found."
	run systemctl status db no
	[ "$status" = 4 ]
}

@test "status without a name is the host's" {
	answer "GET /wherry/v1/state" 200 '{"State": "degraded", "Units": 161, "Jobs": 0, "Failed": 2, "Since_us": '"$(us_ago 7380)"', "Host": "core01"}'
	run systemctl status
	[ "${lines[0]}" = "● core01" ]
	[ "${lines[1]}" = "    State: degraded" ]
	[ "${lines[2]}" = "    Units: 161 loaded (incl. loaded aliases)" ]
	[ "${lines[4]}" = "   Failed: 2 units" ]
	[[ ${lines[5]} == *"; 2h 3min ago" ]]
	run systemctl is-system-running
	[ "$status" = 1 ] && [ "$output" = degraded ]
}

@test "list-units: columns as wide as needed, a dot at what failed" {
	answer "GET /wherry/v1/units" 200 '[
		{"Id": "web.service", "Description": "Web", "LoadState": "loaded", "ActiveState": "active", "SubState": "running"},
		{"Id": "a.timer", "Description": "A timer of ours", "LoadState": "loaded", "ActiveState": "failed", "SubState": "failed"}]'
	run systemctl
	[ "$status" = 0 ]
	[ "${lines[0]}" = "  UNIT        LOAD   ACTIVE SUB     DESCRIPTION" ]
	[ "${lines[1]}" = "● a.timer     loaded failed failed  A timer of ours" ]
	[ "${lines[2]}" = "  web.service loaded active running Web" ]
	[[ $output == *$'\n\nLOAD   = '*$'\nACTIVE = '*$'\nSUB    = '*$'\n\n2 loaded units listed. Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use \'systemctl list-unit-files\'.' ]]
	run wherry unit list-units --no-legend --plain -t service
	same "web.service loaded active running Web"
	run systemctl --failed --no-legend list-units
	same "● a.timer loaded failed failed A timer of ours"
}

@test "list-unit-files and list-jobs" {
	answer "GET /wherry/v1/unit-files" 200 '[{"Name": "web.service", "State": "enabled", "Preset": "enabled"}, {"Name": "a@.service", "State": "static"}]'
	run systemctl list-unit-files
	same "UNIT FILE   STATE   PRESET
a@.service  static  -
web.service enabled enabled

2 unit files listed."
	answer "GET /wherry/v1/jobs" 200 '[]'
	run systemctl list-jobs
	same "No jobs running."
	run systemctl list-jobs --no-legend
	same ""
	answer "GET /wherry/v1/jobs" 200 '[{"Id": 7, "Unit": "web.service", "Type": "start", "State": "running"}]'
	run systemctl list-jobs --no-legend
	same "7 web.service start running"
	answer "GET /wherry/v1/jobs" 200 '[{"Id": 7, "Unit": "web.service", "Type": "start", "State": "running"}, {"Id": 12, "Unit": "x.service", "Type": "stop", "State": "waiting"}]'
	run systemctl list-jobs
	same "JOB UNIT        TYPE  STATE
7   web.service start running
12  x.service   stop  waiting

2 jobs listed."
}

@test "list-timers" {
	local now
	now=$(us_ago 0)
	answer "GET /wherry/v1/timers" 200 '[{"Unit": "a.timer", "Activates": "a.service", "Next_us": '$((now + 3601000000))', "Last_us": 0}]'
	run systemctl list-timers
	[[ ${lines[0]} =~ ^NEXT\ +LEFT\ +LAST\ PASSED\ UNIT\ +ACTIVATES$ ]]
	[[ ${lines[1]} =~ ^[A-Z][a-z]{2}\ [0-9-]+\ [0-9:]+\ UTC\ (1h|59min).*\ left\ -\ +-\ +a.timer\ a.service$ ]]
	[ "${lines[2]}" = "1 timers listed." ]
}

@test "list-dependencies is a tree" {
	answer "GET /wherry/v1/units/web.service/dependencies" 200 '{"Id": "web.service", "Children": [
		{"Id": "db.service", "ActiveState": "active", "Children": [{"Id": "disk.mount", "ActiveState": "inactive", "Children": []}]},
		{"Id": "system.slice", "ActiveState": "active", "Children": []}]}'
	run systemctl list-dependencies web
	same "web.service
● ├─db.service
○ │ └─disk.mount
● └─system.slice"
}

@test "show: all that have a value, those asked for, values alone" {
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit)"
	run systemctl show db
	[[ $output == "Id=db.service"$'\n'"Description=DB service"* ]]
	[[ $output != *Names=* && $output != *TimestampUSec=* ]]
	run systemctl show -p Names -p SubState,NRestarts db
	same $'SubState=running\nNRestarts=0\nNames='
	run systemctl show -p SubState --value db
	same running
}

@test "cat, is-active, is-failed, is-enabled" {
	answer "GET /wherry/v1/units/db.service/files" 200 '[{"Path": "/a/db.service", "Text": "[Service]\nExecStart=x\n"}, {"Path": "/a/db.service.d/1.conf", "Text": "[Unit]"}]'
	run systemctl cat db
	same "# /a/db.service
[Service]
ExecStart=x

# /a/db.service.d/1.conf
[Unit]"
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit)"
	answer "GET /wherry/v1/units/no.service" 200 '{"Properties": {"LoadState": "not-found", "ActiveState": "inactive"}}'
	run systemctl is-active db no
	[ "$status" = 0 ] && same $'active\ninactive'
	run systemctl is-active no
	[ "$status" = 3 ]
	run systemctl is-failed -q db
	[ "$status" = 1 ] && [ -z "$output" ]
	answer "GET /wherry/v1/unit-files/db.service" 200 '{"State": "masked"}'
	run systemctl is-enabled db
	[ "$status" = 1 ] && same masked
}

@test "jobs: names made whole, words and exit codes of each end" {
	answer "POST /wherry/v1/jobs" 200 '{"Unit": "db.service", "Event": "queued", "Job": 7}
{"Unit": "db.service", "Event": "done", "Job": 7, "Result": "done", "Code": 0}'
	run systemctl start db --no-block
	[ "$status" = 0 ] && [ -z "$output" ]
	body_of "POST /wherry/v1/jobs" | jq -e '. == {"Verb": "start", "Units": ["db.service"], "NoBlock": true}'
	local row
	while IFS='|' read -r row words code; do
		answer "POST /wherry/v1/jobs" 200 "$row"
		run systemctl start db
		[ "$status" = "$code" ] || { echo "# $row: $status" >&2; return 1; }
		same "$(echo -e "$words")"
	done <<-'ROWS'
		{"Unit":"db.service","Event":"done","Result":"failed","Reason":"exit-code","Code":1}|Job for db.service failed because the control process exited with error code.\nSee "systemctl status db.service" and "journalctl -u db.service" for details.|1
		{"Unit":"db.service","Event":"done","Result":"canceled","Code":1}|Job for db.service canceled.|1
		{"Unit":"db.service","Event":"done","Result":"dependency","Code":1}|A dependency job for db.service failed. See 'journalctl' for details.|1
		{"Unit":"db.service","Event":"done","Result":"assert","Code":1}|Assertion failed on job for db.service.|1
		{"Unit":"db.service","Event":"error","message":"Unit db.service not found.","Code":5}|Failed to start db.service: Unit db.service not found.|5
	ROWS
}

@test "a pattern stands for the loaded units that it fits" {
	answer "GET /wherry/v1/units" 200 '[{"Id": "web@1.service"}, {"Id": "web@2.service"}]'
	answer "POST /wherry/v1/jobs" 200 '{"Event": "done", "Unit": "web@1.service", "Result": "done"}'
	systemctl stop 'web@*'
	body_of "POST /wherry/v1/jobs" | jq -e '.Units == ["web@1.service", "web@2.service"]'
	requests | grep -q 'pattern=web%40%2A$'
}

@test "enable says what it did, on stderr; --now starts what was enabled" {
	answer "POST /wherry/v1/unit-files/enable" 200 '{"Created": [{"Link": "/x/y.wants/todo.service", "Target": "/e/todo.service"}], "Removed": [], "Hints": []}'
	answer "POST /wherry/v1/unit-files/disable" 200 '{"Created": [], "Removed": ["/x/y.wants/todo.service"], "Hints": []}'
	answer "POST /wherry/v1/jobs" 200 '{"Event": "done", "Unit": "todo.service", "Result": "done"}'
	run --separate-stderr systemctl enable --now /e/todo.service
	[ "$status" = 0 ] && [ -z "$output" ]
	[ "$stderr" = "Created symlink /x/y.wants/todo.service → /e/todo.service." ]
	body_of "POST /wherry/v1/unit-files/enable" | jq -e '.Names == ["/e/todo.service"]'
	body_of "POST /wherry/v1/jobs" | jq -e '.Verb == "start" and .Units == ["todo.service"]'
	run --separate-stderr systemctl disable todo
	[ "$stderr" = 'Removed "/x/y.wants/todo.service".' ]
	body_of "POST /wherry/v1/unit-files/disable" | jq -e '.Names == ["todo.service"]'
}

@test "kill, reset-failed and daemon-reload" {
	answer "POST /wherry/v1/units/db.service/kill" 204
	answer "POST /wherry/v1/reset-failed" 204
	answer "POST /wherry/v1/reload" 204
	systemctl kill -s USR2 --kill-whom=main db
	body_of "POST /wherry/v1/units/db.service/kill" | jq -e '.Who == "main" and .Signal == 12'
	systemctl reset-failed
	systemctl reset-failed db
	body_of "POST /wherry/v1/reset-failed" | jq -e '.Units == ["db.service"]'
	systemctl daemon-reload
	run systemctl kill -s NOSUCH db
	[ "$status" = 1 ]
}

@test "edit needs a terminal; verify names each problem and fails" {
	run systemctl edit db </dev/null
	[ "$status" = 1 ] && same "Cannot edit units if not on a tty."
	printf '[Service]\nFoo=1\n' >"$SCRATCH/x.service"
	answer "POST /wherry/v1/verify" 200 '{"Problems": ["x.service:2: unknown key"]}'
	run wherry unit verify "$SCRATCH/x.service"
	[ "$status" = 1 ] && same "x.service:2: unknown key"
	body_of "POST /wherry/v1/verify" | jq -e '.Name == "x.service" and .Text == "[Service]\nFoo=1\n"'
	answer "POST /wherry/v1/verify" 200 '{"Problems": []}'
	wherry unit verify "$SCRATCH/x.service"
}

# db_export [JQ]: what the daemon says of a unit to be exported, changed by a filter.
db_export() {
	jq -c "${1-.}" <<-'JSON'
		{"Name": "db.service", "Command": "/usr/bin/wherry", "DockerIsMissing": false,
		 "Files": [{"Path": "/etc/wherry/units/db.service", "Text": "[Unit]\nRequires=docker.service net.service\n[Service]\nExecStart=/bin/db\n"},
		   {"Path": "/etc/wherry/units/db.service.d/10-x.conf", "Text": "[Service]\nNice=1\n"}],
		 "Environment": {"DOCKER_HOST": "unix:///run/w.sock"}, "Start": ["/bin/db"],
		 "Requires": ["docker.service", "net.service"], "Wants": [], "Needs": ["net.service"]}
	JSON
}

@test "export: files for systemd to standard output, what was changed to the other" {
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export)"
	run --separate-stderr wherry unit export --output - db
	[ "$status" = 0 ]
	same "# db.service
# Written by wherry unit export from /etc/wherry/units/db.service
[Unit]
Requires=wherry.service net.service
[Service]
ExecStart=/bin/db

# db.service.d/10-x.conf
# Written by wherry unit export from /etc/wherry/units/db.service.d/10-x.conf
[Service]
Nice=1

# db.service.d/50-wherry.conf
# Written by wherry unit export
[Service]
Environment=DOCKER_HOST=unix:///run/w.sock"
	[ "$stderr" = "db.service: docker.service is wherry.service for systemd
db.service: needs net.service, which is not exported: name it, too, or give --recursive" ]
}

@test "export says what runs here, and what systemd knows by one name only" {
	answer "GET /wherry/v1/units/alias.service/export" 200 "$(db_export '.IsActive = true | .Needs = []')"
	run --separate-stderr wherry unit export -o - alias
	[ "$status" = 0 ]
	grep -qxF "db.service: is active here: stop it before systemd starts it, too" <<<"$stderr"
	grep -qxF "alias.service: is exported as db.service: systemd does not know the other name" <<<"$stderr"
}

@test "export --recursive: also what it needs, if it is ours; what is named has to be" {
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export '.Needs += ["own.service"]')"
	answer "GET /wherry/v1/units/own.service/export" 200 "$(db_export '.Name = "own.service" | .Needs = [] | .Files = .Files[:1]')"
	answer "GET /wherry/v1/units/net.service/export" 404 '{"message": "net.service: there is no such unit", "code": 1}'
	run --separate-stderr wherry unit export -o - -r db
	[ "$status" = 0 ]
	[ "$(grep -c '^# own.service' <<<"$output")" = 2 ]
	grep -qxF "db.service: net.service is not one of ours: systemd has to know it" <<<"$stderr"
	run wherry unit export -o - net
	[ "$status" = 1 ]
	same "net.service: there is no such unit"
	answer "GET /wherry/v1/units/net.service/export" 409 '{"message": "net.service: it is masked", "code": 1}'
	run wherry unit export -o - -r db
	[ "$status" = 1 ]
	same "net.service: it is masked"
}

@test "export replaces what it wrote, removes what is gone, and nothing of others without --force" {
	local out=$SCRATCH/out inode
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export)"
	run --separate-stderr wherry unit export -o "$out" db
	[ "$status" = 0 ]
	same "$out/db.service
$out/db.service.d/10-x.conf
$out/db.service.d/50-wherry.conf"
	[ "$(stat -c %a "$out/db.service")" = 644 ]
	inode=$(stat -c %i "$out/db.service")
	echo 'Nice=2' >"$out/db.service.d/20-theirs.conf"
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export '.Files = .Files[:1]')"
	wherry unit export -q -o "$out" db
	[ "$(stat -c %i "$out/db.service")" = "$inode" ] # it is the same still
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export '.Files = .Files[:1] | .Files[0].Text += "\n#\n"')"
	wherry unit export -q -o "$out" db
	[ "$(stat -c %i "$out/db.service")" != "$inode" ] # a new file under the old name
	[ "$(ls -A "$out/db.service.d" | paste -sd' ')" = "20-theirs.conf 50-wherry.conf" ]

	echo '[Unit]' >"$out/db.service"
	run wherry unit export -q -o "$out" db
	[ "$status" = 1 ]
	[[ $output == *"'db.service' is there and was not written by wherry: --force replaces it" ]]
	[ "$(cat "$out/db.service")" = '[Unit]' ]
	wherry unit export -q -f -o "$out" db
	grep -q ExecStart "$out/db.service"
}

@test "export writes through no link" {
	local out=$SCRATCH/out
	mkdir "$out" "$SCRATCH/elsewhere"
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export)"
	echo '# Written by wherry unit export' >"$SCRATCH/target"
	ln -s "$SCRATCH/target" "$out/db.service"
	run wherry unit export -o "$out" db
	[ "$status" = 1 ]
	wherry unit export -q -f -o "$out" db # the link is replaced
	[ ! -L "$out/db.service" ]
	[ "$(cat "$SCRATCH/target")" = '# Written by wherry unit export' ]
	rm -r "$out/db.service.d"
	ln -s "$SCRATCH/elsewhere" "$out/db.service.d"
	run wherry unit export -f -o "$out" db
	[ "$status" = 1 ]
	[[ $output == *"cannot open the folder 'db.service.d'"* ]]
	[ -z "$(ls -A "$SCRATCH/elsewhere")" ]
}

@test "export without a folder is for the systemd that runs here" {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	answer "GET /wherry/v1/units/db.service/export" 200 "$(db_export '.Needs = []')"
	run wherry unit export db
	[ "$status" = 1 ]
	[[ $output == *"systemd does not run here"*"--output"* ]]
}

@test "journalctl's options become a query" {
	answer "GET /wherry/v1/journal" 200 $'line\n'
	run journalctl -u db -u 'web@*' -n 5 -p 3..4 -o cat --since @100 --until '1970-01-01 00:02:00' -b -1 -g 'a b' -r --utc
	[ "$status" = 0 ] && same line
	requests | grep -qF 'unit=db.service&unit=web%40%2A&priority=3..4&grep=a%20b&boot=-1&lines=5&reverse=1&output=cat&utc=1'
	requests | grep -qF 'since=100000000' && requests | grep -qF 'until=120000000'
	forget_requests
	journalctl -f -b
	requests | grep -qE 'boot=0&lines=10&follow=1'
	forget_requests
	journalctl -n -u db
	journalctl -n 7 -u db
	requests | grep -q 'unit=db.service&lines=10'
	requests | grep -q 'unit=db.service&lines=7'
	forget_requests
	journalctl -n all -u db
	requests | grep -qF 'unit=db.service&lines=all'
	forget_requests
	journalctl -b all -n +3 --after-cursor 's=1' /usr/bin/averylongnameofaprogram + A=b -F _PID --output-fields=A,B
	requests | grep -qF 'match=_COMM%3Daverylongnameof&match=%2B&match=A%3Db&cursor=s%3D1&lines=%2B3&output_fields=A%2CB&values=_PID'
	requests | refuted grep -q boot=
	forget_requests
	journalctl --case-sensitive -g x --cursor 's=2' -N
	requests | grep -qF 'case_sensitive=true&grep=x&from_cursor=s%3D2&names=1'
	run journalctl --since nonsense
	[ "$status" = 1 ]
	run journalctl nonsense
	[ "$status" = 1 ]
}

@test "mistakes in the call are told as systemd's commands tell them" {
	local line call text
	while IFS='|' read -r call text; do
		run --separate-stderr $call
		[ "$status" = 1 ] || { echo "# $call: $status" >&2; return 1; }
		[ "$stderr" = "$text" ] || { echo "# $call: '$stderr'" >&2; return 1; }
	done <<-ROWS
		systemctl sttart db|Unknown command verb sttart.
		systemctl start|Too few arguments.
		systemctl daemon-reload db|Too many arguments.
		systemctl --bogus|systemctl: unknown flag: --bogus
		systemctl -H there status|systemctl: --host is not supported: set WHERRY_HOST to reach the daemon of another host
		systemctl --root /x enable db|systemctl: --root is not supported: the daemon works on its own files
		systemctl -t nonsense list-units|Unknown unit type or load state 'nonsense'.
		systemctl reboot|systemctl reboot is not supported: a host is never switched off or changed in its run level by units
		journalctl --bogus|journalctl: unknown flag: --bogus
		journalctl -D /x|journalctl: --directory is not supported: the daemon reads its own journal, and no other
		journalctl -k|journalctl: --dmesg is not supported: the journal has no messages of the kernel: see dmesg
		journalctl --vacuum-files=x|Failed to parse vacuum files: x
	ROWS
	run wherry unit start --bogus
	[ "$status" = 125 ]
	run systemctl --no-pager --version
	[ "$status" = 0 ] && [[ $output == "wherry version "* ]]
}

@test "what verbs do stands apart from their names" {
	wherry unit --help >"$SCRATCH/help"
	grep -q '^  try-reload-or-restart Reload or restart' "$SCRATCH/help"
	grep -q '^  start                 Start units' "$SCRATCH/help"
}

@test "status says what was not understood, beside the layout" {
	answer "GET /wherry/v1/units/db.service" 200 "$(db_unit '.Warnings = ["/e/db.service:3: unknown key"]')"
	answer "GET /wherry/v1/journal" 200 ''
	run --separate-stderr systemctl status db
	[ "$status" = 0 ]
	[ "$stderr" = "Warning: /e/db.service:3: unknown key" ]
	[ "${lines[0]}" = "● db.service - DB service" ]
}
