# What scenarios of units share: a daemon with a folder of unit files, units in a short notation, verbs over HTTP.
#
# The notation: L a b is a program that appends [a][b] to the record and exits 0; F n exits n; Z sleeps on; sh{...}
# is /bin/sh -c '...'.  Start, Pre, Post, Stop, StopPost, Cond, Reload stand for Exec...; 1shot is Type=oneshot; P is
# StopPost=sh{echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS} into the record.

load ../lib/wherry

UNIT_KEYS=' Description Documentation Requires Requisite Wants BindsTo PartOf Upholds Conflicts Before After OnFailure
 OnSuccess PropagatesStopTo StopPropagatedFrom PropagatesReloadTo ReloadPropagatedFrom StopWhenUnneeded AllowIsolate
 RefuseManualStart RefuseManualStop IgnoreOnIsolate JobTimeoutSec JobRunningTimeoutSec StartLimitIntervalSec
 StartLimitBurst DefaultDependencies '

# ---- the daemon ----

units_begin() {
	scratch_begin
	UNITS=$SCRATCH/units
	RECORD=$SCRATCH/record
	mkdir -p "$UNITS" "$SCRATCH/bin"
	: >"$RECORD"
	printf '#!/bin/sh\nfor word; do printf "[%%s]" "$word"; done >>%s\necho >>%s\n' "$RECORD" "$RECORD" >"$SCRATCH/bin/L"
	printf '#!/bin/sh\nexit $1\n' >"$SCRATCH/bin/F"
	cat >"$SCRATCH/bin/notify" <<-'END'
		#!/usr/bin/env python3
		# notify FILE: each line that comes there is a notification.  It waits until they are taken, for nobody
		# can tell whose they were when it is gone.
		import os, socket, sys
		address = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect(address)
		for line in open(sys.argv[1]):
		    s.send(line.rstrip("\n").encode())
		taken, barrier = os.pipe()
		socket.send_fds(s, [b"BARRIER=1"], [barrier])
		os.close(barrier)
		os.read(taken, 1)
	END
	chmod +x "$SCRATCH"/bin/*
	export UNITS RECORD
	units_daemon
}

units_daemon() { daemon_start --unit-path "$UNITS:$SCRATCH/units-run" --iptables=false; }

units_end() {
	[ ! -S "$SOCKET" ] || units_stop_all
	daemon_stop
	scratch_end
}

# Whatever is not over: the daemon's own units stay.
units_stop_all() {
	local names
	names=$(get "/units" | jq -r '.[] | select(.Type != "target" and .Type != "slice" and .Type != "scope") | .Id' |
		grep -vxE 'docker.service|etcd2?.service|fleet.service') || return 0
	verb stop $names >/dev/null
	verb stop $names >/dev/null # what was on its way when the first was asked
}

# ---- unit files ----

# plain_lines: the notation's lines as a unit file has them.
plain_lines() {
	sed -E "s/^1shot\$/Type=oneshot/; s|^P\$|StopPost=sh{echo \$SERVICE_RESULT \$EXIT_CODE \$EXIT_STATUS >>$RECORD}|
		s/^(Start|Pre|Post|Stop|StopPost|Cond|Reload)=/Exec\1=/; s/^ExecPre=/ExecStartPre=/
		s/^ExecPost=/ExecStartPost=/; s/^ExecCond=/ExecCondition=/
		s|^(Exec[A-Za-z]*=[-@:+!]*)([LF]) |\1$SCRATCH/bin/\2 |; s|^(Exec[A-Za-z]*=[-@:+!]*)Z\$|\1/bin/sleep 1000|
		s| ; ([LF]) | ; $SCRATCH/bin/\1 |g
		s|sh\{(.*)\}\$|/bin/sh -c '\1'|"
}

# unit NAME LINE...: a unit file; lines are [Service] unless they are known as [Unit] or begin a section.
unit() {
	local name=$1 line key unit_part='' rest=''
	shift
	[[ $name == *.* ]] || name=$name.service
	for line; do
		key=${line%%=*}
		if [[ $UNIT_KEYS == *[[:space:]]$key[[:space:]]* || $key == Condition* || $key == Assert* ]]; then
			unit_part+=$line$'\n'
		else
			rest+=$line$'\n'
		fi
	done
	case $name in
	*.service) rest=$'[Service]\n'$rest ;;
	*.target) ;;
	esac
	{ printf '[Unit]\n%s' "$unit_part" && printf %s "$rest" | plain_lines; } >"$UNITS/$name"
}

# ---- over HTTP ----

get() { ask_daemon GET "/wherry/v1$1"; }

# send METHOD PATH [JSON]
send() { ask_daemon "$1" "/wherry/v1$2" ${3+"$3"}; }

# Names that JSON would have to quote are rare.
names_json() {
	local names
	case "$*" in
	*[\"\\]* | '') printf '%s\n' "$@" | jq -Rnc '[inputs | select(. != "")]' ;;
	*) names=$(printf '"%s",' "$@") && echo "[${names%,}]" ;;
	esac
}

# verb VERB NAME...: waits for the jobs; says how each ended; fails with the first code that is not 0.
# $MODE and $NO_BLOCK as the API has them.
verb() {
	local verb=$1 answer
	shift
	answer=$(send POST /jobs "{\"Verb\":\"$verb\",\"Units\":$(names_json "$@"),\"Mode\":\"${MODE-}\",\"NoBlock\":${NO_BLOCK-false}}")
	answer=$(jq -rs '[.[] | select(.Event != "queued")]
		| (.[] | "\(.Unit) \(.Result // .message) \(.Reason // "")"), ([.[].Code | select(. != 0)] | .[0] // 0)' \
		<<<"$answer") || return
	head -n -1 <<<"$answer"
	return "${answer##*$'\n'}"
}

start() { verb start "$@"; }
stop() { verb stop "$@"; }

# full NAME: a service where no other kind is named; in $REPLY, which needs no process.
full() { case $1 in *.*) REPLY=$1 ;; *) REPLY=$1.service ;; esac; }
get_unit() { full "$1" && get "/units/$REPLY"; }

property() {
	local value
	value=$(get_unit "$1" | jq -r ".Properties.$2") || return
	case $value in null | false) echo ;; *) echo "$value" ;; esac
}
state() { get_unit "$1" | jq -r '.Properties | "\(.ActiveState)/\(.SubState)"'; }
active() { property "$1" ActiveState; }
result() { property "$1" Result; }
main_pid() { property "$1" MainPID; }

reload() { send POST /reload; }

# record: what was written, one line for each run.
record() { cat "$RECORD"; }

has_state() { [ "$(state "$1")" = "$2" ]; }
has_active() { [ "$(active "$1")" = "$2" ]; }
comes_to() { wait_until 20 has_state "$1" "$2" || { echo "# $1 is $(state "$1")" >&2; return 1; }; }
becomes() { wait_until 20 has_active "$1" "$2" || { echo "# $1 is $(state "$1")" >&2; return 1; }; }

# records TEXT: the record comes to be that, its lines joined by blanks.
has_record() { [ "$(paste -sd' ' "$RECORD")" = "$1" ]; }
records() { wait_until 10 has_record "$1" || { echo "# record: $(paste -sd' ' "$RECORD")" >&2; return 1; }; }

# The manager writes its own words beside its other work.
has_journal() { get "/journal?unit=$1&output=cat" | grep -qxF -- "$2"; }

# What a stopped unit's shim takes away, it does when it has been let go, which nobody waits for.
group_of() { find /sys/fs/cgroup -path "*/wt${SCRATCH##*.}/system.slice/$1.service" -type d; }
has_no_group() { [ -z "$(group_of "$1")" ]; }

# The first of a test's mistakes ends it, with what was seen.
expect() { # WHAT WANTED
	[ "$1" = "$2" ] || { echo "# '$1', expected '$2'" >&2; return 1; }
}

kill_unit() { # NAME SIGNAL-NUMBER [WHO]
	full "$1"
	send POST "/units/$REPLY/kill" "{\"Signal\":$2,\"Who\":\"${3-all}\"}"
}
