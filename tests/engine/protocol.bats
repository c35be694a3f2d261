# The rules that hold for every route of the API: versions, headers, errors, bodies, what is not there.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
}

teardown_file() {
	daemon_stop
	scratch_end
}

# request CURL-ARGUMENTS... PATH: headers and body in $output.
request() {
	local path=${*: -1}
	run curl -sS -i --unix-socket "$SOCKET" "${@:1:$#-1}" "http://wherry$path"
	output=${output//$'\r'/}
}

status_is() { [ "$(head -1 <<<"$output")" = "HTTP/1.1 $1" ] || { echo "$output"; return 1; }; }
message_is() { [ "$(tail -1 <<<"$output" | jq -r .message)" = "$1" ] || { echo "$output"; return 1; }; }
header_is() { grep -qix "$1: $2" <<<"$output" || { echo "$output"; return 1; }; }
no_header() { ! grep -qi "^$1:" <<<"$output"; }

@test "ping answers OK with the headers that clients negotiate by" {
	request /_ping
	status_is "200 OK"
	header_is Api-Version 1.47
	header_is Docker-Experimental false
	header_is Ostype linux
	header_is Builder-Version 1
	header_is Swarm inactive
	header_is Cache-Control "no-cache, no-store, must-revalidate"
	header_is Pragma no-cache
	header_is Content-Type "text/plain; charset=utf-8"
	grep -q '^Server: Docker/.* (linux)$' <<<"$output"
	[ "$(tail -1 <<<"$output")" = OK ]
	header_is Content-Length 2
}

@test "HEAD ping has no body" {
	request --head /_ping
	status_is "200 OK"
	header_is Content-Length 0
	header_is Api-Version 1.47
}

@test "a path may name a version, and the newest is always told" {
	request /v1.24/_ping
	status_is "200 OK"
	header_is Api-Version 1.47
}

@test "versions too new and too old are refused by name" {
	request /v1.99/containers/json
	status_is "400 Bad Request"
	message_is "client version 1.99 is too new. Maximum supported API version is 1.47"
	request /v1.9/info
	status_is "400 Bad Request"
	message_is "client version 1.9 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
}

@test "an unknown path, a wrong method and a malformed version are pages that are not there" {
	local path
	for path in /bogus /v1.x/info /v1.47 /containers/ /containers/a/b/c; do
		request "$path"
		status_is "404 Not Found"
		message_is "page not found"
		no_header Api-Version
	done
	request -X POST /info
	status_is "404 Not Found"
	request -X DELETE /containers/json/x/y
	status_is "404 Not Found"
}

@test "what is documented and not there yet answers 501 with its name" {
	local route
	for route in "GET /containers/x/attach/ws" "POST /plugins/pull" "POST /plugins/create" "POST /swarm/init" \
		"POST /swarm/join" "POST /session"; do
		request -X "${route% *}" "${route#* }"
		status_is "501 Not Implemented"
		tail -1 <<<"$output" | jq -e '.message | endswith("is not implemented by this version")' >/dev/null
	done
}

@test "without a swarm its routes are unavailable" {
	request /services
	status_is "503 Service Unavailable"
	tail -1 <<<"$output" | jq -e '.message | startswith("This node is not a swarm manager.")' >/dev/null
	request -X POST /swarm/leave
	message_is "This node is not part of a swarm"
	request /plugins
	[ "$(tail -1 <<<"$output")" = "[]" ]
	request /plugins/x/json
	status_is "404 Not Found"
	message_is 'plugin "x" not found'
}

@test "a body has to be JSON and say so" {
	request -H 'Content-Type: text/plain' --data '{}' /containers/create
	status_is "400 Bad Request"
	message_is "unsupported Content-Type header (text/plain): must be 'application/json'"
	request -H 'Content-Type: application/json; charset=utf-8' --data '{"Image":' /containers/create
	status_is "400 Bad Request"
	tail -1 <<<"$output" | jq -e '.message | startswith("invalid JSON: ")' >/dev/null
	request -H 'Content-Type: application/json' --data '{"Image":"x"} {}' /containers/create
	message_is "unexpected content after JSON"
	request -H 'Content-Type: application/json' --data '{"Image":5}' /containers/create
	message_is "invalid JSON: json: cannot unmarshal number into Go struct field Image of type string"
	request -H 'Content-Type: application/json' --data '{"HostConfig":{"Memory":"x"}}' /containers/create
	message_is "invalid JSON: json: cannot unmarshal string into Go struct field HostConfig.Memory of type int64"
	request -X POST /containers/create
	status_is "400 Bad Request"
	message_is "invalid JSON: got EOF while reading request body"
}

@test "JSON of 2,000 levels is refused and nothing breaks" {
	{ printf '{"Labels":'; printf '[%.0s' {1..2000}; printf ']%.0s' {1..2000}; printf '}'; } >"$SCRATCH/deep"
	request -H 'Content-Type: application/json' --data-binary "@$SCRATCH/deep" /containers/create
	status_is "400 Bad Request"
	message_is "invalid JSON: more than 512 levels"
	request /_ping
	status_is "200 OK"
}

@test "a body beyond the limit is refused" {
	too_large() { status_is "413 Payload Too Large" || status_is "413 Request Entity Too Large" || status_is "413 Content Too Large"; }
	head -c 26000000 /dev/zero | tr '\0' ' ' >"$SCRATCH/large" # a container may come with files
	request -H 'Content-Type: application/json' --data-binary "@$SCRATCH/large" /containers/create
	too_large
	truncate -s 5000000 "$SCRATCH/large"
	request -H 'Content-Type: application/json' --data-binary "@$SCRATCH/large" /networks/create
	too_large
}

@test "filters are checked by name and value" {
	request -G --data-urlencode 'filters=x' /containers/json
	status_is "400 Bad Request"
	message_is "invalid filter"
	request -G --data-urlencode 'filters={"bogus":["x"]}' /containers/json
	message_is "invalid filter 'bogus'"
	request -G --data-urlencode 'filters={"status":{"x":true}}' /containers/json
	message_is "invalid filter 'status=x'"
	request -G --data-urlencode 'filters={"before":["x"]}' /containers/json
	status_is "404 Not Found"
	message_is "No such container: x"
	request -G --data-urlencode 'filters={"bogus":["x"]}' /images/json
	message_is "invalid filter 'bogus'"
	request -G --data-urlencode 'filters={"bogus":["x"]}' /volumes
	message_is "invalid filter 'bogus'"
	request -G --data-urlencode 'filters={"dangling":["x"]}' /networks
	message_is "invalid filter 'dangling=[x]'"
}

@test "whatever is asked of a container that is not there is told so" {
	local ask path
	for ask in "GET json" "GET top" "GET logs?stdout=1" "GET changes" "GET export" "GET stats" "GET archive?path=/" \
		"POST start" "POST stop" "POST restart" "POST kill" "POST pause" "POST unpause" "POST wait" \
		"POST rename?name=other" "POST resize?h=1&w=1" "DELETE ?force=1"; do
		path=/containers/nope/${ask#* }
		request -X "${ask% *}" "${path/\/\?/?}"
		status_is "404 Not Found" || { echo "# $ask"; return 1; }
		[[ $output == *"No such container: nope"* ]]
	done
}

@test "what is named and not there is told by kind" {
	request /containers/nope/json
	status_is "404 Not Found"
	message_is "No such container: nope"
	request /images/nope/json
	message_is "No such image: nope:latest"
	request /networks/nope
	message_is "network nope not found"
	request /volumes/nope
	message_is "get nope: no such volume"
	request /exec/nope/json
	message_is "No such exec instance: nope"
	request -X POST /containers/nope/kill
	message_is "cannot kill container: nope: No such container: nope"
	request -X POST "/containers/nope/kill?signal=BOGUS"
	status_is "400 Bad Request"
	message_is "invalid signal: BOGUS"
	request -X POST "/containers/nope/attach?stream=1&stdout=1"
	status_is "404 Not Found"
	header_is Content-Type application/vnd.docker.raw-stream
	[ "$(tail -1 <<<"$output")" = "No such container: nope" ]
	request -X POST "/containers/nope/wait?condition=zz"
	status_is "400 Bad Request"
	message_is 'invalid condition: "zz"'
}

@test "version tells itself twice, as clients read it" {
	run curl -sS --unix-socket "$SOCKET" http://wherry/version
	jq -e '.ApiVersion == "1.47" and .MinAPIVersion == "1.24" and .Os == "linux" and (.Arch | length > 0)
		and .Components[0].Name == "Engine" and .Components[0].Details.ApiVersion == "1.47"
		and .Components[0].Details.Experimental == "false" and .Components[0].Version == .Version' <<<"$output"
}

@test "info has what clients read" {
	run curl -sS --unix-socket "$SOCKET" http://wherry/info
	jq -e '.Containers == 0 and .Driver == "overlay2" and .OSType == "linux" and .NCPU > 0 and .MemTotal > 0
		and (.ID | length > 0) and (.Labels | type == "array") and (.Plugins.Network | index("bridge") != null)
		and .Swarm.LocalNodeState == "inactive" and .RegistryConfig.IndexConfigs["docker.io"].Official
		and .Runtimes[.DefaultRuntime] and (.SecurityOptions | type == "array") and .IndexServerAddress
		and (.CgroupVersion == "1" or .CgroupVersion == "2") and (.SystemTime | length > 0)' <<<"$output"
}

@test "the predefined networks are there" {
	run curl -sS --unix-socket "$SOCKET" http://wherry/networks
	jq -e '[.[].Name] | sort == ["bridge", "host", "none"]' <<<"$output"
	run curl -sS --unix-socket "$SOCKET" http://wherry/networks/bridge
	jq -e --arg bridge "$BRIDGE" --arg subnet "$SUBNET.0/24" '.Driver == "bridge" and .Scope == "local" and .Containers == {}
		and .Options["com.docker.network.bridge.name"] == $bridge
		and .Options["com.docker.network.bridge.default_bridge"] == "true"
		and .IPAM.Config[0].Subnet == $subnet and .Labels == {} and .EnableIPv6 == false' <<<"$output"
	run curl -sS --unix-socket "$SOCKET" http://wherry/networks/none
	jq -e '.Driver == "null"' <<<"$output"
}

@test "volumes are made, listed and removed" {
	api POST /volumes/create '{"Name":"data","Labels":{"a":"b"}}'
	expect_status 201
	jq -e '.Name == "data" and .Driver == "local" and .Labels.a == "b" and .Scope == "local" and .Options == null' "$SCRATCH/body"
	api POST /volumes/create '{"Name":"data"}'
	expect_status 201
	jq -e '.Labels.a == "b"' "$SCRATCH/body"
	api GET '/volumes?filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D'
	jq -e '.Volumes | length == 1' "$SCRATCH/body"
	api GET '/volumes?filters=%7B%22dangling%22%3A%5B%22false%22%5D%7D'
	jq -e '.Volumes == [] and .Warnings == null' "$SCRATCH/body"
	api POST /volumes/create '{"Name":"x"}'
	expect_status 400
	api DELETE /volumes/data
	expect_status 204
	api DELETE /volumes/data
	expect_status 404
	api DELETE '/volumes/data?force=1'
	expect_status 204
	api POST /volumes/create '{}'
	jq -e '.Name | length == 64' "$SCRATCH/body"
	api POST /volumes/prune
	expect_status 200
	jq -e '.VolumesDeleted | length == 1' "$SCRATCH/body"
}
