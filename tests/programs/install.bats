#!/usr/bin/env bats
# What `make install` puts on a host.

load ../lib/wherry

setup_file() {
	scratch_begin
	DESTDIR=$SCRATCH/root meson install -C "$WHERRY_BUILD" --no-rebuild >"$SCRATCH/log"
	prefix=$(dirname "$(dirname "$(find "$SCRATCH/root" -name wherryd -type f)")")
	export prefix
}

teardown_file() {
	scratch_end
}

@test "programs, unit files, completion and man pages are there" {
	local file
	for file in bin/{wherry,wherryd,wherry-shim,wherry-worker,wherry-network,wherry-init} \
		lib/systemd/system/wherry.{service,socket} lib/sysusers.d/wherry.conf \
		share/bash-completion/completions/wherry share/zsh/site-functions/_wherry \
		share/fish/vendor_completions.d/wherry.fish share/man/man1/wherry{,-run}.1 share/man/man8/wherryd.8; do
		[ -s "$prefix/$file" ] || { echo "# no $file" >&2; return 1; }
	done
}

@test "the unit runs the daemon from where it is installed" {
	grep -qx "ExecStart=${prefix#"$SCRATCH/root"}/bin/wherryd -H fd://" "$prefix/lib/systemd/system/wherry.service"
}

@test "the daemon's page has every option that its help has" {
	local option options
	options=$(wherryd --help | grep -oE '^  .{4}--[a-z0-9-]+' | grep -oE '[-]-.*')
	[ "$(wc -l <<<"$options")" -gt 40 ]
	for option in $options; do
		grep -qF -- "${option//-/\\-}\\fR" "$prefix/share/man/man8/wherryd.8" || { echo "# no $option" >&2; return 1; }
	done
}

@test "what works but is not meant for people is in neither" {
	run wherryd --help
	[[ $output != *ready-fd* ]]
	refuted grep -q 'ready..fd' "$prefix/share/man/man8/wherryd.8"
}
