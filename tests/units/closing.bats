#!/usr/bin/env bats
# A daemon that is stopped while requests wait for units to be read: each of them is let go, and nothing of it leaks
# (which a sanitized daemon says at its end).

load units

setup_file() { units_begin; }

teardown_file() { units_end; }

# write_many COUNT: units that a target wants, read by nobody before the first who asks for that.
write_many() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '[Service]\nExecStart=/bin/true\n' >"$UNITS/many-$i.service"
	done
	{
		printf '[Unit]\n'
		seq -f 'Wants=many-%.0f.service' 0 $(($1 - 1))
	} >"$UNITS/many.target"
}

# ask METHOD PATH [JSON]: its answer is in the file $ANSWERS/N; nothing where the connection was closed.
ask() {
	local file=$ANSWERS/$((${#ASKED[@]} + 1))
	send "$@" >"$file" 2>/dev/null &
	ASKED+=($!)
}

ask_all() {
	ask GET /units/many.target
	ask GET /units/many.target/dependencies
	ask GET /units/many.target/files
	ask GET /units/many.target/export
	ask POST /units/many.target/kill '{}'
	ask POST /units/many.target/freeze
	ask POST /units/many.target/clean '{"What":["state"]}'
	ask POST /units/many.target/properties '{"Properties":["Description=x"]}'
	ask POST /jobs '{"Verb":"start","Units":["many.target"]}'
	ask POST /reload
	ask PUT /unit-files/one.service '{"Text":"[Service]\nExecStart=/bin/true\n"}'
	ask POST /unit-files/enable '{"Names":["many-1.service"]}'
}

# end_amid COUNT: the daemon ends while so many units are being read.
end_amid() {
	local pid
	ASKED=()
	write_many "$1"
	ask_all
	nap 0.1
	daemon_stop
	for pid in "${ASKED[@]}"; do wait "$pid" || true; done
	rm -rf "${UNITS:?}"/*
}

@test "requests that wait for a unit when the daemon ends leave nothing behind" {
	local count
	ANSWERS=$SCRATCH/answers
	mkdir "$ANSWERS"
	for count in 5000 10000 20000 40000; do # a quick daemon has read the fewer in time
		end_amid "$count"
		run sanitizers_complain
		expect "$output" ""
		units_daemon
		[ -s "$ANSWERS/1" ] || break
	done
	[ ! -s "$ANSWERS/1" ]
}
