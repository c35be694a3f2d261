#!/usr/bin/env bats
# --output of `build`: the image's files in a folder, or as an archive.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

artefact() {
	context "$1" <<-'D'
		FROM busybox AS make
		RUN mkdir -p /out/bin && echo program >/out/bin/p && chmod 755 /out/bin/p && ln -s bin/p /out/link && echo text >/out/text
		FROM scratch
		COPY --from=make /out /
	D
}
listed() { (cd "$1" && find . -mindepth 1 | sort | tr '\n' ' '); }

@test "a folder gets just the image's files, and keeps what it had" {
	artefact folder
	mkdir out
	echo mine >out/mine
	echo old >out/text
	wherry build -o out . >"$SCRATCH/output"
	[ "$(listed out)" = './bin ./bin/p ./link ./mine ./text ' ]
	[ "$(cat out/text out/mine out/link)" = $'text\nmine\nprogram' ]
	[ "$(stat -c %a out/bin/p)" = 755 ]
	wherry build --output type=local,dest=deep/below . >"$SCRATCH/output"
	[ "$(listed deep/below)" = './bin ./bin/p ./link ./text ' ]
	nothing_left
}

@test "an archive goes to a file or to stdout, where nothing else stands" {
	artefact archive
	wherry build -o type=tar,dest=a.tar . >"$SCRATCH/output"
	[ "$(tar -tf a.tar | sort | tr '\n' ' ')" = 'bin/ bin/p link text ' ]
	wherry build -q -t archive -o - . 2>/dev/null | tar -tf - >"$SCRATCH/output"
	[ "$(wc -l <"$SCRATCH/output")" = 4 ]
	wherry image inspect archive >/dev/null
	wherry build -o - . 2>"$SCRATCH/output" >/dev/null
	says 'Step 1/4 : FROM busybox AS make'
	nothing_left
}

@test "a build that fails writes nothing, and what ends elsewhere is refused before it" {
	context fails <<-'D'
		FROM busybox
		RUN false
	D
	run -1 wherry build -o out .
	[ ! -e out ]
	local refused
	while IFS='|' read -r refused why; do
		run -1 wherry build -o "$refused" .
		grep -qF -- "--output: $why" <<<"$output" || { echo "# $refused: $output" >&2; return 1; }
	done <<-'T'
		type=registry|type=registry: push the image when it is built
		type=oci,dest=x|type=oci: save the image when it is built
		type=docker,dest=x|an image goes to the daemon
		type=local|dest is required for local exporter
		type=nothing|unknown exporter type 'nothing'
		type=tar,dest=x,compression=gzip|'compression=gzip': type and dest
	T
	run -1 wherry build -o a -o b .
	grep -qF -- '--output: one is what there can be' <<<"$output"
	printf 'FROM busybox\n' >Dockerfile
	wherry build -o type=docker -t plain . >"$SCRATCH/output" # what a build does anyhow
	wherry image inspect plain >/dev/null
	nothing_left
}
