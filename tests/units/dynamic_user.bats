#!/usr/bin/env bats
# DynamicUser=: who runs, what he may, and what he leaves.

load units

LOCKS=/run/systemd/dynamic-uid

# The numbers are this file's alone, as its daemon is: others run beside it.
setup_file() {
	mkdir -p "$LOCKS"
	mount -t tmpfs tmpfs "$LOCKS"
}
teardown_file() { umount "$LOCKS"; }

setup() {
	units_begin
	NAME=dyn${SCRATCH##*.}
	NAME=${NAME,,}
	chmod 755 "$SCRATCH"
	FOLDERS=()
}

teardown() {
	units_end
	rm -rf "/var/lib/$NAME" "/var/lib/private/$NAME" "/var/cache/$NAME" "/var/cache/private/$NAME"
}

uid_of() { stat -c %u "/proc/$(main_pid "$1")"; }
gid_of() { stat -c %g "/proc/$(main_pid "$1")"; }
in_range() { [ "$1" -ge 61184 ] && [ "$1" -le 65519 ]; }
has_sleep() { [ "$(cat "/proc/$(main_pid "$1")/comm")" = sleep ]; }
# dynamic NAME LINE...: one that sleeps.
dynamic() {
	unit "$1" DynamicUser=yes Type=exec Start=Z "${@:2}"
	start "$1"
}
# A file that only the unit can read is looked at through its process.
inside() { nsenter -t "$(main_pid "$1")" -m -S "$(uid_of "$1")" -G "$(gid_of "$1")" -- "${@:2}"; }

@test "each unit has a number of its own, which no other has" {
	local uid other
	dynamic "$NAME"
	dynamic "${NAME}b"
	uid=$(uid_of "$NAME") other=$(uid_of "${NAME}b")
	in_range "$uid" && in_range "$other"
	[ "$uid" != "$other" ]
	expect "$(gid_of "$NAME")" "$uid"
	expect "$(property "$NAME" DynamicUser)" yes
	expect "$(property "$NAME" User)" "$NAME"
	tr '\0' '\n' <"/proc/$(main_pid "$NAME")/environ" | grep -qx "USER=$NAME"
	refuted flock -n "$LOCKS/$uid" true
	stop "$NAME"
	wait_until 10 test ! -e "$LOCKS/$uid"
	get "/units/$NAME.service" | jq -e '.Warnings == []' >/dev/null
}

@test "it may not write outside its folders, nor become somebody else" {
	dynamic "$NAME" StateDirectory="$NAME"
	grep -q '^NoNewPrivs:.*1$' "/proc/$(main_pid "$NAME")/status"
	refuted inside "$NAME" touch /var/lib/x-outside
	refuted inside "$NAME" touch /etc/x-outside
	refuted inside "$NAME" touch /var/lib/private/x-outside
	inside "$NAME" touch "/var/lib/$NAME/x" /tmp/y
	[ ! -e /tmp/y ]
	expect "$(stat -c %u "/var/lib/private/$NAME/x")" "$(uid_of "$NAME")"
}

@test "what it keeps lies where only root comes, is its own at the next start, and sees nothing else there" {
	dynamic "$NAME" StateDirectory="$NAME" CacheDirectory="$NAME/deep"
	local uid=$(uid_of "$NAME")
	expect "$(readlink "/var/lib/$NAME")" "private/$NAME"
	expect "$(readlink "/var/cache/$NAME/deep")" "../private/$NAME/deep"
	expect "$(stat -c %a /var/lib/private)" 700
	tr '\0' '\n' <"/proc/$(main_pid "$NAME")/environ" | grep -qx "STATE_DIRECTORY=/var/lib/private/$NAME"
	inside "$NAME" touch "/var/lib/$NAME/kept"
	expect "$(inside "$NAME" ls /var/lib/private)" "$NAME"
	refuted setpriv --reuid "$uid" --clear-groups ls "/var/lib/$NAME"
	stop "$NAME"
	wait_until 10 test ! -e "$LOCKS/$uid"
	# somebody else has the number now
	exec 8>"$LOCKS/$uid"
	flock -n 8
	start "$NAME"
	[ "$(uid_of "$NAME")" != "$uid" ] && in_range "$(uid_of "$NAME")"
	expect "$(stat -c %u "/var/lib/private/$NAME/kept")" "$(uid_of "$NAME")"
	inside "$NAME" touch "/var/lib/$NAME/kept"
	exec 8>&-
	rm -f "$LOCKS/$uid"
	# whose the files are now, he is again
	uid=$(uid_of "$NAME")
	stop "$NAME"
	start "$NAME"
	expect "$(uid_of "$NAME")" "$uid"
}

@test "a folder from before moves there, and back when the key has gone" {
	mkdir "/var/lib/$NAME"
	echo old >"/var/lib/$NAME/file"
	dynamic "$NAME" StateDirectory="$NAME"
	expect "$(inside "$NAME" cat "/var/lib/$NAME/file")" old
	[ -L "/var/lib/$NAME" ]
	expect "$(stat -c %u "/var/lib/private/$NAME/file")" "$(uid_of "$NAME")"
	stop "$NAME"
	unit "$NAME" User=daemon Type=exec Start=Z StateDirectory="$NAME"
	reload
	start "$NAME"
	[ ! -L "/var/lib/$NAME" ] && [ ! -e "/var/lib/private/$NAME" ]
	expect "$(stat -c %U "/var/lib/$NAME/file")" daemon
	stop "$NAME"
	expect "$(send POST "/units/$NAME.service/clean" '{"What":["state"]}')" ""
	[ ! -e "/var/lib/$NAME" ]
}

@test "a killed daemon changes nothing; an automatic restart keeps the number" {
	dynamic "$NAME" Restart=always RestartSec=10ms
	local uid=$(uid_of "$NAME") pid=$(main_pid "$NAME")
	daemon_kill
	units_daemon
	expect "$(main_pid "$NAME")" "$pid"
	refuted flock -n "$LOCKS/$uid" true
	kill -KILL "$pid"
	wait_until 10 eval '[ "$(property "$NAME" NRestarts)" = 1 ] && [ "$(state "$NAME")" = active/running ]'
	expect "$(uid_of "$NAME")" "$uid"
}

@test "a user who is there is who it runs as" {
	dynamic "$NAME" User=daemon
	expect "$(uid_of "$NAME")" "$(id -u daemon)"
}

@test "shared memory goes with it" {
	dynamic "$NAME"
	local uid=$(uid_of "$NAME") id
	inside "$NAME" touch "/dev/shm/$NAME"
	id=$(setpriv --reuid "$uid" --regid "$uid" --clear-groups ipcmk -M 4096 | grep -oE '[0-9]+$')
	ipcs -m -i "$id" >/dev/null
	stop "$NAME"
	wait_until 10 test ! -e "$LOCKS/$uid" # the last that its shim takes away
	[ ! -e "/dev/shm/$NAME" ]
	refuted grep -qE "^ *[0-9-]+ +$id " /proc/sysvipc/shm
}

@test "what is bound into a temporary file system is there" {
	mkdir "$SCRATCH/bound"
	echo seen >"$SCRATCH/bound/file"
	unit tmpfs Type=exec Start=Z TemporaryFileSystem=/srv:ro "BindReadOnlyPaths=$SCRATCH/bound:/srv/a/b"
	start tmpfs || { wherry journal -u tmpfs -o cat >&2; false; }
	expect "$(nsenter -t "$(main_pid tmpfs)" -m cat /srv/a/b/file)" seen
	refuted nsenter -t "$(main_pid tmpfs)" -m touch /srv/x
}
