#!/usr/bin/env bats
# Some of the ten projects (fixtures/) on a daemon, with busybox in place of their images.

load ../engine/daemon

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	export COMPOSE_PROJECT_NAME=p$BATS_TEST_NUMBER
}
teardown() { wherry compose down -v -t 0; }

# project FOLDER SCRIPT: a copy of the fixture, whose containers stay up, after sed's script.
project() {
	rm -rf "$SCRATCH/$1"
	cp -r "$BATS_TEST_DIRNAME/fixtures/$1" "$SCRATCH/$1"
	cd "$SCRATCH/$1" || return
	sed -i -E -e 's/^( *)(image|build): .*/\1image: busybox\n\1stdin_open: true/' -e "$2" ./*.y*ml
}

@test "a daemon without GPUs refuses reservations, and no container is left" {
	project gpu ''
	run wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"could not select device driver"*"GPUs"* ]]
	[ -z "$(wherry ps -aq)" ]
}

@test "services of version 1 know each other by links, under three names" {
	project version1 '/dockerfile|command:|log_opt/d; /syslog-address/d; s/log_driver: syslog/log_driver: json-file/; s/5000:5000/5000/'
	export WHERRY_COMPOSE_STYLE=v1
	wherry compose up -d
	run wherry compose exec -T web cat /etc/hosts
	for name in redis redis_1 "${COMPOSE_PROJECT_NAME}_redis_1" database db_1 "${COMPOSE_PROJECT_NAME}_db_1"; do
		grep -qwF "$name" <<<"$output"
	done
	[ "$(wherry network ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")" = "" ]
	run wherry compose up -d
	[ "$(grep -c 'is up-to-date' <<<"$output")" = 5 ]
}

@test "secrets and configs are there, with owner and mode, and a change is seen as a digest" {
	project secrets '/configs: \[shared\]/d; /^  shared:/,$d'
	export APP_TOKEN=a-token
	wherry compose up -d
	run wherry compose exec -T app sh -c 'cat /run/secrets/password /etc/app/token /etc/motd; stat -c "%u:%g %a" /etc/app/token /etc/motd'
	[ "$output" = "secret
a-tokenWelcome to $COMPOSE_PROJECT_NAME,
it costs 5 \$.
1000:1000 400
0:0 644" ]
	[ "$(wherry compose exec -T job cat /run/secrets/db_password)" = secret ]
	wherry compose plan
	APP_TOKEN=another run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == *"/etc/app/token"*"sha256:"* ]]
	[[ $output != *another* ]]
}

@test "limits of version 2 are the containers'" {
	project version2 '/blkio_config/,/rate/d'
	wherry compose -f docker-compose.yml up -d
	[ "$(wherry compose -f docker-compose.yml ps -q web | wc -l)" = 2 ]
	wherry inspect "$(wherry compose -f docker-compose.yml ps -q web | head -1)" | jq -e '.[0].HostConfig |
		.Memory == 1610612736 and .MemorySwap == -1 and .NanoCpus == 500000000 and .PidsLimit == 64 and
		.ShmSize == 67108864 and .OomScoreAdj == 500 and .CpusetCpus == "0" and
		(.Ulimits | any(.Name == "nofile" and .Soft == 65535))'
	wherry compose -f docker-compose.yml plan
}
