# What tests of projects share.  Load it after ../lib/wherry.

# project NAME: a folder with the services of stdin (`services:` and a default image and command left out:
# `x: {}` is busybox that sleeps and can be stopped); we are in it.
project() {
	mkdir -p "$SCRATCH/$1"
	cd "$SCRATCH/$1" || return
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	printf 'x-b: &b {image: busybox, command: sleep 1d, init: true}\nservices:\n' >compose.yaml
	sed 's/^/  /' >>compose.yaml
}

# top TEXT: more of the file, at its top level.
top_level() { printf '%s\n' "$1" >>compose.yaml; }

# Ids by name of the project's containers, one a line; `-a` all.
ids() { wherry ps --no-trunc --format '{{.Names}} {{.ID}}' --filter "label=com.docker.compose.project=${PWD##*/}" "$@" | sort; }
names() { ids "$@" | cut -d' ' -f1 | tr '\n' ' '; }
id_of() { wherry inspect --format '{{.Id}}' "$1"; }
state_of() { wherry inspect --format '{{.State.Status}}' "$1"; }

# Remove what all projects left.
projects_end() {
	cd /
	remove_all_containers
	wherry network prune -f >/dev/null
	wherry volume prune -af >/dev/null
}

# said LINE...: these and no others stand in $stderr, in this order; blanks at their ends do not count.
said() {
	diff <(sed 's/^ *//; s/ *$//' <<<"$stderr") <(printf '%s\n' "$@") >&2
}
