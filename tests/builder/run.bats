#!/usr/bin/env bats
# RUN: what a command finds, what it leaves, how it fails.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

@test "a command that fails ends the build with its code, its place in the file, and leaves nothing" {
	context failing <<-'D'
		FROM busybox
		RUN echo fine
		# a comment
		RUN echo last words && \
		    exit 3
		RUN echo never
	D
	build t=failing
	fails "The command '/bin/sh -c echo last words &&     exit 3' returned a non-zero code: 3"
	[ "$(jq -r 'select(.error) | .errorDetail.code' "$SCRATCH/answer")" = 3 ]
	says 'last words'
	grep -q 'Dockerfile:4' "$SCRATCH/output"
	grep -qE '>>>.*exit 3|4 \|.*>>> RUN echo last words' "$SCRATCH/output"
	refuted wherry image inspect failing 2>/dev/null
	nothing_left
	build 't=failing'
	uses_cache 1
}

@test "rm=0 keeps the containers of steps, forcerm does not" {
	context keep <<-'D'
		FROM busybox
		RUN echo fine >/file
	D
	built 't=keep&rm=0'
	[ "$(wherry ps -aq | wc -l)" = 1 ]
	[ "$(in_image keep cat /file)" = fine ]
	remove_all_containers
	printf 'FROM busybox\nRUN exit 1\n' >Dockerfile
	build 't=keep&rm=0'
	[ "$(wherry ps -aq | wc -l)" = 1 ]
	remove_all_containers
	build 't=keep&rm=0&forcerm=1'
	nothing_left
}

@test "a program that is not there, and exec form" {
	context exec <<-'D'
		FROM busybox
		RUN ["echo", "$HOME", "exec form"]
		RUN ["nosuch"]
	D
	build t=exec
	says '$HOME exec form'
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q 'exec: "nosuch": executable file not found in $PATH'
	nothing_left
}

@test "user, folder, variables, volumes and the container's own files" {
	context place <<-'D'
		FROM busybox
		VOLUME /vol
		RUN echo dropped >/vol/f
		WORKDIR rel
		WORKDIR deeper
		USER ann
		ENV HOME=/home/ann
		RUN echo "$(id -un) $PWD $HOME" >/tmp/said
		RUN grep -q localhost /etc/hosts && hostname | grep -qE '^[0-9a-f]{12}$'
	D
	built t=place
	[ "$(in_image place cat /tmp/said)" = 'ann /rel/deeper /home/ann' ]
	[ "$(in_image place ls /vol)" = '' ]
	[ "$(in_image place stat -c %u:%g /rel/deeper)" = 0:0 ]
	nothing_left
}

@test "networks and hosts of the request, and of a step" {
	context net <<-'D'
		FROM busybox
		RUN --network=none ip -o addr show | grep -vc ': lo ' | grep -qx 0
		RUN grep -q '^10.9.8.7.*there$' /etc/hosts
	D
	built 'extrahosts=there:10.9.8.7'
	printf 'FROM busybox\nRUN ip -o addr show | grep -vc ": lo " | grep -qx 0\n' >Dockerfile
	built 'networkmode=none&nocache=1'
	build 'networkmode=default&nocache=1'
	fails "The command '/bin/sh -c ip -o addr show | grep -vc \": lo \" | grep -qx 0' returned a non-zero code: 1"
}

@test "limits of the request reach the steps" {
	context limits <<-'D'
		FROM busybox
		RUN [ $(ulimit -n) = 123 ] && [ $(df -k /dev/shm | awk 'NR == 2 {print $2}') = 1024 ]
	D
	built 'shmsize=1048576&ulimits=%5B%7B%22Name%22%3A%22nofile%22%2C%22Soft%22%3A123%2C%22Hard%22%3A456%7D%5D'
}

@test "memory and processor limits of the request reach the steps, and nothing of the image" {
	context measured <<-'D'
		FROM busybox
		RUN cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; \
		    cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; nproc; true
	D
	built 't=measured&rm=0&memory=67108864&memswap=134217728&cpushares=512&cpuperiod=50000&cpuquota=25000&cpusetcpus=0'
	says 67108864 1
	grep -qE '^25000( 50000)?$' "$SCRATCH/output"
	[ "$(wherry inspect -f '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.CpuShares}} {{.CpuPeriod}} {{.CpuQuota}} {{.CpusetCpus}}{{end}}' "$(wherry ps -aq)")" = \
		'67108864 134217728 512 50000 25000 0' ]
	remove_all_containers
	wherry build -q --no-cache -m 64m --memory-swap 128m -c 512 --cpu-period 50000 --cpu-quota 25000 --cpuset-cpus 0 --rm=false -t measured .
	[ "$(wherry inspect -f '{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}}' "$(wherry ps -aq)")" = '67108864 25000' ]
	remove_all_containers
	printf 'FROM busybox\nRUN head -c 100000000 /dev/zero | tail\n' >Dockerfile
	build 'memory=16777216&memswap=16777216'
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q 'returned a non-zero code: 137'
	build 'memory=1000'
	jq -r '.error // .message // empty' "$SCRATCH/answer" | grep -q 'Minimum memory limit allowed is 6MB'
	nothing_left
}

@test "cache folders live from build to build, and are no part of the image" {
	context cache <<-'D'
		FROM busybox
		ARG n
		RUN --mount=type=cache,target=/var/cache/x,uid=1000,mode=0750 echo $n >>/var/cache/x/all && cat /var/cache/x/all && stat -c '%a %u' /var/cache/x
	D
	built 't=cache&buildargs=%7B%22n%22%3A%22one%22%7D'
	says one '750 1000'
	built 't=cache&buildargs=%7B%22n%22%3A%22two%22%7D'
	says one two
	[ "$(in_image cache ls /var)" = '' ]
	nothing_left
}

@test "one cache at two places of a step is one cache, however it is shared" {
	context twice <<-'D'
		FROM busybox
		RUN --mount=type=cache,id=t1,sharing=locked,target=/a --mount=type=cache,id=t1,sharing=locked,target=/b touch /a/locked && ls /b
		RUN --mount=type=cache,id=t2,target=/a --mount=type=cache,id=t2,sharing=locked,target=/b touch /a/mixed && ls /b
		RUN --mount=type=cache,id=t3,sharing=private,target=/a --mount=type=cache,id=t3,sharing=private,target=/b touch /a/private && ls /b
		RUN --mount=type=bind,target=/c,source=sub/../sub/.. ls /c
	D
	mkdir sub
	built ''
	says locked mixed private Dockerfile
	printf 'FROM busybox\nRUN --mount=type=cache,id=t4,from=busybox,target=/a --mount=type=cache,id=t4,from=busybox,target=/b true\n' >Dockerfile
	build ''
	fails "the cache 't4' with the files of an image cannot be at two places of one step"
	nothing_left
}

@test "a locked cache is one step's at a time" {
	context locked <<-'D'
		FROM busybox AS a
		RUN --mount=type=cache,id=l,sharing=locked,target=/l mkdir /l/held && sleep 0.3 && rmdir /l/held
		FROM busybox AS b
		RUN --mount=type=cache,id=l,sharing=locked,target=/l mkdir /l/held && sleep 0.3 && rmdir /l/held
		FROM busybox
		COPY --from=a /etc/group /a
		COPY --from=b /etc/group /b
	D
	built t=locked
	nothing_left
}

# steps SHARING: two that run at the same time, each with its mark in the cache folder /c.
steps() {
	context "sharing-$1" <<-D
		FROM busybox AS a
		RUN --mount=type=cache,id=$1-meet,target=/meet --mount=type=cache,id=$1,sharing=$1,target=/c touch /c/a /meet/a; i=0; until [ -e /meet/b ]; do sleep 0.05; i=\$((i+1)); [ \$i -lt 600 ] || exit 1; done; echo a sees \$(ls /c); touch /meet/a2; until [ -e /meet/b2 ]; do sleep 0.05; done
		FROM busybox AS b
		RUN --mount=type=cache,id=$1-meet,target=/meet --mount=type=cache,id=$1,sharing=$1,target=/c touch /c/b /meet/b; i=0; until [ -e /meet/a ]; do sleep 0.05; i=\$((i+1)); [ \$i -lt 600 ] || exit 1; done; echo b sees \$(ls /c); touch /meet/b2; until [ -e /meet/a2 ]; do sleep 0.05; done
		FROM busybox
		COPY --from=a /etc/group /a
		COPY --from=b /etc/group /b
		RUN --mount=type=cache,id=$1,target=/c echo later: \$(ls /c)
	D
}

@test "a shared cache is one folder for all who have it at once" {
	steps shared
	built t=shared
	says 'a sees a b' 'b sees a b' 'later: a b'
}

@test "a private cache is another folder for who comes second, and kept for the next" {
	steps private
	built t=private
	says 'a sees a' 'b sees b'
	grep -qE '^later: (a|b)$' "$SCRATCH/output"
	built 't=private&nocache=1'
	says 'a sees a' 'b sees b'
}

@test "a locked cache is waited for by a step of another build, and by who shares it" {
	context holder <<-'D'
		FROM busybox
		RUN --mount=type=cache,id=hold-meet,target=/meet --mount=type=cache,id=hold,sharing=locked,target=/c touch /c/held; until [ -e /meet/go ]; do sleep 0.05; done; rm /c/held /meet/go
	D
	tar -c . | curl -sS --unix-socket "$SOCKET" -X POST --data-binary @- -H 'Content-Type: application/x-tar' \
		"http://wherry/v1.47/build?nocache=1" >"$SCRATCH/holder.answer" 3>&- &
	local holder=$! waiter sharing
	wait_until 20 eval '[ -n "$(find "$SCRATCH/data/build-cache" -name held)" ]'
	for sharing in shared locked; do
		mkdir -p "$SCRATCH/waits-$sharing"
		cd "$SCRATCH/waits-$sharing"
		printf 'FROM busybox\nRUN --mount=type=cache,id=hold,sharing=%s,target=/c [ ! -e /c/held ] && echo free\n' $sharing >Dockerfile
		tar -c . | curl -sS -N --unix-socket "$SOCKET" -X POST --data-binary @- -H 'Content-Type: application/x-tar' \
			"http://wherry/v1.47/build?nocache=1" >"$SCRATCH/waits-$sharing.answer" 3>&- &
		waiter="${waiter-} $!"
		wait_until 20 grep -q 'Step 2/2' "$SCRATCH/waits-$sharing.answer"
	done
	cd "$SCRATCH/holder"
	printf 'FROM busybox\nRUN --mount=type=cache,id=hold-meet,target=/meet touch /meet/go\n' >Dockerfile
	built nocache=1
	wait $holder $waiter
	grep -q 'Successfully built' "$SCRATCH/holder.answer"
	for sharing in shared locked; do grep -q 'free' "$SCRATCH/waits-$sharing.answer"; done
	nothing_left
}

@test "mounts of the context, of stages and images; what is written there is dropped" {
	context bind <<-'D'
		FROM busybox AS stage
		RUN mkdir -p /made && echo made >/made/f
		FROM busybox
		RUN --mount=target=/ctx,rw cat /ctx/file && echo x >/ctx/new && ls /ctx >/listed
		RUN --mount=from=stage,source=/made,target=/m --mount=type=bind,from=busybox,source=bin,target=/b cat /m/f && /b/busybox true && ! touch /m/x
		RUN --mount=type=tmpfs,target=/t,size=1m echo y >/t/y && grep -q ' /t tmpfs' /proc/mounts
		RUN [ ! -e /ctx ] && [ ! -e /m ] && [ ! -e /t ]
	D
	echo inside >file
	built t=bind
	says inside made
	[ "$(in_image bind cat /listed | tr '\n' ' ')" = 'Dockerfile file new ' ]
	[ ! -e new ]
	built t=bind
	uses_cache 5
	echo other >file
	built t=bind
	says other
	nothing_left
}

@test "secrets are files that only the step sees" {
	context secret <<-'D'
		FROM busybox
		RUN --mount=type=secret,id=key,required cat /run/secrets/key >/tmp/k && stat -c %a /run/secrets/key && wc -c </tmp/k && rm /tmp/k
		RUN --mount=type=secret,id=key,target=/s,uid=1000,mode=0440 stat -c '%a %u' /s
		RUN [ ! -e /run ] && [ ! -e /s ]
		RUN --mount=type=secret,id=absent true
	D
	printf 'very secret' >"$SCRATCH/key"
	wherry build -q --secret id=key,src="$SCRATCH/key" -t secret . >/dev/null
	build "t=secret&nocache=1" -H "X-Wherry-Secrets: $(printf '{"key":"%s"}' "$(base64 <"$SCRATCH/key")" | base64 -w0)"
	says 400 11 '440 1000'
	[ -z "$(ls "$SCRATCH/run/build" 2>/dev/null)" ]
	refuted grep -raqF 'very secret' "$SCRATCH/wherryd.log" "$SCRATCH/data" --include=* --exclude-dir=busybox
	build "t=secret&nocache=1"
	fails 'secret key: not found'
	nothing_left
}

@test "a secret may be a variable of the step alone, or both" {
	context variable <<-'D'
		FROM busybox
		ENV TOKEN=public
		RUN --mount=type=secret,id=key,env=TOKEN test "$TOKEN" = "$(printf 'quite\nhidden\n.')" && [ ! -e /run ] && echo seen ${#TOKEN}
		RUN --mount=type=secret,id=key,env=TOKEN,target=/s [ "$(cat /s)" = "$TOKEN" ] && echo both
		RUN echo now $TOKEN
		RUN --mount=type=secret,id=absent,env=NONE echo ${NONE-unset}
	D
	printf 'quite\nhidden\n.' >"$SCRATCH/key"
	wherry build --secret id=key,src="$SCRATCH/key" -t variable . >"$SCRATCH/output"
	says 'seen 14' both 'now public' unset
	refuted grep -rlaP 'quite\nhidden' "$SCRATCH/wherryd.log" "$SCRATCH/data" "$SCRATCH/run"
	refuted grep -rla 'TOKEN=quite' "$SCRATCH/wherryd.log" "$SCRATCH/data" "$SCRATCH/run"
	printf 'a\0b' >"$SCRATCH/key"
	run wherry build --no-cache --secret id=key,src="$SCRATCH/key" .
	[ "$status" = 1 ]
	grep -q 'secret key: no variable can hold its zero bytes' <<<"$output"
	nothing_left
}

@test "a cache may begin with the files of an image or a stage, and keeps what steps change" {
	context begun <<-'D'
		FROM busybox AS base
		RUN mkdir -p /deps/sub && echo one >/deps/one && echo two >/deps/sub/two
		FROM busybox
		ARG n
		RUN --mount=type=cache,from=base,source=/deps,target=/c ls /c | tr '\n' ' ' && cat /c/sub/two /c/log 2>/dev/null; echo $n >>/c/log; rm -f /c/one
		RUN --mount=type=cache,from=busybox,target=/c [ -x /c/bin/busybox ] && [ ! -e /c/log ] && echo other
	D
	built 'buildargs=%7B%22n%22%3A%22first%22%7D'
	says 'one sub two' other
	built 'buildargs=%7B%22n%22%3A%22second%22%7D'
	says 'log sub two' first
	sed -i 's/echo one/echo uno/' Dockerfile # another base: it begins again
	built 'buildargs=%7B%22n%22%3A%22third%22%7D'
	says 'one sub two'
	nothing_left
}

@test "an agent for SSH is handed to the steps that ask for it, and to no others" {
	context agent <<-'D'
		FROM busybox
		COPY root /
		RUN --mount=type=ssh,required echo hello | socat -t 60 - UNIX-CONNECT:$SSH_AUTH_SOCK
		RUN --mount=type=ssh,id=other,target=/agent echo $SSH_AUTH_SOCK; [ -S /agent ]
		RUN --mount=type=ssh,id=absent [ -z "$SSH_AUTH_SOCK" ]
		RUN [ -z "$SSH_AUTH_SOCK" ] && [ ! -e /run ] && [ ! -e /agent ]
	D
	mkdir root
	for file in "$(command -v socat)" $(ldd "$(command -v socat)" | grep -o '/[^ ]*'); do cp -L --parents "$file" root/; done
	socat -t 60 UNIX-LISTEN:"$SCRATCH/agent.sock",fork SYSTEM:'read line; echo heard $line' 3>&- &
	local agent=$!
	wait_until 10 test -S "$SCRATCH/agent.sock"
	SSH_AUTH_SOCK=$SCRATCH/agent.sock run wherry build --ssh default --ssh "other=$SCRATCH/agent.sock" -t agent .
	kill $agent
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *'heard hello'* ]]
	[[ $output == */agent* ]]
	[[ $(wherry inspect agent) != *agent.sock* ]]
	nothing_left
}

@test "what cannot be done is refused by name" {
	context refused <<-'D'
		FROM busybox
		RUN --mount=type=ssh,required true
	D
	build t=refused
	fails 'ssh default: no agent was handed to this build (wherry build --ssh)'
	build t=refused -H "X-Wherry-Ssh: $(printf '{"default":"relative"}' | base64 -w0)"
	refuses 400 "ssh default: 'relative' is no absolute path"
	printf 'FROM busybox\nRUN --security=insecure true\n' >Dockerfile
	build t=refused
	fails 'granting entitlement security.insecure is not allowed by build daemon configuration'
	printf 'FROM busybox\nRUN --mount=type=nothing true\n' >Dockerfile
	build t=refused
	jq -r '.error // .message' "$SCRATCH/answer" | grep -q 'unsupported mount type'
	nothing_left
}
