#!/usr/bin/env bats
# What listings look like: columns, formats, filters, inspect.

load ../lib/wherry
load canned

setup() { canned_begin; }
teardown() { canned_end; }

ago() { echo $(($(date +%s) - $1)); }
hex() { printf "$1%.0s" {1..64}; }

containers() {
	answer "GET /containers/json" 200 '[
	 {"Id":"'$(hex a)'","Names":["/web","/other/alias"],"Image":"nginx:latest","ImageID":"sha256:'$(hex 1)'",
	  "Command":"nginx -g '"'daemon off;'"'","Created":'$(ago 300)',"State":"running","Status":"Up 5 minutes",
	  "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
	   {"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":443,"Type":"tcp"},
	   {"IP":"127.0.0.1","PrivatePort":7001,"PublicPort":7001,"Type":"tcp"},
	   {"IP":"127.0.0.1","PrivatePort":7002,"PublicPort":7002,"Type":"tcp"},
	   {"PrivatePort":9000,"Type":"tcp"},{"PrivatePort":9001,"Type":"tcp"},{"PrivatePort":9001,"Type":"udp"}],
	  "Labels":{"b":"2","a":"1"},"SizeRw":1234,"SizeRootFs":4567890,
	  "NetworkSettings":{"Networks":{"bridge":{}}},
	  "Mounts":[{"Type":"bind","Source":"/very/long/path/to/something"},{"Name":"data","Driver":"local"}]},
	 {"Id":"'$(hex b)'","Names":["/old"],"Image":"sha256:'$(hex 2)'","ImageID":"sha256:'$(hex 2)'",
	  "Command":"/bin/sh","Created":'$(ago 259200)',"State":"exited","Status":"Exited (3) 3 days ago",
	  "Ports":[],"Labels":{},"Mounts":[]}]'
}

@test "ps is a table" {
	containers
	run wherry ps
	[ "$status" = 0 ]
	[ "${lines[0]}" = "CONTAINER ID   IMAGE          COMMAND                  CREATED         STATUS                  PORTS                                                                                                           NAMES" ]
	[ "${lines[1]}" = 'aaaaaaaaaaaa   nginx:latest   "nginx -g '"'daemon of…"'"   5 minutes ago   Up 5 minutes            443/tcp, 9000-9001/tcp, 127.0.0.1:7001-7002->7001-7002/tcp, 9001/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp   web' ]
	[[ ${lines[2]} == "bbbbbbbbbbbb   222222222222   \"/bin/sh\"  "*"Exited (3) 3 days ago"*"old" ]]
}

@test "ps finds a format that nothing can be shown by before it asks, also where there is nothing to show" {
	answer "GET /containers/json" 200 '[]'
	for format in '{{.Bogus}}' 'table {{.ID}} {{.Bogus}}'; do
		run wherry ps --format "$format"
		[ "$status" = 1 ]
		[[ $output == *"failed to execute template: "*"<.Bogus>: can't evaluate field Bogus in type *formatter.ContainerContext" ]]
	done
	run wherry ps --format '{{slice .ID 0 12}} {{.Label "x"}}'
	[ "$status" = 0 ] && [ -z "$output" ]
}

@test "ps in other formats" {
	containers
	[ "$(wherry ps -q)" = "aaaaaaaaaaaa
bbbbbbbbbbbb" ]
	[ "$(wherry ps -q --no-trunc | head -1)" = "$(hex a)" ]
	[ "$(wherry ps --format '{{.Names}} {{.State}} {{.Label "a"}}|{{.Labels}}')" = "web running 1|a=1,b=2
old exited |" ]
	[ "$(wherry ps --format 'table {{.ID}}\t{{.Names}}')" = "CONTAINER ID   NAMES
aaaaaaaaaaaa   web
bbbbbbbbbbbb   old" ]
	[ "$(wherry ps --no-trunc --format '{{.Mounts}} {{.LocalVolumes}} {{.Size}} {{.Names}}' | head -1)" = \
		"/very/long/path/to/something,data 1 1.23kB (virtual 4.57MB) web,other/alias" ]
	wherry ps --format json | head -1 | jq -e '.Names == "web" and .Ports != "" and .Command == "\"nginx -g '"'daemon of…"'\""'
	[[ $(wherry ps --format json) == *'-\u003e80/tcp'* ]]
	[[ $(wherry ps --format raw) == "container_id: aaaaaaaaaaaa
image: nginx:latest
"*"labels: a=1,b=2
"* ]]
}

@test "ps asks for sizes only when they are shown" {
	containers
	wherry ps -a >/dev/null
	wherry ps -s >/dev/null
	wherry ps --format '{{.Size}}' >/dev/null
	wherry ps --format '{{json .}}' >/dev/null
	wherry ps --format json >/dev/null
	wherry ps -n 2 >/dev/null
	wherry ps -l >/dev/null
	[ "$(requests)" = "GET /containers/json?all=1
GET /containers/json?size=1
GET /containers/json?size=1
GET /containers/json?size=1
GET /containers/json
GET /containers/json?limit=2
GET /containers/json?limit=1" ]
}

@test "filters are sent by name and value" {
	containers
	wherry ps -f status=exited -f label=a -f label=b=c >/dev/null
	[ "$(requests)" = "GET /containers/json?filters=%7B%22label%22%3A%7B%22a%22%3Atrue%2C%22b%3Dc%22%3Atrue%7D%2C%22status%22%3A%7B%22exited%22%3Atrue%7D%7D" ]
	run wherry ps -f foo
	[ "$status" = 125 ]
	[[ $output == 'invalid argument "foo" for "-f, --filter" flag: bad format of filter (expected name=value)'* ]]
}

@test "formats that are wrong are told" {
	containers
	run wherry ps --format '{{.Foo}}'
	[ "$status" = 1 ]
	[ "$output" = "failed to execute template: template: :1:2: executing \"\" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext" ]
	run wherry ps --format '{{'
	[ "$output" = "failed to parse template: template: :1: unclosed action" ]
	run wherry ps -q --format '{{.Names}}'
	[ "${lines[0]}" = "WARNING: Ignoring custom format, because both --format and --quiet are set." ]
	[ "${lines[1]}" = "aaaaaaaaaaaa" ]
}

@test "the format of the settings counts when none is given" {
	containers
	echo '{"psFormat": "{{.Names}}"}' >"$DOCKER_CONFIG/config.json"
	[ "$(wherry ps | head -1)" = web ]
	[ "$(wherry ps --format '{{.State}}' | head -1)" = running ]
}

images() {
	answer "GET /images/json" 200 '[
	 {"Id":"sha256:'$(hex 1)'","Created":'$(ago 2592000)',"RepoTags":["nginx:latest","reg:5000/nginx:1"],
	  "RepoDigests":["nginx@sha256:'$(hex 9)'"],"Size":187654321,"SharedSize":-1,"Containers":-1},
	 {"Id":"sha256:'$(hex 2)'","Created":'$(ago 90)',"RepoTags":[],"RepoDigests":[],"Size":1234,"SharedSize":-1,"Containers":-1},
	 {"Id":"sha256:'$(hex 3)'","Created":'$(ago 90)',"RepoTags":null,"RepoDigests":["busybox@sha256:'$(hex 7)'"],"Size":4500000,"SharedSize":-1,"Containers":-1}]'
}

@test "images are listed by name" {
	images
	[ "$(wherry images)" = "REPOSITORY       TAG       IMAGE ID       CREATED              SIZE
nginx            latest    111111111111   4 weeks ago          188MB
reg:5000/nginx   1         111111111111   4 weeks ago          188MB
<none>           <none>    222222222222   About a minute ago   1.23kB
busybox          <none>    333333333333   About a minute ago   4.5MB" ]
	[ "$(wherry image ls -q | sort -u | wc -l)" = 3 ]
	[[ $(wherry images --digests) == *"nginx            latest    sha256:$(hex 9)   111111111111"* ]]
	[ "$(wherry images --format '{{.Repository}}:{{.Tag}} {{.SharedSize}} {{.VirtualSize}}' | head -1)" = "nginx:latest N/A 187.7MB" ]
	wherry images nginx >/dev/null
	[[ $(requests | tail -1) == "GET /images/json?filters=%7B%22reference%22"* ]]
}

@test "history cuts what is long" {
	answer "GET /images/x/history" 200 '[{"Id":"sha256:'$(hex 1)'","Created":'$(ago 7200)',
	  "CreatedBy":"/bin/sh -c #(nop)  CMD [\"nginx\" \"-g\" \"daemon off;\"] and more","Size":0,"Comment":"c"},
	 {"Id":"<missing>","Created":'$(ago 7200)',"CreatedBy":"a\tb","Size":80123456,"Comment":""}]'
	run wherry history x
	[ "${lines[0]}" = "IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT" ]
	[ "${lines[1]}" = '111111111111   2 hours ago   /bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon…   0B        c' ]
	[[ ${lines[2]} == "<missing>      2 hours ago   a b                                             80.1MB"* ]]
	[ "$(wherry history -H=false --format '{{.Size}}' x | tail -1)" = 80123456 ]
}

inspected() {
	answer "GET /containers/web/json" 200 '{"Id":"abc","Name":"/web","State":{"Status":"running","Pid":42},
	 "Config":{"Env":["A=<1>"],"Labels":{"b":"2","a":"1"},"Volumes":null},"Mounts":[],
	 "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"443/tcp":null,
	  "7/udp":[{"HostIp":"0.0.0.0","HostPort":"32768"}]}},"Big":1e2, "Empty":{ }}'
	answer "GET /images/nginx/json" 200 '{"Id":"sha256:x"}'
}

@test "inspect shows what the daemon sent, indented" {
	inspected
	run wherry inspect web nginx
	[ "$status" = 0 ]
	[[ $output == '[
    {
        "Id": "abc",
        "Name": "/web",
        "State": {
            "Status": "running",
            "Pid": 42
        },
        "Config": {
            "Env": [
                "A=<1>"
            ],'*'"Big": 1e2,
        "Empty": {}
    },
    {
        "Id": "sha256:x"
    }
]' ]]
}

@test "inspect through templates" {
	inspected
	[ "$(wherry inspect -f '{{.State.Status}} {{.State.Pid}} {{json .Config.Labels}}' web)" = 'running 42 {"a":"1","b":"2"}' ]
	[ "$(wherry inspect -f '{{.NetworkSettings.Ports}}' web)" = "map[443/tcp:[] 7/udp:[{0.0.0.0 32768}] 80/tcp:[{0.0.0.0 8080} {:: 8080}]]" ]
	[ "$(wherry inspect -f '{{range $p, $b := .NetworkSettings.Ports}}{{$p}}{{range $b}} {{.HostPort}}{{end}};{{end}}' web)" = "443/tcp;7/udp 32768;80/tcp 8080 8080;" ]
	[ "$(wherry inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' web)" = none ]
	wherry inspect -f json web | jq -e '.[0].Name == "/web"'
	run wherry inspect -f '{{.Foo}}' web
	[ "$status" = 1 ]
	[[ $output == *'template parsing error: template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"' ]]
	run wherry inspect -f '{{' web
	[ "$status" = 64 ]
}

@test "inspect of what is not there shows the rest and fails" {
	inspected
	run wherry inspect -f '{{.Id}}' web zz nginx
	[ "$status" = 1 ]
	[ "$output" = "abc
sha256:x
Error: No such object: zz" ]
	run wherry inspect zz
	[ "$output" = "[]
Error: No such object: zz" ]
	run wherry inspect --type image web
	[ "$status" = 1 ]
	run wherry inspect ""
	[ "$status" = 1 ]
	[ "$output" = "[]
invalid container name or ID: value is empty" ]
}

@test "inspect --size says where it counts for nothing" {
	inspected
	run wherry inspect -s -f '{{.Id}}' web nginx
	[ "$status" = 0 ]
	[ "$output" = "WARNING: --size ignored for image
abc
sha256:x" ]
}

@test "port shows bindings in order" {
	inspected
	[ "$(wherry port web)" = "7/udp -> 0.0.0.0:32768
80/tcp -> 0.0.0.0:8080
80/tcp -> [::]:8080" ]
	[ "$(wherry port web 80)" = "0.0.0.0:8080
[::]:8080" ]
	run wherry port web 443
	[ "$status" = 1 ]
	[ "$output" = "Error: No public port '443' published for web" ]
}

@test "top aligns the columns" {
	answer "GET /containers/web/top" 200 '{"Titles":["UID","PID","CMD"],"Processes":[["root","1","nginx: master process"]]}'
	[ "$(wherry top web -o pid)" = "UID                 PID                 CMD
root                1                   nginx: master process" ]
	[ "$(requests)" = "GET /containers/web/top?ps_args=-o%20pid" ]
}

@test "stats computes shares" {
	answer "GET /containers/web/stats" 200 "$(jq -c . <<<'{"pids_stats":{"current":3},"name":"/web","id":"'$(hex a)'",
	 "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":1234567},{"op":"write","value":7654}]},
	 "cpu_stats":{"cpu_usage":{"total_usage":2000000000},"system_cpu_usage":20000000000,"online_cpus":2},
	 "precpu_stats":{"cpu_usage":{"total_usage":1500000000},"system_cpu_usage":18000000000},
	 "memory_stats":{"usage":50000000,"stats":{"total_inactive_file":1000000},"limit":4000000000},
	 "networks":{"eth0":{"rx_bytes":1234,"tx_bytes":56789},"eth1":{"rx_bytes":1,"tx_bytes":1}}}')"$'\n'
	[ "$(wherry stats --no-stream web)" = "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O           BLOCK I/O         PIDS
aaaaaaaaaaaa   web       50.00%    46.73MiB / 3.725GiB   1.23%     1.24kB / 56.8kB   1.23MB / 7.65kB   3" ]
	[ "$(wherry stats --no-stream --format '{{.Container}} {{.CPUPerc}}' web)" = "web 50.00%" ]
	run wherry stats --no-stream web nothing
	[ "$status" = 1 ]
	# a stream that ends ends the command, with its last sample shown
	[[ $(wherry stats --format '{{.Name}} {{.CPUPerc}}' web) == *"web 50.00%" ]]
}

@test "events are a line each" {
	answer "GET /events" 200 '{"Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web","image":"nginx"}},"time":1735689600,"timeNano":1735689600123456789,"status":"start","id":"abc"}
{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{}},"time":1735689601,"timeNano":1735689601000000000}
'
	[ "$(wherry events --since 1735689600 --until 2025-01-02T00:00:00Z -f type=container)" = \
"2025-01-01T00:00:00.123456789Z container start abc (image=nginx, name=web)
2025-01-01T00:00:01.000000000Z network connect n" ]
	[[ $(requests) == "GET /events?filters="*"&since=1735689600&until=1735776000.000000000" ]]
	[ "$(wherry events --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.TimeNano}}' | head -1)" = "container start web 1735689600123456789" ]
	wherry events --format json | head -1 | jq -e '.Actor.ID == "abc"'
	[ "$(wherry events --format '{{json .}}')" = "$(wherry events --format json)" ]
	[ "$(wherry events --format '{{.Status}} {{.ID}} {{.Time}} {{.Actor.ID}} {{.Actor.Attributes.none}}')" = \
		"start abc 1735689600 abc <no value>
  1735689601 n <no value>" ]
}

@test "events finds a format that nothing can be shown by before it asks" {
	answer "GET /events" 200 ''
	for format in '{{.Bogus}}' '{{.Actor.Bogus}}' '{{' '{{bogus}}'; do
		run wherry events --format "$format"
		[ "$status" = 64 ]
		[[ $output == "Error parsing format: template: "* ]]
	done
	[ -z "$(requests)" ]
}

@test "df sums up" {
	answer "GET /system/df" 200 '{"LayersSize":1092588,"Images":[{"Id":"sha256:'$(hex 1)'","Containers":1,"Created":'$(ago 7200)',"RepoTags":["a:1"],"SharedSize":100,"Size":1092588}],
	 "Containers":[{"Id":"'$(hex a)'","State":"exited","SizeRw":500,"Names":["/x"],"Command":"c","Created":'$(ago 7200)',"Image":"a:1","Status":"Exited (0) 2 hours ago"}],"Volumes":[],"BuildCache":[]}'
	[ "$(wherry system df)" = "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE
Images          1         1         1.093MB   100B (0%)
Containers      1         0         500B      500B (100%)
Local Volumes   0         0         0B        0B
Build Cache     0         0         0B        0B" ]
	[[ $(wherry system df -v) == "Images space usage:"*"Containers space usage:"*"Local Volumes space usage:"* ]]
}

@test "prune asks first" {
	answer "POST /containers/prune" 200 '{"ContainersDeleted":["abc"],"SpaceReclaimed":12345}'
	run wherry container prune </dev/null
	[ "$status" = 0 ]
	[[ $output == "WARNING! This will remove all stopped containers.
Are you sure you want to continue? [y/N] "* ]]
	[ ! -e "$SCRATCH/requests" ]
	run wherry container prune <<<y
	[[ $output == *"Deleted Containers:
abc

Total reclaimed space: 12.35kB" ]]
	answer "POST /images/prune" 200 '{"ImagesDeleted":[{"Untagged":"x:1"},{"Deleted":"sha256:1"}],"SpaceReclaimed":1}'
	[ "$(wherry image prune -af)" = "Deleted Images:
untagged: x:1
deleted: sha256:1

Total reclaimed space: 1B" ]
	# what the daemon does not have yet is nothing to prune
	answer "POST /networks/prune" 501 '{"message":"not yet"}'
	[[ $(wherry system prune -f) == *"Total reclaimed space: 12.35kB" ]]
}

@test "info and version speak of client and server" {
	answer "GET /info" 200 '{"ID":"x","Containers":3,"Images":4,"ServerVersion":"27.5.1","Driver":"overlay2","DriverStatus":[["Backing Filesystem","extfs"]],"NCPU":2,"MemTotal":4123456789,"SecurityOptions":["name=seccomp,profile=builtin"],"Swarm":{"LocalNodeState":"inactive"},"Warnings":["WARNING: No swap limit support"]}'
	run wherry info
	[[ $output == "Client:"*"Server:
 Containers: 3
  Running: 0"*" Storage Driver: overlay2
  Backing Filesystem: extfs"*" Security Options:
  seccomp
   Profile: builtin"*" Total Memory: 3.84GiB"*"WARNING: No swap limit support" ]]
	[ "$(wherry info -f '{{.NCPU}} {{.ClientInfo.Context}}')" = "2 default" ]
	answer "GET /version" 200 '{"Platform":{"Name":"Wherry"},"Version":"27.5.1","Components":[{"Name":"Engine","Version":"27.5.1","Details":{"ApiVersion":"1.47","MinAPIVersion":"1.24","GoVersion":"none","GitCommit":"abc","Experimental":"false","Os":"linux","Arch":"amd64","BuildTime":"2025-01-01T00:00:00Z"}}]}'
	[[ $(wherry version) == "Client:"*"Server: Wherry
 Engine:
  Version:          27.5.1
  API version:      1.47 (minimum version 1.24)
  Go version:       none
  Git commit:       abc
  Built:            Wed Jan  1 00:00:00 2025
  OS/Arch:          linux/amd64
  Experimental:     false" ]]
	[ "$(wherry version -f '{{.Server.Version}}')" = 27.5.1 ]
}
