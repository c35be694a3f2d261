#!/usr/bin/env bats
# Files in the format of Podman's Quadlet: a container is a service.  Where /usr/bin/docker is missing, our command
# runs in its place; where it is there, it talks to the same daemon.

load units

setup_file() {
	units_begin
	busybox_image
}

teardown_file() { units_end; }

setup() { [ "$(id -u)" = 0 ] || skip "needs root: control groups"; }

teardown() { units_stop_all; }

inspect() { "$WHERRY_BUILD/wherry" -H "unix://$SOCKET" inspect -f "$2" "$1"; }
minds() { "$WHERRY_BUILD/wherry" -H "unix://$SOCKET" logs "$1" 2>/dev/null | grep -qx minds; }
runs() { [ "$(inspect "$1" '{{.State.Running}}' 2>/dev/null)" = true ]; }

@test "NAME.container is NAME.service: its container has what the keys say, and goes when it stops" {
	cat >"$UNITS/box.container" <<-'END'
		[Unit]
		Description=A box
		[Container]
		Image=busybox
		Exec=sh -c "trap 'exit 0' TERM; echo minds; while :; do sleep 0.1; done"
		Environment=A=1 "B=two words"
		Label=for=test
		HostName=inside
		Memory=64m
		[Service]
		Environment=X=y
		[Install]
		WantedBy=multi-user.target
	END
	reload
	start box
	expect "$(state box)" active/running
	wait_until 20 minds systemd-box
	expect "$(inspect systemd-box '{{.Config.Hostname}} {{index .Config.Labels "for"}} {{.HostConfig.Memory}}')" \
		"inside test 67108864"
	inspect systemd-box '{{json .Config.Env}}' | jq -e 'index("A=1") and index("B=two words")' >/dev/null
	expect "$(property box Description)" "A box"
	expect "$(get /unit-files/box.service | jq -r .State)" generated
	stop box
	expect "$(active box)" inactive
	refuted inspect systemd-box '{{.Id}}' 2>/dev/null
	start box # the name is free again
	wait_until 20 runs systemd-box
}

@test "a section [Container] in a template's file is a container for each instance" {
	printf '[Container]\nImage=busybox\nContainerName=box-%%i\nExec=sleep 1000\nStopTimeout=1\n' >"$UNITS/each@.service"
	reload
	start each@1 each@2
	wait_until 20 runs box-1
	wait_until 20 runs box-2
	stop each@1 # its first process takes no SIGTERM: it is the container's own time that ends it
	expect "$(property each@1 Result)" success
	refuted inspect box-1 '{{.Id}}' 2>/dev/null
	runs box-2
}

@test "what is wrong in a container file is said by name" {
	printf '[Container]\nExec=true\n' >"$UNITS/bad.container"
	printf '[Container]\nImage=busybox\nUserNS=keep-id\n' >"$UNITS/warned.container"
	reload
	refuted start bad
	expect "$(property bad LoadState)" bad-setting
	get /units/warned.service | jq -r '.Warnings[]' | grep -q 'UserNS= of a \[Container\] is not supported'
}
