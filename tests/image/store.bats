#!/usr/bin/env bats
# What the store keeps over restarts, and how images go.

load ../lib/wherry
load registry

setup_file() {
	scratch_begin
	make_trees
	layer_tar "$TREES/low"
	layer_tar "$TREES/high"
}
teardown_file() { scratch_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, owners"
	store_begin
	TREES=$SCRATCH/trees
	tool import "$SCRATCH/low.tar" one:1 >/dev/null
	ONE=$(tool list | sed -n 's/ tags=one:1 .*//p')
}
teardown() { store_end; }

@test "an image goes with its last name, and its layers with it" {
	tool tag one:1 two:2
	run tool rm one:1
	[ "$output" = "untagged one:1" ]
	run tool rm two:2
	[[ $output == "untagged two:2"*"deleted $ONE"*"deleted sha256:"* ]]
	expect_empty
}

@test "by id: all names of one repository, or force" {
	tool tag one:1 two:2
	run tool rm "${ONE:7:12}"
	expect_error 5 "conflict: unable to delete ${ONE:7:12} (must be forced) - image is referenced in multiple repositories"
	run tool rm "${ONE:7:12}" force
	[[ $output == "untagged one:1"*"untagged two:2"*"deleted $ONE"* ]]
	expect_empty
}

@test "names win over ids, and a prefix is enough when it is the only one" {
	run tool history "${ONE:7:3}"
	[ "$status" = 0 ]
	run tool history "$ONE"
	[ "$status" = 0 ]
	run tool history "${ONE#sha256:}"
	[ "$status" = 0 ]
	tool import "$SCRATCH/high.tar" "${ONE:7:8}:latest"
	run tool history "${ONE:7:8}"
	[[ $output != "$ONE"* ]]
	run tool history none
	expect_error $NOT_FOUND "No such image: none:latest"
	run tool history "sha256:$(printf '%064d' 3)"
	expect_error $NOT_FOUND "No such image: sha256:"
}

@test "a shared layer stays until its last image goes" {
	tool import "$SCRATCH/low.tar" two:1 'CMD x'
	[ "$(ls "$ROOT/layers" | wc -l)" = 1 ]
	tool rm one:1
	tool settle
	[ "$(ls "$ROOT/layers" | wc -l)" = 1 ]
	tool rm two:1
	expect_empty
}

@test "prune takes what has no name, or all" {
	tool import "$SCRATCH/high.tar" ""
	run tool prune
	[[ $output == "deleted sha256:"* && $output != *"$ONE"* ]]
	run tool prune all
	[[ $output == "untagged one:1"*"deleted $ONE"* ]]
	expect_empty
}

@test "strangers among the folders are removed, layers with a record are not" {
	mkdir -p "$ROOT/layers/zzzzz/deep/er" "$ROOT/layers/.hidden"
	touch "$ROOT/layers/zzzzz/deep/er/file" "$ROOT/blobs/partial/x" "$ROOT/blobs/sha256/y"
	tool settle
	[ ! -e "$ROOT/layers/zzzzz" ]
	[ ! -e "$ROOT/blobs/partial/x" ]
	[ ! -e "$ROOT/blobs/sha256/y" ]
	[ -e "$ROOT/blobs/sha256/${ONE#sha256:}" ]
	cmp "$(layer_of one:1)/usr/bin/data" "$SCRATCH/trees/low/usr/bin/data"
}

@test "a missing layer is said when the image is used, and comes back with it" {
	rm -r "$(layer_of one:1)"
	run tool rootfs one:1
	expect_error $SYSTEM "is missing; pull or load the image again"
	run tool list
	[[ $output == *"tags=one:1"* ]]
	tool import "$SCRATCH/low.tar" again:1
	run tool rootfs one:1
	[ "$status" = 0 ]
	run tool list
	[ "$(grep -o 'size=[0-9]*' <<<"$output" | sort -u | wc -l)" = 1 ]
}

@test "tags are checked" {
	run tool tag one:1 BAD
	expect_error $INVALID "invalid reference format"
	run tool tag one:1 "x@sha256:$(printf '%064d' 3)"
	expect_error $INVALID "refusing to create a tag with a digest reference"
	run tool tag none x
	expect_error $NOT_FOUND "No such image: none:latest"
}
