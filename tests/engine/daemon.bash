# A daemon that has busybox, for all tests of a file; each test leaves it without containers.  Where a file
# needs more, its own functions stand behind `load daemon` and take the place of these.
load ../lib/wherry

daemon_up() { daemon_start; }

setup_file() {
	[ "$EUID" = 0 ] || return 0
	scratch_begin
	daemon_up
	busybox_image
}

teardown_file() {
	[ "$EUID" = 0 ] || return 0
	daemon_stop
	scratch_end
}

setup() { needs_root; }
teardown() { remove_all_containers; }

remove_all_volumes() {
	local name
	for name in $(api GET /volumes | jq -r '.Volumes[].Name'); do
		wait_until 10 remove_volume "$name"
	done
}
remove_volume() { api DELETE "/volumes/$1" >/dev/null && [ "$(api_status)" = 204 ]; }

needs_root() { [ "$EUID" = 0 ] || skip "needs root: namespaces, mounts, control groups"; }

# answers STATUS TEXT METHOD PATH [JSON]: what the daemon says to a request.
answers() {
	local status=$1 text=$2
	shift 2
	api "$@" >/dev/null
	expect_status "$status"
	[ "$(jq -r .message "$SCRATCH/body")" = "$text" ] || { cat "$SCRATCH/body" >&2; return 1; }
}
