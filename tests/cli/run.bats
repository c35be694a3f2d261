#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# run, create, start, attach, exec, logs: what is asked of the daemon, streams, exit codes.

load ../lib/wherry
load canned

ID=$(printf '7%.0s' {1..64})

setup() {
	canned_begin
	answer "POST /containers/create" 201 '{"Id":"'$ID'","Warnings":[]}'
	answer "POST /containers/$ID/start" 204
	answer "POST /containers/$ID/resize" 200
	answer "POST /containers/$ID/wait" 200 '{"StatusCode":3}'
	{ echo "101 closed"; frame 1 $'out line\n'; frame 2 $'err line\n'; } >"$SCRATCH/POST_containers_${ID}_attach"
}
teardown() { canned_end; }

# create FLAGS...: the body that `create` sends
create() {
	forget_requests
	wherry create "$@" >/dev/null
	body_of "POST /containers/create"
}

@test "run attaches, waits, starts, and ends as the container did" {
	wherry run x a 'b c' >"$SCRATCH/out" 2>"$SCRATCH/err" || status=$?
	[ "$status" = 3 ]
	[ "$(cat "$SCRATCH/out")" = "out line" ]
	[ "$(cat "$SCRATCH/err")" = "err line" ]
	[ "$(requests | grep -v '^{' | sort)" = "POST /containers/$ID/attach?stderr=1&stdout=1&stream=1
POST /containers/$ID/start
POST /containers/$ID/wait?condition=next-exit
POST /containers/create" ]
	[ "$(requests | grep -v '^{' | tail -1)" = "POST /containers/$ID/start" ]
	body_of "POST /containers/create" | jq -e '.Image == "x" and .Cmd == ["a", "b c"] and .AttachStdout and
		(.AttachStdin | not) and .HostConfig.NetworkMode == "default"'
}

@test "run -d prints the id and waits for nothing" {
	run wherry run -d --name n --rm x
	[ "$status" = 0 ]
	[ "$output" = "$ID" ]
	[ "$(requests | grep -v '^{')" = "POST /containers/create?name=n
POST /containers/$ID/start" ]
	body_of "POST /containers/create" | jq -e '.HostConfig.AutoRemove and (.AttachStdout | not)'
}

@test "run --rm waits for the removal" {
	run wherry run --rm x
	[ "$status" = 3 ]
	requests | grep -qx "POST /containers/$ID/wait?condition=removed"
}

@test "stdin is passed on, and its end" {
	{ echo "101 echo"; } >"$SCRATCH/POST_containers_${ID}_attach"
	answer "POST /containers/$ID/wait" 200 '{"StatusCode":0}'
	# the echo is no stream of frames: its first byte is one of a frame of stdout
	{ frame 1 "hello"; } >"$SCRATCH/in"
	[ "$(wherry run -i x <"$SCRATCH/in")" = hello ]
	body_of "POST /containers/create" | jq -e '.OpenStdin and .StdinOnce and .AttachStdin'
}

@test "much goes both ways at once" {
	answer "POST /containers/$ID/wait" 200 '{"StatusCode":0}'
	echo "101 echo" >"$SCRATCH/POST_containers_${ID}_attach"
	frames 4000 1 "$(printf 'x%.0s' {1..99})" >"$SCRATCH/in"
	run timeout 20 bash -c 'wherry run -i x <"$SCRATCH/in" | wc -c'
	[ "$output" = 396000 ]
}

@test "with a terminal it is raw, has its size, and detaches by keys" {
	echo "101 echo" >"$SCRATCH/POST_containers_${ID}_attach"
	answer "POST /containers/$ID/wait" "200 hold" '{"StatusCode":0}'
	mkfifo "$SCRATCH/release" "$SCRATCH/keys"
	timeout 20 script -qefc "stty rows 33 cols 77; wherry run -it x; echo \"ended \$?\"" "$SCRATCH/typescript" \
		<"$SCRATCH/keys" >/dev/null &
	local script=$!
	exec 7>"$SCRATCH/keys"
	wait_until 15 grep -q resize "$SCRATCH/requests" # keys are raw from then on
	printf 'ab\020c\020\021' >&7
	wait_until 10 grep -aq 'ended' "$SCRATCH/typescript"
	exec 7>&-
	wait $script || true
	grep -aq "ended 0" "$SCRATCH/typescript"
	grep -aq $'ab\x10c' "$SCRATCH/typescript"
	requests | grep -qx "POST /containers/$ID/resize?h=33&w=77"
	body_of "POST /containers/create" | jq -e '.Tty and .HostConfig.ConsoleSize == [33, 77]'
}

@test "without a terminal -it is refused" {
	run wherry run -it x </dev/null
	[ "$status" = 1 ]
	[ "$output" = "the input device is not a TTY" ]
	[ ! -e "$SCRATCH/requests" ]
}

@test "signals are passed on" {
	answer "POST /containers/$ID/wait" "200 hold" '{"StatusCode":143}'
	answer "POST /containers/$ID/kill" 204
	mkfifo "$SCRATCH/release"
	wherry run x >/dev/null 2>&1 &
	local run=$!
	wait_until 10 grep -q '/start$' "$SCRATCH/requests"
	kill -TERM $run
	wait_until 10 grep -qx "POST /containers/$ID/kill?signal=15" "$SCRATCH/requests"
	kill -USR1 $run
	wait_until 10 grep -qx "POST /containers/$ID/kill?signal=10" "$SCRATCH/requests"
	echo >"$SCRATCH/release"
	wait $run || status=$?
	[ "$status" = 143 ]
}

@test "what a start that failed means to the shell" {
	local words code
	while read -r code words; do
		answer "POST /containers/$ID/start" 400 "$(jq -n --arg words "$words" '{message: $words}')"
		run -"$code" wherry run -d x
		[ "${lines[0]}" = "wherry: Error response from daemon: $words" ]
		run -"$code" wherry run x
	done <<-'END'
		127 exec: "x": executable file not found in $PATH
		126 exec: "/data": permission denied
		125 no room left
	END
}

@test "a wait that breaks is 125" {
	answer "POST /containers/$ID/wait" 500 '{"message":"no"}'
	run wherry run x
	[ "$status" = 125 ]
	answer "POST /containers/$ID/wait" 200 '{"StatusCode":0,"Error":{"Message":"cannot remove it"}}'
	run wherry run --rm x
	[ "$status" = 125 ]
	[[ $output == *"cannot remove it" ]]
}

# Its exit code would be made up: an older daemon answers a wait for what has not begun at once.
@test "a daemon that is too old to wait for a start is told, before anything is made" {
	DOCKER_API_VERSION=1.29 run wherry run x
	[ "$status" = 125 ]
	[[ $output == *'"run without --detach" requires API version 1.30, but the '*' daemon API version is 1.29'* ]]
	DOCKER_API_VERSION=1.24 run wherry run -d --rm x
	[ "$status" = 125 ]
	[[ $output == *'"--rm" requires API version 1.25'* ]]
	[[ "$(requests 2>/dev/null)" != *containers/create* ]]
	DOCKER_API_VERSION=1.24 wherry run -d x
}

@test "a missing image is pulled, unless it must not be" {
	answer "POST /containers/create" 404 '{"message":"No such image: x:latest"}'
	answer "POST /images/create" 200 '{"status":"Pulling from library/x","id":"latest"}
{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"abc"}
{"errorDetail":{"message":"the registry is away"},"error":"the registry is away"}
'
	run wherry run x
	[ "$status" = 125 ]
	[ "${lines[0]}" = "Unable to find image 'x:latest' locally" ]
	[ "${lines[1]}" = "latest: Pulling from library/x" ]
	[ "${lines[2]}" = "wherry: the registry is away" ]
	requests | grep -qx "POST /images/create?fromImage=docker.io%2Flibrary%2Fx&tag=latest"
	forget_requests
	run wherry run --pull never x
	[ "$status" = 125 ]
	[ "${lines[0]}" = "wherry: Error response from daemon: No such image: x:latest" ]
	if requests | grep -q images; then return 1; fi
	run wherry create --pull sometimes x
	[ "$status" = 125 ]
}

@test "the daemon's warnings are shown" {
	answer "POST /containers/create" 201 '{"Id":"'$ID'","Warnings":["no swap here"]}'
	run wherry create x
	[ "$output" = "WARNING: no swap here
$ID" ]
}

@test "the id is written to --cidfile, which must be new" {
	wherry create --cidfile "$SCRATCH/cid" x
	[ "$(cat "$SCRATCH/cid")" = "$ID" ]
	run wherry create --cidfile "$SCRATCH/cid" x
	[ "$status" = 1 ]
	[[ $output == "container ID file found, make sure the other container isn't running or delete $SCRATCH/cid" ]]
	answer "POST /containers/create" 500 '{"message":"no"}'
	run wherry create --cidfile "$SCRATCH/other" x
	[ "$status" = 1 ]
	[ ! -e "$SCRATCH/other" ]
}

@test "limits are members of HostConfig" {
	create -m 100m --memory-reservation 50m --memory-swap -1 --memory-swappiness 10 --cpus 1.5 -c 512 \
		--cpuset-cpus 0-1 --pids-limit 100 --shm-size 128m --oom-score-adj 5 --blkio-weight 500 \
		--ulimit nofile=1024:2048 --ulimit nproc=5 --device-read-bps /dev/a:1mb --blkio-weight-device /dev/a:300 x |
		jq -e '.HostConfig | .Memory == 104857600 and .MemoryReservation == 52428800 and .MemorySwap == -1 and
		 .MemorySwappiness == 10 and .NanoCpus == 1500000000 and .CpuShares == 512 and .CpusetCpus == "0-1" and
		 .PidsLimit == 100 and .ShmSize == 134217728 and .OomScoreAdj == 5 and .BlkioWeight == 500 and
		 .Ulimits == [{"Name":"nofile","Hard":2048,"Soft":1024},{"Name":"nproc","Hard":5,"Soft":5}] and
		 .BlkioDeviceReadBps == [{"Path":"/dev/a","Rate":1048576}] and
		 .BlkioWeightDevice == [{"Path":"/dev/a","Weight":300}]'
}

@test "lists that were not given are empty, as docker sends them" {
	create x | jq -e '.HostConfig | [.Dns, .DnsOptions, .DnsSearch, .Devices, .Ulimits, .BlkioWeightDevice] ==
		[[], [], [], [], [], []] and .PortBindings == {} and .LogConfig == {"Type":"","Config":{}} and
		.RestartPolicy == {"Name":"no","MaximumRetryCount":0}'
}

@test "ports are exposed and bound" {
	create -p 80 -p 127.0.0.1:90:91/udp -p 7000-7001:7000-7001 -p '[::1]:5:6' --expose 200-201/udp x |
		jq -e '.HostConfig.PortBindings == {"80/tcp":[{"HostIp":"","HostPort":""}],
		 "91/udp":[{"HostIp":"127.0.0.1","HostPort":"90"}],"7000/tcp":[{"HostIp":"","HostPort":"7000"}],
		 "7001/tcp":[{"HostIp":"","HostPort":"7001"}],"6/tcp":[{"HostIp":"::1","HostPort":"5"}]} and
		 (.ExposedPorts | keys) == ["200/udp","201/udp","6/tcp","7000/tcp","7001/tcp","80/tcp","91/udp"]'
	run wherry create -p 99999 x
	[ "$status" = 125 ]
	[ "${lines[0]}" = "wherry: invalid containerPort: 99999" ]
}

@test "mounts in all their forms" {
	cd "$SCRATCH"
	create -v /a:/b:ro -v ./c:/d -v data:/e -v /anonymous --tmpfs /run --tmpfs /tmp:size=64m --volumes-from o x |
		jq -e --arg here "$SCRATCH" '.HostConfig.Binds == ["/a:/b:ro", $here + "/c:/d", "data:/e"] and
		 .Volumes == {"/anonymous":{}} and .HostConfig.Tmpfs == {"/run":"","/tmp":"size=64m"} and
		 .HostConfig.VolumesFrom == ["o"]'
	create --mount type=bind,src=/a,dst=/b,ro,bind-propagation=rslave \
		--mount type=volume,source=v,target=/c,volume-nocopy,volume-label=a=b,volume-driver=d,volume-opt=o=p \
		--mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770 --mount '"type=bind","source=/a,b",target=/q' x |
		jq -e '.HostConfig.Mounts == [
		 {"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}},
		 {"Type":"volume","Source":"v","Target":"/c","VolumeOptions":{"NoCopy":true,"Labels":{"a":"b"},"DriverConfig":{"Name":"d","Options":{"o":"p"}}}},
		 {"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1048576,"Mode":1016}},
		 {"Type":"bind","Source":"/a,b","Target":"/q"}]'
	local flags error
	while IFS='|' read -r flags error; do
		run wherry create --mount "$flags" x
		[ "$status" = 125 ]
		[ "${lines[0]}" = "invalid argument \"$flags\" for \"--mount\" flag: $error" ]
	done <<-'END'
		type=bind,source=/a|target is required
		type=bind,source=/a,target=/b,bogus=1|unexpected key 'bogus' in 'bogus=1'
		type=bind,source=/a,target=/b,bogus|invalid field 'bogus' must be a key=value pair
		type=bind,target=/b,volume-nocopy,source=/a|cannot mix 'volume-*' options with mount type 'bind'
		type=bind,source=/a,target=/b,readonly=maybe|invalid value for readonly: maybe
	END
}

@test "environment and labels, from flags and files" {
	printf 'A=1\n# remark\nFROM_HERE\nNOT_HERE\n  C=x y\n\n' >"$SCRATCH/env"
	printf 'la=1\nlb\n' >"$SCRATCH/labels"
	FROM_HERE=here create --env-file "$SCRATCH/env" -e Z=1 -e FROM_HERE -e ALONE -l k=v --label-file "$SCRATCH/labels" x |
		jq -e '.Env == ["A=1","FROM_HERE=here","  C=x y","Z=1","FROM_HERE=here","ALONE"] and
		 .Labels == {"la":"1","lb":"","k":"v"}' ||
		body_of "POST /containers/create" | jq -e '.Env == ["A=1","FROM_HERE=here","C=x y","Z=1","FROM_HERE=here","ALONE"]'
	run wherry create -e '' x
	[ "$status" = 125 ]
	run wherry create --env-file /nonexistent x
	[ "${lines[0]}" = "wherry: open /nonexistent: no such file or directory" ]
}

@test "identity, rights and namespaces" {
	create --cap-add net_admin --cap-drop all --privileged --read-only --init -u 1:2 -w /w -h host --entrypoint /e \
		--stop-signal INT --stop-timeout 5 --group-add 5 --pid host --uts host --ipc host --cgroupns host \
		--security-opt no-new-privileges --sysctl net.ipv4.x=1 --device /dev/a:/dev/b:r --dns 1.1.1.1 \
		--add-host a:1.2.3.4 --add-host c=host-gateway --network host --log-driver none --restart on-failure:3 x |
		jq -e '.User == "1:2" and .WorkingDir == "/w" and .Hostname == "host" and .Entrypoint == ["/e"] and
		 .StopSignal == "INT" and .StopTimeout == 5 and (.HostConfig | .CapAdd == ["CAP_NET_ADMIN"] and
		 .CapDrop == ["ALL"] and .Privileged and .ReadonlyRootfs and .Init and .GroupAdd == ["5"] and
		 .PidMode == "host" and .UTSMode == "host" and .IpcMode == "host" and .CgroupnsMode == "host" and
		 .SecurityOpt == ["no-new-privileges"] and .Sysctls == {"net.ipv4.x":"1"} and .Dns == ["1.1.1.1"] and
		 .Devices == [{"PathOnHost":"/dev/a","PathInContainer":"/dev/b","CgroupPermissions":"r"}] and
		 .ExtraHosts == ["a:1.2.3.4","c:host-gateway"] and .NetworkMode == "host" and
		 .LogConfig.Type == "none" and .RestartPolicy == {"Name":"on-failure","MaximumRetryCount":3})'
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$SCRATCH/profile.json"
	create --security-opt "seccomp=$SCRATCH/profile.json" --security-opt systempaths=unconfined --entrypoint '' x c |
		jq -e '.HostConfig.SecurityOpt == ["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"] and
		 .HostConfig.MaskedPaths == [] and .HostConfig.ReadonlyPaths == [] and .Entrypoint == [""] and .Cmd == ["c"]'
}

@test "options that do not go together are refused" {
	local flags error
	while IFS='|' read -r flags error; do
		run wherry create $flags x
		[ "$status" = 125 ]
		[ "${lines[0]}" = "wherry: $error" ]
	done <<-'END'
		--rm --restart always|conflicting options: cannot specify both --restart and --rm
		--log-driver none --log-opt a=b|invalid logging opts for driver none
		--no-healthcheck --health-cmd a|--no-healthcheck conflicts with --health-* options
		--memory-swappiness 101|invalid value: 101. Valid memory swappiness range is 0-100
		--pid foo|--pid: invalid PID mode
		--network-alias a|network-scoped aliases are only supported for user-defined networks
		--security-opt foo|Invalid --security-opt: "foo"
		--device /dev/a:/dev/b:xyz|bad mode specified: xyz
	END
	run wherry run -d -a stdout x
	[ "$status" = 1 ]
	[ "$output" = "conflicting options: cannot specify both --attach and --detach" ]
	run wherry create --cpu-count 2 x
	[ "$status" = 125 ]
	[ "${lines[0]}" = "--cpu-count is not supported: only a daemon on Windows has it" ]
}

@test "exec runs, and ends as its command did" {
	answer "POST /containers/c/exec" 201 '{"Id":"e"}'
	{ echo "101 closed"; frame 1 "hello"; } >"$SCRATCH/POST_exec_e_start"
	answer "GET /exec/e/json" 200 '{"ExitCode":7}'
	run wherry exec -e A=1 -u ann -w /w c sh -c 'exit 7'
	[ "$status" = 7 ]
	[ "$output" = hello ]
	body_of "POST /containers/c/exec" | jq -e '.Cmd == ["sh","-c","exit 7"] and .Env == ["A=1"] and .User == "ann" and
		.WorkingDir == "/w" and .AttachStdout and (.AttachStdin | not)'
	forget_requests
	answer "POST /exec/e/start" 200
	run wherry exec -d c true
	[ "$status" = 0 ]
	body_of "POST /exec/e/start" | jq -e '.Detach'
	run wherry exec nothing true
	[ "$status" = 1 ]
}

@test "start -a ends as the container did, start of several names them" {
	answer "GET /containers/c/json" 200 '{"Id":"'$ID'","Config":{"Tty":false,"OpenStdin":false},"HostConfig":{}}'
	run wherry start -a c
	[ "$status" = 3 ]
	[ "$output" = "out line
err line" ]
	answer "POST /containers/a/start" 204
	run wherry start a b
	[ "$status" = 1 ]
	[ "$output" = "a
Error response from daemon: page not found
Error: failed to start containers: b" ]
	run wherry start -a a b
	[ "$output" = "you cannot start and attach multiple containers at once" ]
}

@test "attach looks at the state first" {
	answer "GET /containers/$ID/json" 200 '{"Id":"'$ID'","State":{"Running":false},"Config":{}}'
	run wherry attach $ID
	[ "$status" = 1 ]
	[ "$output" = "You cannot attach to a stopped container, start it first" ]
	answer "GET /containers/$ID/json" 200 '{"Id":"'$ID'","State":{"Running":true},"Config":{"Tty":false,"OpenStdin":true}}'
	run wherry attach --no-stdin $ID
	[ "$status" = 3 ]
	requests | grep -qx "POST /containers/$ID/attach?stderr=1&stdout=1&stream=1"
}

@test "logs are taken apart" {
	{ echo "200 frames"; frame 1 $'one\n'; frame 2 $'two\n'; } >"$SCRATCH/GET_containers_c_logs"
	wherry logs -f -n 5 -t --since 2025-01-01T00:00:00Z c >"$SCRATCH/out" 2>"$SCRATCH/err"
	[ "$(cat "$SCRATCH/out")" = one ]
	[ "$(cat "$SCRATCH/err")" = two ]
	[ "$(requests)" = "GET /containers/c/logs?follow=1&since=1735689600.000000000&stderr=1&stdout=1&tail=5&timestamps=1" ]
	run wherry logs --since yesterday c
	[ "$status" = 1 ]
	[ "$output" = 'invalid value for "since": failed to parse value as time or duration: "yesterday"' ]
}

@test "a reader that goes away ends logs quietly" {
	{ echo "200 frames"; frames 2000 1 "$(printf 'y%.0s' {1..90})"$'\n'; } >"$SCRATCH/GET_containers_c_logs"
	[ "$(wherry logs c | head -1 | wc -c)" = 91 ]
}

@test "update sends what was given, and nothing else" {
	answer "POST /containers/c/update" 200 '{"Warnings":["careful"]}'
	run wherry update --memory 100m --restart always c
	[ "$output" = "c
careful" ]
	body_of "POST /containers/c/update" | jq -e '. == {"Memory":104857600,"RestartPolicy":{"Name":"always","MaximumRetryCount":0}}'
	run wherry update c
	[ "$status" = 1 ]
	[ "$output" = "you must provide one or more flags when using this command" ]
}

@test "wait prints exit codes, rename complains twice" {
	answer "POST /containers/a/wait" 200 '{"StatusCode":0}'
	answer "POST /containers/b/wait" 200 '{"StatusCode":137}'
	[ "$(wherry wait a b)" = "0
137" ]
	run wherry rename x y
	[ "$status" = 1 ]
	[ "$output" = "Error response from daemon: page not found
Error: failed to rename container named x" ]
}
