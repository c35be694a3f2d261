# Commit: a container's changes as an image.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

run_to_end() { # NAME COMMAND
	api POST "/containers/create?name=$1" "$(jq -nc --arg c "$2" '{Image:"busybox",Cmd:["sh","-c",$c]}')"
	api POST "/containers/$1/start"
	api POST "/containers/$1/wait"
	jq -e '.StatusCode == 0' "$SCRATCH/body"
}

output_of() { # IMAGE COMMAND
	api POST "/containers/create?name=look" "$(jq -nc --arg i "$1" --arg c "$2" '{Image:$i,Cmd:["sh","-c",$c]}')"
	api POST /containers/look/start
	api POST /containers/look/wait
	curl -sS --unix-socket "$SOCKET" 'http://wherry/containers/look/logs?stdout=1&stderr=1' | tail -c +9
	api DELETE '/containers/look?force=1' >/dev/null
}

@test "what a container has written is in the image, and nothing that it removed" {
	run_to_end c1 'echo hello >/root/file; rm /home/ann -r; rm /etc/group; mkdir /etc/new; ln /root/file /root/same; chmod 4755 /root/file'
	api POST '/commit?container=c1&repo=done&tag=v1&author=me&comment=why&changes=ENV%20A=b&changes=CMD%20%5B%22true%22%5D'
	expect_status 201
	local id
	id=$(jq -r .Id "$SCRATCH/body")
	api GET /images/done:v1/json
	jq -e --arg id "$id" '.Id == $id and .Author == "me" and .Comment == "why" and .Config.Cmd == ["true"] and
		(.Config.Env | index("A=b")) and (.RootFS.Layers | length) == 2 and (.Parent | startswith("sha256:"))' "$SCRATCH/body"
	api GET /images/done:v1/history
	jq -e 'length == 2 and .[0].Comment == "why" and (.[0].CreatedBy | startswith("sh -c echo hello"))' "$SCRATCH/body"
	run output_of done:v1 'cat /root/same; ls -d /home/ann /etc/group /etc/new; stat -c %a%h /root/file'
	[[ $output == *hello* ]]
	[[ $output == *'/home/ann: No such'* ]]
	[[ $output == *'/etc/group: No such'* ]]
	[[ $output == *47552* ]]
}

@test "a link that climbs above the root goes along, into the image and through archives" {
	run_to_end climbs 'mkdir /d; ln -s ../../../../etc/passwd /d/l; ln -s ../x /y'
	api POST '/commit?container=climbs&repo=climbs'
	expect_status 201
	run output_of climbs 'echo $(readlink /d/l) $(readlink /y) $(head -1 /d/l)'
	[[ $output == *'../../../../etc/passwd ../x root:x:0:0:root:/root:/bin/sh'* ]]
	curl -sSf --unix-socket "$SOCKET" -o "$SCRATCH/climbs.tar" http://wherry/images/climbs/get
	api DELETE /containers/climbs
	api DELETE '/images/climbs?force=1'
	expect_status 200
	curl -sS --unix-socket "$SOCKET" -X POST -T "$SCRATCH/climbs.tar" http://wherry/images/load | grep -q 'Loaded image: climbs:latest'
	run output_of climbs 'readlink /d/l'
	[[ $output == *../../../../etc/passwd* ]]
}

@test "the same without a change has no layer, and a bad request changes nothing" {
	api POST '/containers/create?name=c2' '{"Image":"busybox"}'
	api POST '/commit?container=c2&repo=empty'
	expect_status 201
	api GET /images/empty/json
	jq -e '.RootFS.Layers | length == 1' "$SCRATCH/body"
	api GET /images/empty/history
	jq -e 'length == 2 and .[0].Size == 0' "$SCRATCH/body"
	api POST '/commit?container=nope&repo=x'
	expect_status 404
	api POST '/commit?container=c2&repo=BAD'
	expect_status 400
	api POST '/commit?container=c2&repo=x&changes=RUN%20true'
	expect_status 400
	jq -e '.message == "run is not a valid change command"' "$SCRATCH/body"
	api GET /images/x/json
	expect_status 404
}

@test "a running container is paused meanwhile, runs on, and the event tells" {
	api POST '/containers/create?name=c3' '{"Image":"busybox","Cmd":["sh","-c","echo 1 >/a; sleep 1000"]}'
	api POST /containers/c3/start
	wait_until 10 eval 'api GET /containers/c3/json | jq -e .State.Running'
	api POST '/commit?container=c3'
	expect_status 201
	local id
	id=$(jq -r .Id "$SCRATCH/body")
	api GET /containers/c3/json
	jq -e '.State.Status == "running"' "$SCRATCH/body"
	curl -sS --unix-socket "$SOCKET" "http://wherry/events?since=1&until=$(date +%s.%N)&filters=%7B%22event%22:%5B%22commit%22%5D%7D" >"$SCRATCH/events"
	jq -se --arg id "$id" 'map(select(.Actor.Attributes.name == "c3"))[0].Actor.Attributes.imageID == $id' "$SCRATCH/events"
	curl -sS -G --unix-socket "$SOCKET" --data-urlencode 'filters={"dangling":["true"]}' http://wherry/v1.47/images/json >"$SCRATCH/body"
	jq -e --arg id "$id" 'map(.Id) | index($id)' "$SCRATCH/body"
	api DELETE /containers/c3?force=1
	api DELETE "/images/$id"
	expect_status 200
}

@test "an image that others were made from is an intermediate, and goes with the last of them" {
	run_to_end p1 'echo 1 >/one'
	api POST '/commit?container=p1'
	local parent child
	parent=$(jq -r .Id "$SCRATCH/body")
	api POST '/containers/create?name=p2' "{\"Image\":\"$parent\",\"Cmd\":[\"sh\",\"-c\",\"echo 2 >/two\"]}"
	api POST /containers/p2/start
	api POST /containers/p2/wait
	api POST '/commit?container=p2&repo=leaf'
	child=$(jq -r .Id "$SCRATCH/body")
	api GET /images/json
	jq -e --arg p "$parent" 'map(.Id) | index($p) == null' "$SCRATCH/body"
	api GET '/images/json?all=1'
	jq -e --arg p "$parent" --arg c "$child" '(map(.Id) | index($p)) and (.[] | select(.Id == $c) | .ParentId == $p)' "$SCRATCH/body"
	api DELETE "/images/$parent?force=1"
	expect_status 409
	jq -e '.message | endswith("(cannot be forced) - image has dependent child images")' "$SCRATCH/body"
	api DELETE '/containers/p1?force=1'
	api DELETE '/containers/p2?force=1'
	api DELETE /images/leaf
	jq -e --arg p "$parent" --arg c "$child" 'map(select(.Deleted) | .Deleted) | (.[0] == $c) and (index($p) > 0)' "$SCRATCH/body"
	api GET "/images/$parent/json"
	expect_status 404
}

# committing LAYERS: the daemon stands still while its worker copies; when that was over before, the image goes, for
# another try.
committing() {
	local client
	curl -sS --unix-socket "$SOCKET" -X POST 'http://wherry/commit?container=kk&repo=half' >/dev/null 2>&1 3>&- &
	client=$!
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers" | wc -l)" -gt '"$1"' ]'
	kill -STOP "$(daemon_pid)"
	nap 0.1 # one that has just told its result is gone by then
	! pgrep -P "$(daemon_pid)" -f '^wherry-worker unpack' >/dev/null || return 0
	kill -CONT "$(daemon_pid)"
	wait "$client"
	api DELETE /images/half >/dev/null
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers" | wc -l)" = '"$1"' ]'
	return 1
}

@test "kill -9 in the middle of a commit leaves nothing, and the container goes on" {
	api POST '/containers/create?name=kk' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/big bs=1M count=200 2>/dev/null; touch /ready; sleep 1000"]}'
	api POST /containers/kk/start
	wait_until 60 test -e "$SCRATCH/data/containers/$(api GET /containers/kk/json | jq -r .Id)/upper/ready"
	local before
	before=$(ls "$SCRATCH/data/layers" | wc -l)
	local try
	for try in {1..50}; do ! committing "$before" || break; done
	[ "$try" -lt 50 ]
	daemon_kill
	daemon_start
	api GET /images/half/json
	expect_status 404
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers" | wc -l)" = '"$before"' ]'
	[ "$(ls "$SCRATCH/data/recipes" | wc -l)" -le "$before" ]
	api POST '/containers/kk/exec' '{"Cmd":["touch","/alive"]}'
	local exec
	exec=$(jq -r .Id "$SCRATCH/body")
	api POST "/exec/$exec/start" '{"Detach":true}'
	wait_until 20 test -e "$SCRATCH/data/containers/$(api GET /containers/kk/json | jq -r .Id)/upper/alive" # not frozen
	api GET /containers/kk/json
	jq -e '.State.Status == "running"' "$SCRATCH/body"
}
