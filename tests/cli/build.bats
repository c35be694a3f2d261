#!/usr/bin/env bats
# build: what is sent of a folder, and what becomes of what the daemon says.

load ../lib/wherry
load canned

setup() {
	canned_begin
	cd "$SCRATCH"
	mkdir -p ctx/d
	echo FROM x >ctx/Dockerfile
	echo hi >ctx/f
	echo deep >ctx/d/y
	answer "POST /build" 200 '{"stream":"Step 1/1 : FROM x\n"}
{"stream":" ---\u003e abc\n"}
{"aux":{"ID":"sha256:1234"}}
{"stream":"Successfully built 1234\n"}
'
}
teardown() { canned_end; }

# sent: names of the members of the archive that the last build sent, sorted.
sent() {
	python3 - <<-'END'
		import io, tarfile
		body = open("requests", "rb").read().split(b"POST /build")[-1].split(b"\n", 1)[1]
		archive = b""
		while True:
		    size, body = body.split(b"\r\n", 1)
		    size = int(size, 16)
		    if not size:
		        break
		    archive, body = archive + body[:size], body[size + 2:]
		names = sorted(m.name for m in tarfile.open(fileobj=io.BytesIO(archive)))
		print(" ".join(names))
	END
}

parameters() { requests | grep -a '^POST /build' | tail -1; }

@test "a build sends the folder and shows what is said" {
	[ "$(wherry build ctx | tr -d '\r')" = "Sending build context to wherry daemon  4.608kB
Step 1/1 : FROM x
 ---> abc
Successfully built 1234" ]
	[ "$(sent)" = "Dockerfile d d/y f" ]
	[ "$(parameters)" = "POST /build?dockerfile=Dockerfile&version=1" ]
}

@test "every option is a parameter" {
	wherry build -t a:b -t c --build-arg X=1 --build-arg Y --label a=b --no-cache --pull --rm=false --force-rm \
		--target s --network host --add-host a:1.2.3.4 --cache-from q,r -m 1g --memory-swap -1 --cpu-shares 5 \
		--cpuset-cpus 0 --cpuset-mems 1 --cpu-period 5 --cpu-quota 6 --shm-size 64m --ulimit nofile=1:2 \
		--cgroup-parent p --security-opt x=y --platform linux/amd64 --squash --progress plain ctx >/dev/null
	[ "$(parameters | cut -d'?' -f2 | tr '&' '\n' | sort | python3 -c 'import sys, urllib.parse
print(urllib.parse.unquote(sys.stdin.read()), end="")')" = 'buildargs={"X":"1","Y":null}
cachefrom=["q","r"]
cgroupparent=p
cpuperiod=5
cpuquota=6
cpusetcpus=0
cpusetmems=1
cpushares=5
dockerfile=Dockerfile
extrahosts=a:1.2.3.4
forcerm=1
labels={"a":"b"}
memory=1073741824
memswap=-1
networkmode=host
nocache=1
platform=linux/amd64
pull=1
rm=0
securityopt=x=y
shmsize=67108864
squash=1
t=a:b
t=c
target=s
ulimits=[{"Hard":2,"Name":"nofile","Soft":1}]
version=1' ]
}

@test ".dockerignore leaves out what it names, but never itself and the Dockerfile" {
	printf 'f\nd\nDockerfile\n.dockerignore\n' >ctx/.dockerignore
	wherry build ctx >/dev/null
	[ "$(sent)" = ".dockerignore Dockerfile" ]
	printf '*\n!d/y\n' >ctx/.dockerignore
	touch ctx/d/z
	wherry build ctx >/dev/null
	[ "$(sent)" = ".dockerignore Dockerfile d/y" ]
	echo '[' >ctx/.dockerignore
	run wherry build ctx
	[ "$status" = 1 ]
	[[ $output == "error checking context: "*"syntax error in pattern" ]]
}

@test "the Dockerfile may be elsewhere, or come from stdin" {
	echo FROM z >other
	wherry build -f ctx/f ctx >/dev/null
	[ "$(parameters)" = "POST /build?dockerfile=f&version=1" ]
	echo f >ctx/.dockerignore
	wherry build -f other ctx >/dev/null
	[[ $(parameters) =~ ^"POST /build?dockerfile=".dockerfile\.[0-9a-f]{20}"&version=1"$ ]]
	[[ $(sent) =~ ^.dockerfile\.[0-9a-f]{20}\ .dockerignore\ Dockerfile\ d\ d/y$ ]]
	echo FROM y | wherry build -f - ctx >/dev/null
	requests | tr '\0' '\n' | grep -aqx 'FROM y'
	mv ctx/Dockerfile ctx/dockerfile
	wherry build ctx >/dev/null
	[ "$(parameters)" = "POST /build?dockerfile=dockerfile&version=1" ]
}

@test "stdin is a Dockerfile or an archive" {
	echo FROM y | wherry build - >/dev/null
	[ "$(sent)" = Dockerfile ]
	[ "$(parameters)" = "POST /build?dockerfile=Dockerfile&version=1" ]
	tar -C ctx -c Dockerfile | wherry build - >/dev/null
	[ "$(sent)" = Dockerfile ]
	[ "$(parameters)" = "POST /build?version=1" ]
	tar -C ctx -cz Dockerfile | wherry build -f x - >/dev/null
	[ "$(parameters)" = "POST /build?dockerfile=x&version=1" ]
}

@test "the daemon fetches what has an address" {
	wherry build https://example.org/x.git#main:sub >/dev/null
	[ "$(parameters)" = "POST /build?remote=https%3A%2F%2Fexample.org%2Fx.git%23main%3Asub&version=1" ]
}

@test "a build that fails has the step's exit code" {
	answer "POST /build" 200 '{"stream":"Step 1/1 : RUN exit 3\n"}
{"errorDetail":{"code":3,"message":"The command returned a non-zero code: 3"},"error":"x"}
'
	run wherry build --iidfile id ctx
	[ "$status" = 3 ]
	[[ $output == *"Step 1/1 : RUN exit 3
The command returned a non-zero code: 3" ]]
	[ ! -e id ]
	[ -z "$(wherry build -q ctx 2>/dev/null)" ]
	wherry build -q ctx 2>&1 | grep -q "Step 1/1"
	answer "POST /build" 400 '{"message":"dockerfile parse error on line 2: unknown instruction: BOGUS"}'
	run wherry build ctx
	[ "$status" = 1 ]
	[[ $output == *"Error response from daemon: dockerfile parse error on line 2: unknown instruction: BOGUS" ]]
}

@test "the id goes to a file, and alone to stdout when nothing else shall" {
	wherry build --iidfile id ctx >/dev/null
	[ "$(cat id)" = sha256:1234 ]
	answer "POST /build" 200 '{"stream":"sha256:99\n"}'
	[ "$(wherry build -q ctx)" = sha256:99 ]
}

@test "credentials and secrets go beside the request" {
	echo '{"auths":{"reg:5000":{"auth":"YW5uOnB3"}}}' >"$DOCKER_CONFIG/config.json"
	echo hush >token
	SECOND=two wherry build --secret id=first,src=token --secret id=SECOND ctx >/dev/null
	[ "$(requests | sed -n 's/^X-Wherry-Secrets: //p' | tr -d '\r' | base64 -d)" = \
		'{"first":"aHVzaAo=","SECOND":"dHdv"}' ]
	[ "$(requests | sed -n 's/^X-Registry-Config: //p' | tr -d '\r' | base64 -d)" = \
		'{"reg:5000":{"password":"pw","serveraddress":"reg:5000","username":"ann"}}' ]
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("agent.sock")'
	SSH_AUTH_SOCK=agent.sock wherry build --ssh default --ssh two="$PWD/agent.sock" ctx >/dev/null
	requests >all
	sed -n 's/^X-Wherry-Ssh: //p' all | tr -d '\r' | tail -1 | base64 -d >handed
	cat handed
	jq -e --arg s "$(realpath agent.sock)" '. == {default: $s, two: $s}' handed
	run env -u SSH_AUTH_SOCK wherry build --ssh default ctx
	[ "$status" = 1 ]
	[[ $output == *"ssh 'default': SSH_AUTH_SOCK is not set"* ]]
	run wherry build --ssh default=token ctx
	[[ $output == *"'token' is no agent's socket; keys are not read from files"* ]]
	run wherry -H tcp://127.0.0.1:1 build --ssh default="$PWD/agent.sock" ctx
	[[ $output == *"--ssh hands an agent to a daemon on this host alone, and not to tcp://127.0.0.1:1"* ]]
	run wherry build --secret id=gone,src=nothing ctx
	[ "$status" = 1 ]
	[[ $output == *"secret 'gone': "* ]]
	run wherry build --secret src=token ctx
	[[ $output == *"secret missing required field 'id'" ]]
}

@test "what cannot be built is refused before the daemon is asked" {
	run wherry build nosuch
	[ "$status" = 1 ]
	[ "$output" = 'unable to prepare context: path "nosuch" not found' ]
	run wherry build -f nosuch ctx
	[ "$output" = "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat $SCRATCH/nosuch: no such file or directory" ]
	run wherry build -f - - </dev/null
	[ "$output" = "invalid argument: can't use stdin for both build context and dockerfile" ]
	run wherry build -t BAD ctx
	[ "$status" = 125 ]
	run wherry build --output type=oci,dest=out ctx
	[ "$status" = 1 ]
	[ "$output" = "--output: type=oci: save the image when it is built: what that writes is an OCI layout" ]
	[ ! -e requests ]
}
