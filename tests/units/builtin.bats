#!/usr/bin/env bats
# Units that are there without a file, what is started at boot, and what the manager gives to units.

load units

setup() { units_begin; }
teardown() {
	units_end
	ip link delete umdummy 2>/dev/null || true
}

@test "what is enabled is started with the daemon; at the next start it runs on" {
	unit e Start=Z
	unit later Start=Z
	printf '[Install]\nWantedBy=multi-user.target\n' | tee -a "$UNITS/e.service" >>"$UNITS/later.service"
	send POST /unit-files/enable '{"Names":["e"]}' | grep -q 'multi-user.target.wants/e.service'
	expect "$(get /unit-files/e.service | jq -r .State)" enabled
	expect "$(get /unit-files/later.service | jq -r .State)" disabled
	expect "$(active e)" inactive
	daemon_stop
	units_daemon
	becomes e active
	expect "$(active later)" inactive
	comes_to default.target active/active
	local pid=$(main_pid e)
	daemon_kill
	units_daemon
	comes_to e active/running
	expect "$(main_pid e)" "$pid"
	send POST /unit-files/disable '{"Names":["e"]}' | jq -e '.Removed | length == 1'
	expect "$(get /unit-files/e.service | jq -r .State)" disabled
}

@test "network-online.target waits for an address and a default route" {
	unit n Wants=network-online.target After=network-online.target Start=Z
	NO_BLOCK=true start n
	wait_until 10 eval '[ "$(get /jobs | jq length)" = 2 ]'
	expect "$(active n)" inactive
	ip link add umdummy type veth peer name umpeer
	ip link set umpeer up
	ip address add 10.123.4.5/24 dev umdummy
	ip link set umdummy up
	ip route add default via 10.123.4.1
	becomes n active
	expect "$(state network-online.target)" active/active
}

@test "a file with the name of a built-in unit is not read, and that is said" {
	unit docker Start=Z
	reload
	expect "$(state docker)" active/running
	expect "$(main_pid docker)" "$(daemon_pid)"
	expect "$(get /units/docker.service | jq -r .Main.Name)" wherryd
	expect "$(get /state | jq -r .Host)" "$(uname -n)"
	get /units/docker.service | jq -r '.Warnings[]' | grep -q 'is built in'
	expect "$(property containerd.service Id)" docker.service
}

@test "units find the engine: DOCKER_HOST is our socket unless they say otherwise" {
	unit h 1shot "Start=sh{echo \$DOCKER_HOST >>$RECORD}"
	start h
	records "unix://$SOCKET"
	: >"$RECORD"
	unit h2 1shot Environment=DOCKER_HOST=tcp://x "Start=sh{echo \$DOCKER_HOST >>$RECORD}"
	start h2
	records tcp://x
}

@test "what the manager itself says stands in the journal of the unit" {
	unit j 'Start=F 1' Restart=always StartLimitBurst=2 StartLimitIntervalSec=1h
	start j
	comes_to j failed/failed
	wait_until 10 has_journal j.service 'j.service: Start request repeated too quickly.'
	has_journal j.service 'j.service: Scheduled restart job, restart counter is at 1.'
	get "/journal?unit=j.service&output=json" | jq -se 'map(select(.MESSAGE | test("repeated"))) | .[0].UNIT == "j.service"'
}

@test "events tell of each change, a job can be canceled, files are put and verified" {
	curl -sSN --unix-socket "$SOCKET" http://wherry/wherry/v1/events -D "$SCRATCH/head" >"$SCRATCH/events" 2>/dev/null 3>&- &
	local reader=$!
	wait_until 10 test -s "$SCRATCH/head" # from now on it is told
	send PUT /unit-files/put.service '{"Text":"[Service]\nExecStart=/bin/sleep 1000\n"}'
	start put
	wait_until 10 grep -q '"Unit":"put.service","ActiveState":"active","SubState":"running"' "$SCRATCH/events"
	kill $reader
	send PUT /unit-files/put.service '{"Text":"[Service]\nEnvironment=X=1\n","DropIn":"x.conf"}'
	expect "$(property put Environment)" X=1
	expect "$(get /units/put.service/files | jq length)" 2
	send POST /verify '{"Name":"x.service","File":"x.service","Text":"[Service]\nFoo=1\nExecStart=bin/x\n"}' | jq -e '.Problems | length >= 2'
	unit slow 1shot Start=Z
	NO_BLOCK=true start slow
	comes_to slow activating/start
	send DELETE "/jobs/$(get /jobs | jq '.[0].Id')"
	expect "$(get /jobs)" "[]"
	send POST /units/none.service/kill '{}' | jq -e '.code == 1'
	expect "$(get /state | jq -r .State)" running
}
