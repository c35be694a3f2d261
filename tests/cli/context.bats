#!/usr/bin/env bats
# Contexts: daemons that have a name, in the settings that Docker's command has, too.

load ../lib/wherry
load canned

setup() {
	canned_begin
	CANNED_HOST=$WHERRY_HOST
	unset WHERRY_HOST DOCKER_CONTEXT
	answer "GET /containers/json" 200 '[]'
}
teardown() { canned_end; }

@test "a context is made, listed, used, shown and removed" {
	run wherry context create here --docker "host=$CANNED_HOST" --description "a canned one"
	[ "$output" = 'here
Successfully created context "here"' ]
	jq -e '.Name == "here" and .Metadata.Description == "a canned one" and .Endpoints.docker.SkipTLSVerify == false' \
		"$DOCKER_CONFIG/contexts/meta/$(printf here | sha256sum | cut -c1-64)/meta.json"
	[ "$(wherry context show)" = default ]
	[ "$(wherry -c here ps -q)" = "" ]
	wherry context use here
	[ "$(wherry context show)" = here ]
	wherry ps -q
	[[ $(wherry context ls) == *"here *"*"a canned one"*"$CANNED_HOST"* ]]
	[ "$(wherry context ls --format '{{.Name}} {{.Current}}' | tail -1)" = "here true" ]
	[ "$(wherry context inspect -f '{{.Endpoints.docker.Host}}')" = "$CANNED_HOST" ]
	run wherry context rm here
	[ "$output" = 'context "here" is in use, set -f flag to force remove' ]
	wherry context rm -f here
	[ "$(wherry context show)" = default ]
	[ -z "$(ls "$DOCKER_CONFIG/contexts/meta")" ]
}

@test "a host that is given goes before contexts, and --context before all" {
	wherry context create here --docker "host=$CANNED_HOST"
	wherry context create gone --docker host=unix:///nonexistent
	wherry context use gone
	run wherry ps
	[ "$status" = 1 ]
	[[ $output == "Cannot connect to the wherry daemon at unix:///nonexistent."* ]]
	DOCKER_HOST=$CANNED_HOST wherry ps
	DOCKER_CONTEXT=here wherry ps
	DOCKER_HOST=unix:///nonexistent wherry --context here ps
	run wherry -H "$CANNED_HOST" -c here ps
	[ "$output" = "conflicting options: cannot specify both --host and --context" ]
	run wherry -c nope ps
	[ "$status" = 1 ]
	[[ $output == 'Failed to initialize: unable to resolve wherry endpoint: context "nope": context not found: open '* ]]
}

@test "certificates are copied, another context can be taken over" {
	echo pem >"$SCRATCH/ca"
	wherry context create far --docker "host=tcp://192.0.2.1:2376,ca=$SCRATCH/ca" --description far
	[ "$(cat "$DOCKER_CONFIG/contexts/tls/$(printf far | sha256sum | cut -c1-64)/docker/ca.pem")" = pem ]
	wherry context create copy --from far
	wherry context inspect copy far | jq -e '.[0].Endpoints.docker.Host == .[1].Endpoints.docker.Host and
		.[0].Metadata.Description == "far" and .[1].TLSMaterial.docker == ["ca.pem"]'
	wherry context update copy --description new
	[ "$(wherry context inspect -f '{{.Metadata.Description}} {{.Endpoints.docker.Host}}' copy)" = "new tcp://192.0.2.1:2376" ]
}

@test "what cannot be a context is refused" {
	run wherry context create "a b" --docker host=unix:///x
	[ "$output" = 'context name "a b" is invalid, names are validated against regexp "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"' ]
	run wherry context create ab --docker blah=x
	[ "$output" = "unable to create docker endpoint config: unrecognized config key: blah" ]
	wherry context create ab --docker host=unix:///x
	run wherry context create ab --docker host=unix:///x
	[ "$output" = 'context "ab" already exists' ]
	run wherry context rm default
	[ "$output" = 'context "default" cannot be removed' ]
	run wherry context rm nothing
	[ "$output" = 'context "nothing" does not exist' ]
}
