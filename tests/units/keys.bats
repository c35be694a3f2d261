#!/usr/bin/env bats
# Every key of systemd 252 is honoured, or has no effect and is named: in the warning, and in docs/units.md.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }

DOCS=$BATS_TEST_DIRNAME/../../docs/units.md

# pairs: SECTION KEY, one a line.
pairs() {
	awk '/^\[/ { gsub(/[][]/, ""); sections = $0; next }
		!/^#/ { n = split(sections, s); for (i = 1; i <= NF; i++) for (k = 1; k <= n; k++) print s[k], $i }' \
		"$BATS_TEST_DIRNAME/fixtures/keys-of-252"
}

# problems_of SECTION TYPE FILE
problems_of() {
	jq -n --arg n "x.$2" --rawfile t "$3" '{Name: $n, File: "x", Text: $t}' >"$SCRATCH/body"
	send POST /verify "@$SCRATCH/body" | jq -r '.Problems[]'
}

type_of() { case $1 in Unit | Install) echo target ;; *) echo "${1,,}" ;; esac; }

@test "no key of systemd 252 is unknown in its section" {
	local section count=0
	for section in $(pairs | cut -d' ' -f1 | sort -u); do
		{ echo "[$section]"; pairs | awk -v s="$section" '$1 == s { print $2 "=" }'; } >"$SCRATCH/text"
		count=$((count + $(wc -l <"$SCRATCH/text")))
		problems_of "$section" "$(type_of "$section")" "$SCRATCH/text" >"$SCRATCH/problems"
		refuted grep -i unknown "$SCRATCH/problems"
	done
	[ "$count" -gt 1000 ]
	printf '[Service]\nNoSuchKey=\n' >"$SCRATCH/text"
	problems_of Service service "$SCRATCH/text" | grep -q "unknown key 'NoSuchKey'"
}

# The warnings decide: who has "has no effect" said of it is listed, and nobody else.
@test "the keys without effect are those that the manual lists" {
	local section
	for section in $(pairs | cut -d' ' -f1 | sort -u); do
		{ echo "[$section]"; pairs | awk -v s="$section" '$1 == s { print $2 "=something" }'; } >"$SCRATCH/text"
		problems_of "$section" "$(type_of "$section")" "$SCRATCH/text" | sed -nE 's/.* ([A-Za-z0-9]+)= (has no effect|is not looked at).*/\1/p'
	done | sort -u >"$SCRATCH/without"
	[ "$(wc -l <"$SCRATCH/without")" -gt 100 ]
	sed -n '/^### Keys that have no effect/,/^### Enabling/p' "$DOCS" | grep '^|' | grep -oE '`[A-Za-z0-9]+`' | tr -d '`' | sort -u >"$SCRATCH/listed"
	comm -12 "$SCRATCH/listed" <(pairs | cut -d' ' -f2 | sort -u) >"$SCRATCH/listed-of-252" # newer ones are listed, too
	diff "$SCRATCH/without" "$SCRATCH/listed-of-252"
}
