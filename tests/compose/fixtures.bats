#!/usr/bin/env bats
# Ten projects as people have them (fixtures/): each loads, or is refused, as it should.  No daemon is asked.

load ../lib/wherry

setup() {
	SCRATCH=$(mktemp -d /tmp/wherry-test.XXXXXX)
	FIXTURES=$BATS_TEST_DIRNAME/fixtures
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
}
teardown() { rm -rf "$SCRATCH"; }

# project FOLDER [OPTION...]: what `config` makes of it.
project() {
	cd "$FIXTURES/$1" || return
	wherry compose "${@:2}" config --format json >"$SCRATCH/out" 2>"$SCRATCH/err" || {
		cat "$SCRATCH/err"
		false
	}
}

# shows EXPRESSION: it makes jq's expression true.
shows() { jq -e "$1" "$SCRATCH/out" >/dev/null || { cat "$SCRATCH/out"; false; }; }

# warns COUNT
warns() { [ "$(grep -c level=warning "$SCRATCH/err")" = "$1" ] || { cat "$SCRATCH/err"; false; }; }

# refuses FOLDER FILE PLACE TEXT
refuses() {
	cd "$FIXTURES/$1" || return
	run wherry compose -f "$2" config -q
	[ "$status" = 1 ]
	[[ $output == *"$2:$3: $4"* ]] || { echo "$output"; false; }
}

@test "a blog with database, cache and front" {
	project blog
	warns 0
	shows '.name == "blog" and (.services | keys == ["blog", "cache", "database", "front"])'
	shows '.services.blog.image == "wordpress:6.4"'
	shows '.services.blog.environment == {WORDPRESS_DB_HOST: "database:3306", WORDPRESS_DB_NAME: "blog",
		WORDPRESS_DB_PASSWORD: "pa$$$$ word", WORDPRESS_DB_USER: "blog", WORDPRESS_DEBUG: "0"}'
	shows '[.services.front.ports[] | [.published, .target]] == [["8080", 80], ["443", 443]]'
	shows '.services.front.depends_on.blog.condition == "service_healthy"'
	shows '.services.blog.healthcheck | .start_period == "1m0s" and .retries == 12'
	shows '.volumes.certificates == {name: "site-certificates", external: true} and .volumes.content.name == "blog_content"'
	shows '.networks.backup.internal and (.networks | has("default"))'
	HTTP_PORT=81 project blog
	shows '.services.front.ports[0].published == "81"'
	DATABASE_PASSWORD= refuses blog compose.yaml 25:30 'services.blog.environment.WORDPRESS_DB_PASSWORD: required variable DATABASE_PASSWORD is missing a value: give the database a password'
}

@test "metrics of a host" {
	project monitoring
	warns 1 # version
	shows '.services.node | .network_mode == "host" and .pid == "host" and (has("networks") | not)'
	shows '.services.node.command[1] | endswith("($$|/)")'
	shows '.services.node.volumes[0] | .source == "/" and .bind.propagation == "rslave" and .read_only'
	shows '.services.prometheus | .stop_grace_period == "1m30s" and .logging.options["max-file"] == "3"'
	shows '.services.containers.ulimits == {nofile: {soft: 20000, hard: 40000}, nproc: 512}'
	shows '.services.grafana.networks == {metrics: null, front: {ipv4_address: "172.30.5.10"}}'
	shows '.services.grafana.environment.GF_SERVER_ROOT_URL == "https://metrics.example.org/"'
	shows ".secrets.grafana.file == \"$FIXTURES/monitoring/grafana.password\""
	shows '.networks.front.ipam.config[0] == {subnet: "172.30.5.0/24", gateway: "172.30.5.1"}'
}

@test "profiles and includes" {
	project profiles
	warns 1 # store stands in two files
	shows '.services | keys == ["store", "web"]'
	shows ".services.store.volumes[0].source == \"$FIXTURES/profiles/data/files\""
	shows '.services.store | .image == "store:4" and .environment == {STORE_MEMORY: "64m", STORE_MODE: "plain"}'
	shows ".services.web.build | .target == \"development\" and .context == \"$FIXTURES/profiles/web\""
	project profiles --profile work
	shows '.services | keys == ["queue", "store", "web", "worker"]'
	shows ".services.worker | .working_dir == \"/work\" and .volumes[0].source == \"$FIXTURES/profiles/data/library\""
	project profiles --profile tools
	shows '.services.admin | .image == "adminer:4.8.1" and .ports[0].host_ip == "127.0.0.1"'
	shows ".services.admin.volumes[0].source == \"$FIXTURES/profiles/tools/skin\""
}

@test "reservations of GPUs: in long form, and refused where they say too little or too much" {
	project gpu
	shows '.services.train.deploy.resources.reservations.devices[0] | .device_ids == ["0"] and .capabilities == ["gpu", "utility"]'
	shows '.services.serve.gpus[0].count == -1'
	refuses gpu both.yaml 9:15 'services.train.deploy.resources.reservations.devices[0]: '
	refuses gpu without.yaml 9:15 "services.train.deploy.resources.reservations.devices[0]: 'capabilities' is missing"
}

@test "secrets and configs" {
	project secrets
	shows '.services.app.secrets == [{source: "password", target: "/run/secrets/password"}, {source: "token", target: "/etc/app/token", uid: "1000", gid: "1000", mode: "0400"}]
		or (.services.app.secrets[1] | .source == "token" and .target == "/etc/app/token" and .uid == "1000")'
	shows '.services.app.configs | length == 2'
	shows '.configs.motd.content == "Welcome to secrets,\nit costs 5 $$.\n"'
	shows '.configs.shared == {name: "site-settings", external: true}'
	shows '.secrets.token.environment == "APP_TOKEN"'
}

@test "anchors and merges" {
	project anchors
	warns 0
	shows '.services | keys == ["api", "batch", "db", "replica"]'
	shows '.services.api.environment == {LANG: "C.UTF-8", TZ: "Europe/Berlin", LEVEL: "info"}'
	shows '.services.api.command == ["serve", "--reload"]'
	shows '.services.batch | .environment.LEVEL == "warning" and .restart == "on-failure:5" and .tty and .command == [] and (has("logging") | not)'
	shows '.services.replica.healthcheck == {test: ["CMD-SHELL", "pg_isready"], interval: "30s"}'
	project anchors --profile debug
	shows '.services["api-debug"] | .environment.LEVEL == "debug" and .environment.DATABASE_HOST == "db" and .logging == {driver: "local", options: {"max-size": "50m"}}'
}

@test "links of version 1" {
	project version1
	shows '(.networks // {}) == {} and ([.services[].network_mode] | unique == ["bridge", "service:web"])'
	shows '.services.web.links == ["redis", "db:database"]'
	shows ".services.web.build == {context: \"$FIXTURES/version1\", dockerfile: \"Dockerfile.web\"}"
	shows '.services.web.logging == {driver: "syslog", options: {"syslog-address": "udp://127.0.0.1:514"}}'
	shows '.services.db.volumes_from == ["data:rw"]'
	SESSION_SECRET=s project version1
	shows '.services.web.environment == {RACK_ENV: "development", SESSION_SECRET: "s"}'
}

@test "limits of version 2" {
	project version2
	shows '.services.web | .cpus == 0.5 and .mem_limit == "1610612736" and .memswap_limit == "-1" and .shm_size == "67108864"'
	shows '.services.web.blkio_config.device_read_bps[0].rate == "12582912" or .services.web.blkio_config.device_read_bps[0].rate == 12582912'
	shows '.services.web | .scale == 2 and .oom_kill_disable and .ulimits.nofile == 65535'
	shows '.services.app | .healthcheck.interval == "1.5s" and .sysctls == {"net.core.somaxconn": "1024"}'
	grep -q "services.app.isolation: 'isolation' has no effect here" "$SCRATCH/err"
	refuses version2 too-much.yml 6:16 "services.web.mem_limit: "
}

@test "deploy of version 3" {
	project version3
	shows '.services.vote.deploy | .replicas == 2 and .update_config.order == "start-first" and .update_config.delay == "10s" and .endpoint_mode == "vip"'
	shows '.services.vote.deploy.resources.limits | .memory == "52428800" and .pids == 100'
	shows '.services.agent.deploy | .mode == "global" and .placement.constraints == ["node.platform.os == linux"]'
	shows '.configs.page.content == "<p>hello</p>"'
}

@test "sixty services in six tiers" {
	project sixty
	warns 0
	shows '(.services | length) == 60 and (.networks | length) == 6 and (.volumes | length) == 10'
	shows '[.services[].depends_on // {} | keys[]] | length == 50'
}
