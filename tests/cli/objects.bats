#!/usr/bin/env bats
# Networks, volumes, what becomes of a container's changes, and what is elsewhere.

load ../lib/wherry
load canned

setup() { canned_begin; }
teardown() { canned_end; }

@test "network create sorts ranges, gateways and neighbours into their subnets" {
	answer "POST /networks/create" 201 '{"Id":"abc","Warning":""}'
	[ "$(wherry network create --subnet fd00::/64,10.1.0.0/16 --gateway 10.1.0.1 --ip-range 10.1.5.0/24 \
		--aux-address a=10.1.0.9 --gateway fd00::1 -o x=y --label l=m --internal --ipv6 n1)" = abc ]
	[ "$(body_of "POST /networks/create" | jq -c .IPAM)" = '{"Config":[{"Gateway":"fd00::1","Subnet":"fd00::/64"},{"AuxiliaryAddresses":{"a":"10.1.0.9"},"Gateway":"10.1.0.1","IPRange":"10.1.5.0/24","Subnet":"10.1.0.0/16"}],"Driver":"default","Options":{}}' ]
	body_of "POST /networks/create" | jq -e '.Name == "n1" and .Driver == "bridge" and .Internal and
		.EnableIPv6 and (has("EnableIPv4") | not) and .Options.x == "y" and .Labels.l == "m"'
}

# refused WORDS ARGUMENT...: of network create
refused() {
	local words=$1
	shift
	run wherry network create "$@" n1
	echo "# $output" >&2
	[ "$status" = 1 ]
	[ "$output" = "$words" ]
}

@test "network create refuses addresses that belong nowhere, before the daemon is asked" {
	refused "multiple overlapping subnet configuration is not supported" --subnet 10.1.0.0/16 --subnet 10.1.5.0/24
	refused "no matching subnet for gateway 10.2.0.1" --subnet 10.1.0.0/16 --gateway 10.2.0.1
	refused "every ip-range or gateway must have a corresponding subnet" --gateway 10.2.0.1
	refused "cannot configure multiple ranges (10.1.6.0/24, 10.1.5.0/24) on the same subnet (10.1.0.0/16)" \
		--subnet 10.1.0.0/16 --subnet 10.2.0.0/16 --ip-range 10.1.5.0/24 --ip-range 10.1.6.0/24
	refused "cannot configure multiple gateways (10.1.0.2, 10.1.0.1) for the same subnet (10.1.0.0/16)" \
		--subnet 10.1.0.0/16 --subnet 10.2.0.0/16 --gateway 10.1.0.1 --gateway 10.1.0.2
	refused "no matching subnet for aux-address 11.1.5.0" --subnet 10.1.0.0/16 --aux-address a=11.1.5.0
	[ ! -e "$SCRATCH/requests" ]
}

@test "network ls sorts by name and shows what is asked for" {
	answer "GET /networks" 200 '[
	 {"Name":"b","Id":"1111111111111111111111","Created":"2025-01-02T03:04:05.678Z","Scope":"local","Driver":"bridge",
	  "EnableIPv4":true,"EnableIPv6":false,"Internal":true,"Labels":{"x":"y"}},
	 {"Name":"a10","Id":"2222222222222222222222","Created":"2025-01-02T03:04:05.678Z","Scope":"local","Driver":"null"},
	 {"Name":"a9","Id":"3222222222222222222222","Created":"2025-01-02T03:04:05.678Z","Scope":"local","Driver":"null"}]'
	[ "$(wherry network ls)" = "NETWORK ID     NAME      DRIVER    SCOPE
322222222222   a9        null      local
222222222222   a10       null      local
111111111111   b         bridge    local" ]
	[ "$(wherry network ls -q --no-trunc | tail -1)" = 1111111111111111111111 ]
	[ "$(wherry network ls --format json | tail -1)" = '{"CreatedAt":"2025-01-02 03:04:05.678 +0000 UTC","Driver":"bridge","ID":"111111111111","IPv4":"true","IPv6":"false","Internal":"true","Labels":"x=y","Name":"b","Scope":"local"}' ]
	[ "$(wherry network ls --format '{{.Name}} {{.Label "x"}}' -f driver=bridge | tail -1)" = "b y" ]
	requests | grep -qx 'GET /networks?filters=%7B%22driver%22%3A%7B%22bridge%22%3Atrue%7D%7D'
}

@test "network rm, connect and disconnect" {
	answer "DELETE /networks/n1" 204
	answer "POST /networks/n1/connect" 200
	answer "POST /networks/n1/disconnect" 200
	run wherry network rm n1 nothing
	[ "$status" = 1 ]
	[ "$output" = "n1
Error response from daemon: page not found
exit status 1" ]
	[ "$(wherry network rm -f nothing n1)" = n1 ]
	wherry network connect --alias a,b --driver-opt c=d --gw-priority 3 --ip 1.2.3.4 --ip6 fd::1 --link x:y \
		--link-local-ip 169.254.1.1 n1 c1
	[ "$(body_of "POST /networks/n1/connect" | jq -c .)" = '{"Container":"c1","EndpointConfig":{"Aliases":["a","b"],"DriverOpts":{"c":"d"},"GwPriority":3,"IPAMConfig":{"IPv4Address":"1.2.3.4","IPv6Address":"fd::1","LinkLocalIPs":["169.254.1.1"]},"Links":["x:y"]}}' ]
	wherry network disconnect -f n1 c1
	[ "$(body_of "POST /networks/n1/disconnect")" = '{"Container":"c1","Force":true}' ]
}

@test "volume create, ls, rm and update" {
	answer "POST /volumes/create" 201 '{"Name":"v1"}'
	[ "$(wherry volume create -o a=b --label x -d foo v1)" = v1 ]
	[ "$(body_of "POST /volumes/create" | jq -c .)" = '{"Driver":"foo","DriverOpts":{"a":"b"},"Labels":{"x":""},"Name":"v1"}' ]
	run wherry volume create --name a b
	[ "$output" = "conflicting options: cannot specify a volume-name through both --name and as a positional arg" ]
	run wherry volume create --group g v1
	[ "$status" = 125 ]
	[[ $output == "--group is not supported: only volumes of a cluster have it"* ]]
	answer "GET /volumes" 200 '{"Volumes":[{"Name":"b","Driver":"local","Mountpoint":"/m","Scope":"local","Labels":{"x":"y"}},
	 {"Name":"a10","Driver":"local","UsageData":{"Size":10000,"RefCount":2}},{"Name":"a9"}],"Warnings":null}'
	[ "$(wherry volume ls)" = "DRIVER    VOLUME NAME
          a9
local     a10
local     b" ]
	[ "$(wherry volume ls --format '{{.Name}} {{.Links}} {{.Size}}' | tail -2)" = "a10 2 10kB
b N/A N/A" ]
	answer "DELETE /volumes/b" 204
	run wherry volume rm b nothing
	[ "$status" = 1 ]
	[ "$output" = "b
Error response from daemon: page not found" ]
	answer "GET /volumes/b" 200 '{"Name":"b"}'
	run wherry volume update --availability drain b
	[ "$status" = 1 ]
	[ "$output" = "Can only update cluster volumes" ]
}

@test "networks and volumes are inspected" {
	answer "GET /networks/n" 200 '{"Name":"n"}'
	answer "GET /volumes/v" 200 '{"Name":"v"}'
	[ "$(wherry network inspect -v n | jq -r .[0].Name)" = n ]
	[ "$(wherry volume inspect -f '{{.Name}}' v)" = v ]
	run wherry volume inspect nothing
	[ "$status" = 1 ]
	[ "$output" = "[]
Error response from daemon: page not found" ]
	run wherry image inspect --platform linux/arm64 x
	[ "$output" = '[]
"--platform" requires API version 1.49, but the wherry daemon API version is 1.47' ]
}

@test "prunes ask, send their filters and tell what went" {
	answer "POST /networks/prune" 200 '{"NetworksDeleted":["a","b"]}'
	answer "POST /volumes/prune" 200 '{"VolumesDeleted":["v"],"SpaceReclaimed":12345}'
	answer "POST /build/prune" 200 '{"CachesDeleted":["c"],"SpaceReclaimed":12345}'
	run wherry network prune <<<n
	[ "$output" = "WARNING! This will remove all custom networks not used by at least one container.
Are you sure you want to continue? [y/N] " ]
	[ ! -e "$SCRATCH/requests" ]
	[ "$(wherry network prune -f)" = "Deleted Networks:
a
b" ]
	[ "$(wherry volume prune -af --filter label=x)" = "Deleted Volumes:
v

Total reclaimed space: 12.35kB" ]
	requests | grep -qx 'POST /volumes/prune?filters=%7B%22all%22%3A%7B%22true%22%3Atrue%7D%2C%22label%22%3A%7B%22x%22%3Atrue%7D%7D'
	run wherry volume prune -f --filter all=1 -a
	[ "$output" = "conflicting options: cannot specify both --all and --filter all=1" ]
	[ "$(wherry builder prune -af --keep-storage 10g | tail -1)" = "Total reclaimed space: 12.35kB" ]
	requests | grep -qx 'POST /build/prune?all=1&keep-storage=10737418240'
	run wherry system prune -f --volumes --filter until=24h
	[ "$status" = 1 ]
	[ "$output" = 'ERROR: The "until" filter is not supported with "--volumes"' ]
}

@test "diff, commit and export" {
	answer "GET /containers/c/changes" 200 '[{"Path":"/a","Kind":0},{"Path":"/b","Kind":1},{"Path":"/c","Kind":2}]'
	answer "GET /containers/d/changes" 200 'null'
	[ "$(wherry diff c)" = "C /a
A /b
D /c" ]
	[ -z "$(wherry diff d)" ]
	answer "POST /commit" 201 '{"Id":"sha256:abc"}'
	[ "$(wherry commit -a me -m msg -c "CMD x" -c "ENV a=b" -p=false c repo/x:tag)" = sha256:abc ]
	requests | grep -qx 'POST /commit?container=c&author=me&comment=msg&changes=CMD%20x&changes=ENV%20a%3Db&pause=0&repo=docker.io%2Frepo%2Fx&tag=tag'
	run wherry commit c Repo
	[ "$output" = "invalid reference format: repository name (library/Repo) must be lowercase" ]
	answer "GET /containers/c/export" 200 'tardata'
	[ "$(wherry export c)" = tardata ]
	wherry export -o "$SCRATCH/file" c
	[ "$(cat "$SCRATCH/file")" = tardata ]
	[ "$(stat -c %a "$SCRATCH/file")" = 600 ]
}

@test "save and export write whole files or none, and never to a terminal" {
	answer "GET /images/get" 200 'tardata'
	[ "$(wherry save a b)" = tardata ]
	requests | grep -qx 'GET /images/get?names=a&names=b'
	wherry save -o "$SCRATCH/file" a
	[ "$(cat "$SCRATCH/file")" = tardata ]
	run wherry export -o "$SCRATCH/missing" nothing
	[ "$status" = 1 ]
	[ ! -e "$SCRATCH/missing" ]
	[ -z "$(find "$SCRATCH" -name '.wherry-output*')" ]
	run wherry save -o /nonexistent/x a
	[ "$output" = "failed to save image: invalid output path: stat /nonexistent: no such file or directory" ]
	run wherry export -o "$SCRATCH" c
	[ "$output" = "failed to export container: cannot write to a directory" ]
	run wherry save -o /dev/null a
	[ "$output" = "failed to save image: cannot write to a character device file" ]
	run script -qec "wherry save a" /dev/null </dev/null
	[[ $output == "cowardly refusing to save to a terminal. Use the -o flag or redirect"* ]]
}

@test "push shows how it goes" {
	answer "POST /images/localhost:5000_a_b_push" 200 '{"status":"The push refers to repository [localhost:5000/a/b]"}
{"status":"Preparing","progressDetail":{},"id":"aaaaaaaaaaaa"}
{"status":"Pushing","progressDetail":{"current":500,"total":1000},"progress":"[=>]","id":"aaaaaaaaaaaa"}
{"status":"Pushed","progressDetail":{},"id":"aaaaaaaaaaaa"}
{"status":"1: digest: sha256:1 size: 5"}
{"progressDetail":{},"aux":{"Tag":"1","Digest":"sha256:1","Size":5}}
'
	[ "$(wherry push localhost:5000/a/b)" = "Using default tag: latest
The push refers to repository [localhost:5000/a/b]
aaaaaaaaaaaa: Preparing
aaaaaaaaaaaa: Pushed
1: digest: sha256:1 size: 5" ]
	[ "$(wherry push -q localhost:5000/a/b:1)" = localhost:5000/a/b:1 ]
	[ "$(wherry push -a -q localhost:5000/a/b)" = localhost:5000/a/b ]
	requests | grep -q 'push?tag=1$'
	requests | grep -q 'push$'
	run wherry push -a localhost:5000/a/b:1
	[ "$output" = "tag can't be used with --all-tags/-a" ]
	answer "POST /images/localhost:5000_a_b_push" 200 '{"errorDetail":{"message":"denied"},"error":"denied"}'
	run wherry push localhost:5000/a/b:1
	[ "$status" = 1 ]
	[ "$output" = denied ]
}

@test "search is a table" {
	answer "GET /images/search" 200 '[{"star_count":10,"is_official":true,"name":"alpine","description":"A minimal Docker image based on Alpine Linux with a complete package index"},
	 {"star_count":3,"is_official":false,"name":"x/y","description":"short\nline"}]'
	[ "$(wherry search --limit 3 -f stars=3 alpine)" = "NAME      DESCRIPTION                                     STARS     OFFICIAL
alpine    A minimal Docker image based on Alpine Linux…   10        [OK]
x/y       short line                                      3         " ]
	[ "$(wherry search --format '{{.Name}} {{.IsOfficial}}' alpine | head -1)" = "alpine true" ]
	requests | grep -qx 'GET /images/search?term=alpine&limit=3&filters=%7B%22stars%22%3A%7B%223%22%3Atrue%7D%7D'
}

@test "what concerns a cluster is refused by name, in the daemon's words where it has some" {
	answer "GET /services" 503 '{"message":"This node is not a swarm manager."}'
	run wherry service ls
	[ "$status" = 1 ]
	[ "$output" = "Error response from daemon: This node is not a swarm manager." ]
	run wherry swarm init --advertise-addr x
	[ "$status" = 1 ]
	[ "$output" = "wherry swarm init is not supported: containers run on this host alone" ]
	run wherry checkpoint create a b
	[ "$output" = "wherry checkpoint create is not supported: containers cannot be frozen to disk" ]
	answer "GET /plugins" 200 '[]'
	[ "$(wherry plugin ls)" = "ID        NAME      DESCRIPTION   ENABLED" ]
	wherry service --help | grep -q '^  scale'
	wherry service scale --help | grep -q "not supported"
}

@test "manifest inspect asks the daemon for what the registry has" {
	answer "GET /distribution/localhost:5000_a:1_json" 200 '{"Descriptor":{"mediaType":"m","digest":"d","size":5},"Platforms":[{"architecture":"amd64","os":"linux"}]}'
	wherry manifest inspect localhost:5000/a:1 | jq -e '.Descriptor.digest == "d" and .Platforms[0].os == "linux"'
}
