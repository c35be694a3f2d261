#!/usr/bin/env bats
# Which libraries each program pulls in.  One more costs memory in every process and start-up time,
# and brings code that reads foreign bytes into a process that should not: a new name here is a
# decision, not an accident.

load ../lib/wherry

# The sanitizers' runtimes are no choice of ours.
needed() {
	readelf -d "$WHERRY_BUILD/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -vE '^lib(asan|ubsan|gcc_s|m|dl|rt|pthread|resolv|stdc\+\+)\.so' | sort | tr '\n' ' '
}

@test "wherryd links libuv, sqlite, jansson and no TLS, no curl, no archive" {
	run needed wherryd
	[ "$output" = "libc.so.6 libjansson.so.4 libsqlite3.so.0 libuv.so.1 " ]
}

@test "wherry links jansson and yaml alone; OpenSSL is loaded when TLS is spoken" {
	run needed wherry
	[ "$output" = "libc.so.6 libjansson.so.4 libyaml-0.so.2 " ]
}

@test "wherry-shim and wherry-init are static in release, and need nothing but libc else" {
	run needed wherry-shim
	[ "$output" = "" ] || [ "$output" = "libc.so.6 " ]
	run needed wherry-init
	[ "$output" = "" ] || [ "$output" = "libc.so.6 " ]
}

@test "wherry-network links jansson alone, for it starts with each change of a network" {
	run needed wherry-network
	[ "$output" = "libc.so.6 libjansson.so.4 " ]
}

@test "only wherry-worker reads TLS, HTTP answers of strangers and archives" {
	run needed wherry-worker
	[[ $output != *libcurl* ]] # loaded by those that fetch: image/curl_late.c
	[[ $output == *libssl* && $output == *libarchive* && $output == *libseccomp* ]]
}
