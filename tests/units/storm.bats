#!/usr/bin/env bats
# What nobody does on purpose: files that go while units run, reloads in the middle of jobs, jobs that are taken
# back in every phase.  The daemon lives, and knows at the end what is so.

load units

setup() { units_begin; }
teardown() { units_end; }

@test "a file that goes: the running unit can be stopped, then it is not there" {
	unit gone Start=Z
	start gone
	rm "$UNITS/gone.service"
	reload
	expect "$(state gone)" active/running
	expect "$(property gone LoadState)" not-found
	stop gone
	expect "$(state gone)" inactive/dead
	run start gone
	[ "$status" = 5 ]
}

@test "a file that changes its kind of service while it runs" {
	unit kind Start=Z Restart=always
	start kind
	unit kind 1shot Start=true
	reload
	stop kind
	start kind
	expect "$(state kind)" inactive/dead
	ln -sf /dev/null "$UNITS/kind.service"
	reload
	run start kind
	[ "$status" = 1 ]
	[[ $output == *masked* ]]
}

@test "reloads and jobs at once, 300 of them" {
	local i names=() asked=()
	for i in $(seq 8); do
		unit m$i StartLimitIntervalSec=0 "After=m$((i - 1)).service" "Wants=m$((i - 1)).service" 'ConditionPathExists=/etc' 'Pre=sh{:}' Start=Z 'Reload=sh{:}'
		names+=("m$i")
	done
	for i in $(seq 30); do
		verb "$(shuf -n1 -e start stop restart try-restart reload-or-restart)" $(shuf -n9 -r -e "${names[@]}") >/dev/null 2>&1 3>&- &
		asked+=($!)
		[ $((i % 5)) != 0 ] || reload 3>&- &
		asked+=($!)
		[ $((i % 7)) != 0 ] || send DELETE "/jobs/$(get /jobs | jq '.[0].Id // 1')" >/dev/null 3>&- &
		asked+=($!)
	done
	wait "${asked[@]}" || true # of the last; each of them ends
	wait_until 30 eval '[ "$(get /jobs)" = "[]" ]'
	start "${names[@]}"
	for i in "${names[@]}"; do
		expect "$(state "$i")" active/running
		expect "$(get "/units/$i.service" | jq '[.Cgroup | .. | .Pid? // empty] | length')" 1
	done
}

@test "a start is taken back while its conditions are looked at, its sockets asked, its shim let go" {
	local i
	unit c ConditionPathExists=/etc StartLimitIntervalSec=0 Start=Z
	printf '[Socket]\nListenStream=%s/c.sock\n' "$SCRATCH" >"$UNITS/c.socket"
	start c.socket
	for i in $(seq 20); do
		NO_BLOCK=true start c >/dev/null
		NO_BLOCK=true stop c >/dev/null
	done
	wait_until 30 eval '[ "$(get /jobs)" = "[]" ]'
	expect "$(active c)" inactive
	start c
	expect "$(active c)" active
	expect "$(get /units/c.service | jq '[.Cgroup | .. | .Pid? // empty] | length')" 1
}

@test "a restart of what has no file needs none of the daemon: requests of nonsense are refused" {
	local body
	for body in '{}' '{"Verb":"start"}' '{"Verb":"explode","Units":["a"]}' '{"Verb":"start","Units":[""]}' \
		'{"Verb":"start","Units":["a"],"Mode":"odd"}' '[]' 'x' '{"Verb":7}' '{"Verb":"start","Units":["../../x"]}'; do
		curl -sS -o "$SCRATCH/answer" -w '%{http_code}\n' --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/json' \
			--data-binary "$body" http://wherry/wherry/v1/jobs >"$SCRATCH/code"
		[[ $(cat "$SCRATCH/code") =~ ^(200|400)$ ]] || { echo "# $body: $(cat "$SCRATCH/code")" >&2; return 1; }
	done
	send PUT '/unit-files/x.service' '{"Text":"x","DropIn":"../x.conf"}' | jq -e '.code == 1'
	send POST /unit-files/explode '{"Names":["a"]}' | jq -e '.message'
	send POST /units/none.service/kill '{"Signal":4711}' | jq -e '.message'
	[ "$(get /state | jq -r .State)" = running ]
}

@test "names that nothing knows are forgotten, what is known stays" {
	unit known Wants=absent.service Start=Z
	start known
	local urls
	urls=$(printf 'url = "http://wherry/wherry/v1/units/nobody%s.service"\noutput = /dev/null\n' $(seq 1200))
	curl -sS --unix-socket "$SOCKET" -K - <<<"$urls"
	[ "$(get '/units?all=1' | jq length)" -lt 400 ]
	expect "$(state known)" active/running
	expect "$(property absent LoadState)" not-found
}
