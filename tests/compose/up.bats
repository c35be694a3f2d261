#!/usr/bin/env bats
# `up`: what is made, what stays, what is made anew; the numbers are those of the list of conformance.

load ../engine/daemon
load project
load proxy

teardown() {
	[ -z "${PROXY-}" ] || kill "$PROXY" 2>/dev/null || true
	projects_end
}

@test "75: containers, a network and labels; the names of each style" {
	project p75 <<<'a: {<<: *b}'
	wherry compose up -d
	[ "$(names)" = "p75-a-1 " ]
	[ "$(wherry network ls --format '{{.Name}}' --filter name=p75)" = p75_default ]
	[ "$(wherry inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{index .Config.Labels "com.docker.compose.container-number"}} {{index .Config.Labels "com.docker.compose.oneoff"}} {{index .Config.Labels "com.docker.compose.version"}} {{index .Config.Labels "com.docker.compose.project.working_dir"}}' p75-a-1)" = "a 1 False 2.40.0 $PWD" ]
	wherry compose down
	WHERRY_COMPOSE_STYLE=v1 run --separate-stderr wherry compose up -d
	[ "$status" = 0 ]
	[ "$(names)" = "p75_a_1 " ]
	[ "$output" = "" ]
	said 'Creating network "p75_default" with the default driver' 'Creating p75_a_1 ...' \
		'Creating p75_a_1 ... done'
}

@test "76: a container's own name, of which there can be only one" {
	project p76 <<<'a: {<<: *b, container_name: own76}'
	wherry compose up -d
	[ "$(names)" = "own76 " ]
	run wherry compose up -d --scale a=2
	[ "$status" = 1 ]
	[ "$(names)" = "own76 " ]
}

@test "77: again: nothing is touched" {
	project p77 <<<'a: {<<: *b}
b: {<<: *b, volumes: ["v:/v"]}'
	top_level 'volumes: {v: {}}'
	wherry compose up -d
	ids >before
	run --separate-stderr wherry compose up -d
	[ "$status" = 0 ]
	said 'Container p77-a-1 Running' 'Container p77-b-1 Running'
	WHERRY_COMPOSE_STYLE=v1 run --separate-stderr wherry compose up -d
	said 'p77-a-1 is up-to-date' 'p77-b-1 is up-to-date'
	diff before <(ids)
}

@test "78, 79: what an anonymous volume holds stays when its container is made anew, unless -V" {
	project p78 <<<'a: {<<: *b, environment: {V: 1}, volumes: [/data]}'
	wherry compose up -d
	wherry exec p78-a-1 sh -c 'echo kept >/data/f'
	local before
	before=$(id_of p78-a-1)
	sed -i 's/V: 1/V: 2/' compose.yaml
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == *"p78-a-1"*environment.V* ]]
	run --separate-stderr wherry compose up -d
	said 'Container p78-a-1 Recreate' 'Container p78-a-1 Recreated' \
		'Container p78-a-1 Starting' 'Container p78-a-1 Started'
	[ "$(id_of p78-a-1)" != "$before" ]
	[ "$(names -a)" = "p78-a-1 " ]
	[ "$(wherry exec p78-a-1 cat /data/f)" = kept ]
	sed -i 's/V: 2/V: 3/' compose.yaml
	wherry compose up -d -V
	run wherry exec p78-a-1 cat /data/f
	[ "$status" != 0 ]
}

@test "down -v takes along the anonymous volumes that containers took over, and no others; without -v all stay" {
	project pv <<<'a: {<<: *b, environment: {V: 1}, volumes: [/data, "{0}:/other"]}'
	local shared=1111111111111111111111111111111111111111111111111111111111111111 volumes
	wherry volume create "$shared" >/dev/null # looks like one, and is the user's
	sed -i "s/{0}/$shared/" compose.yaml
	cat >>compose.yaml <<<"volumes: {$shared: {external: true}}"
	wherry compose up -d
	sed -i 's/V: 1/V: 2/' compose.yaml
	wherry compose up -d
	volumes=$(wherry volume ls -q | sort)
	wherry compose down
	[ "$(wherry volume ls -q | sort)" = "$volumes" ]
	wherry compose up -d
	sed -i 's/V: 2/V: 3/' compose.yaml
	wherry compose up -d
	[ "$(wherry volume ls -q | wc -l)" = 3 ]
	wherry compose down -v
	[ "$(wherry volume ls -q | sort)" = "$volumes" ] # that of the first down among them
}

@test "80: a tag that names another image now makes the container anew" {
	project p80 <<<'a: {<<: *b, image: moving}'
	wherry tag busybox moving
	wherry compose up -d
	local before
	before=$(id_of p80-a-1)
	wherry commit p80-a-1 moving >/dev/null
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == *image* ]]
	wherry compose up -d
	[ "$(id_of p80-a-1)" != "$before" ]
	wherry compose down
	wherry rmi moving
}

@test "81: who depends on what is made anew stays, is restarted, or is made anew with it" {
	project p81 <<<'a: {<<: *b, environment: {V: 1}}
b: {<<: *b, depends_on: [a]}
c: {<<: *b, depends_on: {a: {condition: service_started, restart: true}}}'
	wherry compose up -d
	local b c started
	b=$(id_of p81-b-1) c=$(id_of p81-c-1)
	started=$(wherry inspect --format '{{.State.StartedAt}}' p81-b-1 p81-c-1)
	sed -i 's/V: 1/V: 2/' compose.yaml
	wherry compose up -d
	[ "$(id_of p81-b-1) $(id_of p81-c-1)" = "$b $c" ]
	[ "$(wherry inspect --format '{{.State.StartedAt}}' p81-b-1)" = "${started%$'\n'*}" ]
	[ "$(wherry inspect --format '{{.State.StartedAt}}' p81-c-1)" != "${started#*$'\n'}" ]
	sed -i 's/V: 2/V: 3/' compose.yaml
	wherry compose up -d --always-recreate-deps
	[ "$(id_of p81-b-1)" != "$b" ]
}

@test "82: more and fewer of a service" {
	project p82 <<<'a: {<<: *b, deploy: {replicas: 1}}'
	wherry compose up -d
	local first
	first=$(id_of p82-a-1)
	sed -i 's/replicas: 1/replicas: 3/' compose.yaml
	wherry compose up -d
	[ "$(names)" = "p82-a-1 p82-a-2 p82-a-3 " ]
	wherry compose up -d --scale a=2
	[ "$(names -a)" = "p82-a-1 p82-a-2 " ]
	wherry compose scale a=1
	[ "$(names -a)" = "p82-a-1 " ]
	[ "$(id_of p82-a-1)" = "$first" ]
	run wherry compose up -d --scale=3
	[ "$status" = 1 ]
	[ "$output" = "Arguments to scale should be in the form service=num" ]
}

@test "83: containers of services that are gone are named, and removed when asked" {
	project p83 <<<'a: {<<: *b}
b: {<<: *b}'
	wherry compose up -d
	sed -i '/^  b:/d' compose.yaml
	run wherry compose up -d
	[ "$status" = 0 ]
	[[ $output == *"Found orphan containers"*p83-b-1* ]]
	[ "$(names)" = "p83-a-1 p83-b-1 " ]
	COMPOSE_IGNORE_ORPHANS=1 run wherry compose up -d
	[[ $output != *orphan* ]]
	wherry compose up -d --remove-orphans
	[ "$(names -a)" = "p83-a-1 " ]
}

@test "84: a network of others must be there, and outlives the project" {
	project p84 <<<'a: {<<: *b, networks: [n]}'
	top_level 'networks: {n: {external: true, name: others84}}'
	run wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"others84"*"external"*"could not be found"* ]]
	[ "$(names -a)" = "" ]
	wherry network create others84
	wherry compose up -d
	wherry compose down
	[ "$(wherry network ls -q --filter name=others84 | wc -l)" = 1 ]
	wherry network rm others84
}

@test "85: a network that changes is made anew under its containers" {
	project p85 <<<'a: {<<: *b, networks: [n]}'
	top_level 'networks: {n: {}}'
	wherry compose up -d
	local before
	before=$(wherry network inspect --format '{{.Id}}' p85_n)
	sed -i 's/networks: {n: {}}/networks: {n: {internal: true}}/' compose.yaml
	wherry compose up -d
	[ "$(wherry network inspect --format '{{.Id}}' p85_n)" != "$before" ]
	[ "$(wherry network inspect --format '{{.Internal}}' p85_n)" = true ]
	[ "$(wherry inspect --format '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}' p85-a-1)" = p85_n ]
	[ "$(state_of p85-a-1)" = running ]
	[ "$(names -a)" = "p85-a-1 " ]
}

@test "containers of others, and orphans, are on a network again that was made anew" {
	project po <<<'a: {<<: *b, networks: [n]}
b: {<<: *b, networks: [n]}'
	top_level 'networks: {n: {}}'
	wherry compose up -d
	wherry run -d --name foreign85 --network po_n --network-alias al --init busybox sleep 1d
	sed -i '/^  b:/d; s/n: {}/n: {labels: {l: m}}/' compose.yaml
	run -0 wherry compose up -d
	for name in foreign85 po-b-1 po-a-1; do
		[ "$(wherry inspect --format '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}' $name)" = po_n ]
	done
	wherry compose exec -T a ping -c 1 -W 2 al
	wherry rm -f foreign85
}

@test "86: a volume that changes is kept, unless somebody says yes" {
	project p86 <<<'a: {<<: *b, volumes: ["v:/v"]}'
	top_level 'volumes: {v: {labels: {x: "1"}}}'
	wherry compose up -d
	wherry exec p86-a-1 sh -c 'echo kept >/v/f'
	sed -i 's/x: "1"/x: "2"/' compose.yaml
	wherry compose up -d </dev/null
	[ "$(wherry exec p86-a-1 cat /v/f)" = kept ]
	wherry compose up -d -y
	run wherry exec p86-a-1 cat /v/f
	[ "$status" != 0 ]
	[ "$(wherry volume inspect --format '{{.Labels.x}}' p86_v)" = 2 ]
}

@test "87: who waits for health is not started when the check fails, and its output is shown" {
	# the check fails, but not before the words have been said
	project p87 <<<'a: {<<: *b, depends_on: {b: {condition: service_healthy}}}
b: {<<: *b, command: sh -c "echo last words; touch /said; sleep 1d", healthcheck: {test: "until [ -e /said ]; do sleep 0.1; done; echo no luck; exit 1", interval: 100ms, retries: 2}}'
	run wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"p87-b-1 is unhealthy"* ]]
	[[ $output == *"no luck"*"last words"* ]]
	[ "$(state_of p87-a-1)" = created ]
	WHERRY_COMPOSE_STYLE=v1 run wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"Container \"$(id_of p87-b-1 | cut -c1-12)\" is unhealthy."* ]]
}

@test "88, 89: who waits for an end waits for a good one; an optional one only warns" {
	project p88 <<<'a: {<<: *b, depends_on: {b: {condition: service_completed_successfully}}}
b: {<<: *b, command: sh -c "sleep 0.3; exit 0"}'
	wherry compose up -d
	[ "$(state_of p88-a-1) $(state_of p88-b-1)" = "running exited" ]
	local ended
	ended=$(wherry inspect --format '{{.State.FinishedAt}}' p88-b-1)
	wherry compose plan
	run --separate-stderr wherry compose up -d
	said "Container p88-b-1 Exited" "Container p88-a-1 Running"
	[ "$(wherry inspect --format '{{.State.FinishedAt}}' p88-b-1)" = "$ended" ]
	wherry compose stop -t 0 a
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == *"start p88-b-1"*"start p88-a-1"* ]]
	wherry compose up -d # it runs before whoever waits for it does
	[[ $(wherry inspect --format '{{.State.FinishedAt}}' p88-b-1) > $ended ]]
	wherry compose down
	sed -i 's/exit 0/exit 3/' compose.yaml
	run wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"didn't complete successfully: exit 3"* ]]
	[ "$(state_of p88-a-1)" = created ]
	wherry compose down
	sed -i 's/service_completed_successfully/service_completed_successfully, required: false/' compose.yaml
	run wherry compose up -d
	[ "$status" = 0 ]
	[[ $output == *"optional dependency"* ]]
	[ "$(state_of p88-a-1)" = running ]
}

@test "90: --wait ends when all are healthy, or the time is over" {
	project p90 <<<'a: {<<: *b, command: sh -c "sleep 1; touch /ok; sleep 1d", healthcheck: {test: test -e /ok, interval: 100ms, start_period: 60s}}'
	wherry compose up --wait --wait-timeout 20
	[ "$(wherry inspect --format '{{.State.Health.Status}}' p90-a-1)" = healthy ]
	sed -i 's/touch .ok/true/' compose.yaml
	run wherry compose up --wait --wait-timeout 1
	[ "$status" = 1 ]
	[[ $output == *"p90-a-1"*"1 s"* ]]
}

@test "91: up ends well whatever ends, and as the first that ends when asked to" {
	project p91 <<<'a: {<<: *b, command: sh -c "echo bye; exit 3"}'
	run --separate-stderr timeout 60 wherry compose up
	[ "$status" = 0 ]
	[[ $output == *"a-1  | bye"*"a-1 exited with code 3"* ]]
	printf '  b: {<<: *b}\n' >>compose.yaml
	run --separate-stderr timeout 60 wherry compose up --abort-on-container-exit
	[ "$status" = 3 ]
	[[ $output == *"a-1 exited with code 3"*"Aborting on container exit..."* ]]
	[ "$(state_of p91-b-1)" = exited ]
	run --separate-stderr timeout 60 wherry compose up --abort-on-container-failure
	[ "$status" = 3 ]
}

@test "a good end that others wait for is no reason to stop them" {
	project pg <<<'a: {<<: *b, depends_on: {m: {condition: service_completed_successfully}}, command: sh -c "sleep 1; exit 4"}
m: {<<: *b, command: echo moved}'
	run --separate-stderr timeout 60 wherry compose up --abort-on-container-exit
	[ "$status" = 4 ]
	[[ $output == *"m-1  | moved"*"a-1 exited with code 4"* ]]
}

@test "92: --exit-code-from ends as that service does" {
	# a ends when b minds its signal
	project p92 <<<'a: {<<: *b, command: sh -c "until test -e /v/minds; do sleep 0.1; done; exit 3", volumes: ["v:/v"]}
b: {<<: *b, command: "sh -c \"trap \\\"exit 5\\\" TERM; touch /v/minds; while :; do sleep 0.1; done\"", init: false, volumes: ["v:/v"]}'
	top_level 'volumes: {v: {}}'
	run --separate-stderr timeout 60 wherry compose up --exit-code-from b
	[ "$status" = 5 ]
	run wherry compose up --exit-code-from zz
	[ "$status" = 1 ]
	[ "$output" = 'No service named "zz" was found in your compose file.' ]
	WHERRY_COMPOSE_STYLE=v1 run wherry compose up --exit-code-from zz
	[ "$status" = 2 ]
}

@test "--exit-code-from one that others wait for ends with it, however often" {
	project pm <<<'a: {<<: *b, depends_on: {m: {condition: service_completed_successfully}}}
m: {<<: *b, command: echo moved}'
	for turn in 1 2; do
		run -0 timeout 60 wherry compose up --exit-code-from m
		[[ $output == *"m-1 exited with code 0"*"Aborting on container exit..."* ]]
		[ "$(state_of pm-a-1)" = exited ]
		wherry compose up -d
	done
}

@test "each end of a container is told, also where its policy starts it again" {
	project pa <<<'a: {<<: *b, command: sh -c "echo begun; sleep 2; exit 3", restart: on-failure:1}'
	run --separate-stderr -0 timeout 60 wherry compose up
	[ "$(tail -n +2 <<<"$output")" = $'a-1  | begun\na-1 exited with code 3 (restarting)\na-1  | begun\na-1 exited with code 3' ]
	WHERRY_COMPOSE_STYLE=v1 run --separate-stderr -0 timeout 60 wherry compose up
	[ "$(grep -c '^pa-a-1 exited with code 3$' <<<"$output")" = 2 ]
}

@test "a second up within the same second shows no line again" {
	project pl <<<'a: {<<: *b, command: sh -c "echo once; exec sleep 1d"}'
	wherry compose up -d
	said_once() { wherry logs pl-a-1 | grep -qx once; }
	wait_until 10 said_once
	wherry compose up --no-log-prefix >second &
	up=$!
	wait_until 20 grep -q Attaching second
	wherry compose stop -t 0
	wait "$up"
	refuted grep -q once second
}

@test "what cannot be made is told of before anything is changed" {
	project pc <<-'Y'
		a: {<<: *b, security_opt: ["seccomp:./none.json"]}
		b: {<<: *b, volumes: [{type: image, source: busybox, target: /x}]}
	Y
	for verb in plan "up -d" "up --dry-run" create; do
		run -1 wherry compose $verb
		[[ $output == *"compose.yaml:3:30: services.a.security_opt: cannot read"* ]]
		[[ $output == *"compose.yaml:4:25: services.b.volumes: a mount of type image needs API version 1.48"* ]]
	done
	[ -z "$(wherry network ls -q --filter label=com.docker.compose.project=pc)" ]
}

@test "up ends with those that it shows, and leaves running what it does not" {
	project p_ends <<-'Y'
		quiet: {<<: *b, attach: false}
		b: {<<: *b, command: echo over, depends_on: [quiet, c]}
		c: {<<: *b}
	Y
	run -0 timeout 30 wherry compose up b
	grep -q 'b-1 exited with code 0' <<<"$output"
	[ "$(names)" = 'p_ends-c-1 p_ends-quiet-1 ' ]
	WHERRY_COMPOSE_STYLE=v1 run -0 timeout 30 wherry compose up b
	run -0 timeout 30 wherry compose up --no-attach c
	[ "$(names)" = 'p_ends-c-1 p_ends-quiet-1 ' ]
}

@test "named services come with what they depend on, or without" {
	project pn <<<'a: {<<: *b}
b: {<<: *b, depends_on: [a]}
c: {<<: *b}'
	wherry compose up -d --no-deps b
	[ "$(names -a)" = "pn-b-1 " ]
	wherry compose up -d b
	[ "$(names -a)" = "pn-a-1 pn-b-1 " ]
	run wherry compose up -d zz
	[ "$status" = 1 ]
	[[ $output == *"o such service: zz"* ]]
	WHERRY_COMPOSE_STYLE=v1 run wherry compose up -d zz
	[ "$output" = "No such service: zz" ]
}

@test "what was stopped is started again; --no-start and create only make" {
	project ps <<<'a: {<<: *b}'
	wherry compose create
	[ "$(state_of ps-a-1)" = created ]
	local before
	before=$(id_of ps-a-1)
	run --separate-stderr wherry compose up -d
	said 'Container ps-a-1 Starting' 'Container ps-a-1 Started'
	[ "$(id_of ps-a-1)" = "$before" ]
	wherry compose down
	wherry compose up --no-start
	[ "$(state_of ps-a-1)" = created ]
}

@test "104: a service's name leads to all of its containers" {
	project p104 <<<'web: {<<: *b}
b: {<<: *b}'
	wherry compose up -d --scale web=3
	wherry exec p104-b-1 nslookup web >found || true
	[ "$(grep -c '^Address.*172\|^Address.*10\.\|^Address.*192\.168' found)" -ge 3 ]
}

@test "107: a dry run, a plan, the deed, and nothing left to do" {
	project p107 <<<'a: {<<: *b}'
	run --separate-stderr wherry compose up -d --dry-run
	[ "$status" = 0 ]
	[[ $stderr == *" DRY-RUN MODE -  Container p107-a-1 Creating "* ]]
	[ "$(names -a)" = "" ]
	[ "$(wherry network ls -q --filter name=p107_ | wc -l)" = 0 ]
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == *"create p107-a-1"* ]]
	wherry compose up -d
	run wherry compose plan
	[ "$status" = 0 ]
}

@test "a plan that was written is carried out as it is, or not at all" {
	project pp <<<'a: {<<: *b}
b: {<<: *b}'
	run wherry compose plan --format json
	[ "$status" = 2 ]
	echo "$output" >plan.json
	jq -e . plan.json >/dev/null
	wherry compose up -d a
	run wherry compose up -d --plan plan.json
	[ "$status" = 1 ]
	[[ $output == *"state has changed"* ]]
	[ "$(names -a)" = "pp-a-1 " ]
	wherry compose plan --format json >plan.json || [ $? = 2 ]
	wherry compose up -d --plan plan.json
	[ "$(names)" = "pp-a-1 pp-b-1 " ]
}

@test "--confirm shows what would be done, and does it after a yes" {
	project pc <<<'a: {<<: *b}'
	run wherry compose up -d --confirm <<<n
	[ "$status" = 1 ]
	[[ $output == *"create pc-a-1"* ]]
	[ "$(names -a)" = "" ]
	wherry compose up -d --confirm <<<y
	[ "$(names)" = "pc-a-1 " ]
}

@test "hooks run after the start and before a stop, and a failing one says so" {
	project ph <<<'a: {<<: *b, volumes: ["v:/v"], post_start: [{command: sh -c "echo up >>/v/log"}], pre_stop: [{command: sh -c "echo down >>/v/log"}]}'
	top_level 'volumes: {v: {}}'
	wherry compose up -d
	[ "$(wherry exec ph-a-1 cat /v/log)" = up ]
	wherry compose stop
	wherry compose start
	[ "$(wherry exec ph-a-1 cat /v/log | tr '\n' ' ')" = "up down up " ]
	sed -i 's/echo up >>.v.log/echo words; exit 4/' compose.yaml
	run wherry compose up -d --force-recreate
	[ "$status" = 1 ]
	[[ $output == *"post_start"*4* ]]
	[[ $output == *words* ]]
}

@test "configs and secrets are read by who is allowed to" {
	project pf <<<'a: {<<: *b, secrets: [{source: s, mode: 0400}], configs: [{source: c, target: /etc/c}]}'
	top_level 'secrets: {s: {file: ./s.txt}}
configs: {c: {content: "hi ${WHO:-you}"}}'
	echo hidden >s.txt
	wherry compose up -d
	[ "$(wherry exec pf-a-1 cat /run/secrets/s)" = hidden ]
	[ "$(wherry exec pf-a-1 cat /etc/c)" = "hi you" ]
	echo newly-hidden >s.txt
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output != *hidden* ]]
	wherry compose up -d
	[ "$(wherry exec pf-a-1 cat /run/secrets/s)" = newly-hidden ]
}

@test "progress as JSON and not at all" {
	project pj <<<'a: {<<: *b}'
	run --separate-stderr wherry compose --progress json up -d
	[ "$(jq -r 'select(.id == "Container pj-a-1") | .text' <<<"$stderr" | tr '\n' ' ')" = "Creating Created Starting Started " ]
	run --separate-stderr wherry compose --progress quiet down
	[ "$stderr" = "" ]
	run wherry compose --progress loud up -d
	[ "$status" = 1 ]
	COMPOSE_PARALLEL_LIMIT=many run wherry compose up -d
	[ "$status" = 1 ]
	[ "$output" = 'COMPOSE_PARALLEL_LIMIT must be an integer (found: "many")' ]
}

@test "what was made anew has the names of its place, and no reason but what was changed" {
	project pq <<<'a: {<<: *b, environment: {V: 1}}'
	wherry compose up -d
	sed -i 's/V: 1/V: 2/' compose.yaml
	wherry compose up -d
	[ "$(wherry inspect --format '{{json .NetworkSettings.Networks.pq_default.Aliases}}' pq-a-1)" = '["pq-a-1","a"]' ]
	sed -i 's/V: 2/V: 3/' compose.yaml
	run wherry compose plan
	[ "$status" = 2 ]
	[ "${lines[*]}" = "recreate pq-a-1: environment.V changed     environment.V: 2 -> 3" ]
}

@test "on a daemon that does no more than the Engine API the classic ways are taken" {
	project pa <<<'a: {<<: *b, configs: [{source: c, target: /etc/c}], ports: ["127.0.0.1::80"], deploy: {update_config: {order: start-first}}, environment: {V: 1}}'
	top_level 'configs: {c: {content: hi}}'
	proxy_begin plain plain
	through plain wherry compose up -d
	[ "$(wherry exec pa-a-1 cat /etc/c)" = hi ]
	has_asked plain "PUT .*/archive"
	sed -i 's/V: 1/V: 2/' compose.yaml
	run through plain wherry compose up -d
	[ "$status" = 0 ]
	refuted has_asked plain /wherry/v1
	[ "$(names -a)" = "pa-a-1 " ]
}
