#!/usr/bin/env bats
# Every flag of `run`: docs/run-flags.md says what it does, run_flags.tsv how that is seen.

bats_require_minimum_version 1.5.0
load ../lib/wherry

here=$BATS_TEST_DIRNAME
table=$here/../../docs/run-flags.md
rows=$here/run_flags.tsv

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	export SUBNET_OF_USERS=${SUBNET%.*}.251 # of the network that --ip and its like need
	echo FROM=file >"$SCRATCH/env"
	wherry network create --subnet "$SUBNET_OF_USERS.0/24" --ipv6 --subnet fd00:77::/64 "flags${SCRATCH##*.}"
	wherry run -d --name linked busybox sleep 1000
	wherry create --name donor -v "$SCRATCH:/given" busybox true
}

teardown_file() {
	remove_all_containers
	wherry network rm "flags${SCRATCH##*.}" || true
	daemon_stop
	scratch_end
}

teardown() {
	local id
	for id in $(wherry ps -aq --filter label=of-a-row); do wherry rm -f "$id" >/dev/null; done
}

# flags_in_table: the flags that the table has, and what it says of each.
flags_in_table() { sed -n 's/^| `--\([a-z0-9-]*\)` | \([a-z]*\) |.*/--\1 \2/p' "$table"; }

# filled TEXT: with what a row cannot know.
filled() {
	sed -e "s#SCRATCH#$SCRATCH#g" -e "s#NETWORK#flags${SCRATCH##*.}#g" -e "s#SUBNET#$SUBNET_OF_USERS#g" \
		-e "s#PARENT#${SCRATCH##*.}#g" -e "s#HOSTNAME#$(hostname)#g" -e "s#DONOR#donor#g" -e "s#NAMED#named#g" <<<"$1"
}

answer_of() {
	local kind=$1 arguments=$2 asked=$3 id
	case $kind in
	run) eval "wherry run --rm -l of-a-row $arguments busybox $asked" 2>&1 ;;
	refused) eval "wherry run --rm -l of-a-row $arguments busybox true" 2>&1 && return 1 ;;
	create)
		id=$(eval "wherry create -l of-a-row $arguments busybox true" 2>"$SCRATCH/warnings") ||
			{ cat "$SCRATCH/warnings"; return 1; }
		wherry inspect -f "$asked" "$id"
		wherry rm "$id" >/dev/null
		;;
	esac
	return 0
}

@test "the table has every flag of run, and the rows have every flag of the table" {
	diff <(sort "$here/run_flags.names") <(flags_in_table | cut -d' ' -f1 | sort)
	diff <(sort "$here/run_flags.names") <(grep -v '^#' "$rows" | cut -f2 | tr ' ' '\n' | sort)
}

@test "the command knows every flag of the table" {
	local flag status_there
	while read -r flag status_there; do
		run wherry run "$flag"
		[[ $output != "unknown flag"* ]] || { echo "# $flag" >&2; return 1; }
	done < <(flags_in_table)
}

@test "what is refused is said to be refused" {
	diff <(grep -v '^#' "$rows" | awk -F'\t' '$1 == "refused" {print $2}' | tr ' ' '\n' |
		grep -v -x -e --platform | sort) <(flags_in_table | awk '$2 == "refused" {print $1}' | sort)
}

@test "each flag does what its row says" {
	local kind flags arguments asked pattern output failed=0
	while IFS=$'\t' read -r kind flags arguments asked pattern; do
		[[ $kind != "#"* && $kind != none ]] || continue
		output=$(answer_of "$kind" "$(filled "$arguments")" "$(filled "$asked")") || true
		grep -qE -- "$(filled "$pattern")" <<<"$output" || {
			echo "# $flags: $output" >&2
			failed=1
		}
	done <"$rows"
	[ $failed = 0 ]
}

@test "rm, cidfile, detach and interactive" {
	[ "$(echo in | wherry run --rm -i --cidfile "$SCRATCH/cid" busybox cat)" = in ]
	run wherry inspect "$(cat "$SCRATCH/cid")"
	[ "$status" = 1 ]
	run wherry run --cidfile "$SCRATCH/cid" busybox true
	[ "$status" = 125 ]
	wherry run -d -l of-a-row --name background busybox sleep 100
	[ "$(wherry inspect -f '{{.State.Running}}' background)" = true ]
}

@test "pull says when an image may be fetched" {
	run wherry run --pull never nothing-of-that-name true
	[ "$status" = 125 ]
	[[ $output == *"No such image: nothing-of-that-name:latest"* ]]
	run wherry run --pull sometimes busybox true
	[ "$status" = 125 ]
}
