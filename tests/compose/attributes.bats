#!/usr/bin/env bats
# docs/compose-files.md: every attribute of a service has a row, and every example is as the row says.

load ../lib/wherry

top=$BATS_TEST_DIRNAME/../..
table=$top/docs/compose-files.md

setup() {
	SCRATCH=$(mktemp -d /tmp/wherry-test.XXXXXX)
	cd "$SCRATCH" || exit
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
}
teardown() {
	cd /
	rm -rf "$SCRATCH"
}

# rows: "attribute|word|example", one a line
rows() { sed -n 's/^| `\([a-z_]*\)` | \([a-z]*\) | `\([^`]*\)` |.*/\1|\2|\3/p' "$table"; }

# with ATTRIBUTE EXAMPLE: a file in which service `a` says it, and whatever it names is there.
with() {
	cat >compose.yaml <<-END
	services:
	  a:
	    x-image: &image {image: busybox}
	    $([ "$1" = image ] || echo '<<: *image')
	    $1: $2
	  b: {image: busybox}
	volumes: {v: }
	configs: {c: {content: hi}}
	secrets: {s: {environment: S}}
	END
}

@test "the table has the attributes that the program has" {
	sed -n '/service_members\[\] = {/,/^};/s/^\t[A-Z_]*(\([A-Z_]*, \)\{0,1\}"\([a-z_]*\)".*/\2/p' \
		"$top/src/compose/attributes_table.c" | sort >program
	[ "$(wc -l <program)" -gt 90 ]
	rows | cut -d'|' -f1 | sort | diff - program
}

@test "every example is taken, warned of or refused as its row says" {
	local name word example code bad=0
	while IFS='|' read -r name word example; do
		with "$name" "$example"
		code=0
		S=x wherry compose -p p config >out 2>err || code=$?
		case $word in
		works) [ "$code" = 0 ] && [ ! -s err ] && { grep -qE "^    $name:" out || [[ $example == '[]' || $name =~ ^(extends|env_file)$ ]]; } ;;
		warned) [ "$code" = 0 ] && grep -qF "'$name' has no effect here" err ;;
		refused) [ "$code" = 1 ] && grep -qF "'$name' is not supported yet" err ;;
		*) false ;;
		esac || {
			echo "$name: $word: rc $code"
			cat out err
			bad=1
		}
	done < <(rows)
	[ "$bad" = 0 ]
}
