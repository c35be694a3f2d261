#!/usr/bin/env bats
# COPY and ADD: what lands where, as whose, and what the cache sees of it.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

# list IMAGE PATH: mode, owner, name of everything below.
list() { in_image "$1" sh -c "cd $2 && find . | sort | xargs stat -c '%a %u:%g %n'"; }

@test "folders' contents, wildcards, modes, links, names with blanks" {
	context tree <<-'D'
		FROM busybox
		COPY folder /a
		COPY folder/ /b/
		COPY *.txt many-?.md /c/
		COPY ["with blank.txt", "/d/other name"]
		COPY folder/sub/deep /e
		WORKDIR /f
		COPY one.txt .
		COPY one.txt sub/
		COPY link.txt /g
	D
	mkdir -p folder/sub/deep
	echo x >folder/sub/deep/x
	chmod 750 folder/sub
	ln -s sub/deep/x folder/link
	echo 1 >one.txt
	chmod 640 one.txt
	echo 2 >two.txt
	echo 3 >many-1.md
	echo 4 >'with blank.txt'
	ln -s one.txt link.txt
	built t=tree
	[ "$(list tree /a | tr '\n' ' ')" = '755 0:0 . 777 0:0 ./link 750 0:0 ./sub 755 0:0 ./sub/deep 644 0:0 ./sub/deep/x ' ]
	[ "$(in_image tree cat /a/link)" = x ]
	[ "$(list tree /b | sed 1d)" = "$(list tree /a | sed 1d)" ]
	[ "$(in_image tree ls /c | tr '\n' ' ')" = 'link.txt many-1.md one.txt two.txt with blank.txt ' ]
	[ "$(in_image tree cat '/d/other name')" = 4 ]
	[ "$(in_image tree cat /e/x)" = x ]
	[ "$(list tree /f | tr '\n' ' ')" = '755 0:0 . 640 0:0 ./one.txt 755 0:0 ./sub 640 0:0 ./sub/one.txt ' ]
	[ "$(in_image tree cat /g)" = 1 ]
	nothing_left
}

@test "owners and modes: by name, by number, octal and symbolic" {
	context owners <<-'D'
		FROM busybox
		COPY --chown=ann file /a
		COPY --chown=ann:staff folder /b
		COPY --chown=12 file /c
		COPY --chown=12:34 --chmod=4711 file /d
		COPY --chmod=u=rwX,go=rX folder /e
	D
	echo x >file
	mkdir -m 700 folder
	echo y >folder/y
	chmod 600 folder/y
	built t=owners
	[ "$(in_image owners stat -c '%a %u:%g' /a /b /b/y /c /d /e /e/y | tr '\n' ',')" = \
		'644 1000:1000,700 1000:50,600 1000:50,644 12:12,4711 12:34,755 0:0,644 0:0,' ]
	context nobody <<-'D'
		FROM busybox
		COPY --chown=nosuch file /a
	D
	echo x >file
	build t=nobody
	fails 'COPY failed: unable to find user nosuch: no matching entries in passwd file'
	nothing_left
}

@test "a destination that is there: folders are merged, files replaced, links followed inside the image" {
	context merge <<-'D'
		FROM busybox
		RUN mkdir -m 711 /there && echo old >/there/file && echo kept >/there/kept && ln -s /there /link && ln -s /etc/passwd /there/pw
		COPY new /there
		COPY more /link/
		COPY pw /there/
	D
	mkdir new more
	echo new >new/file
	echo more >more/more
	echo mine >pw
	built t=merge
	[ "$(in_image merge sh -c 'cd /there; cat file kept more; stat -c %a .' | tr '\n' ' ')" = 'new kept more 711 ' ]
	[ "$(in_image merge cat /there/pw)" = mine ]
	in_image merge grep -q root /etc/passwd
}

@test "a destination that is a link to a file stays one, wherever it leads in the image" {
	context linked <<-'D'
		FROM busybox
		RUN mkdir -p /real/sub && echo old >/real/file && cd / && ln -s real/file one && ln -s /one two && ln -s ../../real/none /real/sub/up \
		    && ln -s loop /loop && ln -s ../../../../../../etc/out /out
		COPY a /two
		COPY b /real/sub/up
		COPY a /loop
		COPY b /out
		RUN [ -L /one ] && [ -L /two ] && [ -L /real/sub/up ] && [ -L /out ]
	D
	echo a >a
	echo b >b
	built t=linked
	[ "$(in_image linked cat /real/file /real/none /loop /etc/out | tr '\n' ' ')" = 'a b a b ' ]
	[ ! -e /etc/out ]
}

@test "a pattern may find nothing, beside others and alone" {
	context lock <<-'D'
		FROM busybox
		COPY package.json package-lock.json* nothing/*.x /app/
		COPY *.nothing /empty/
		RUN [ ! -e /empty ]
	D
	echo x >package.json
	built t=lock
	[ "$(in_image lock ls /app)" = package.json ]
}

@test "what cannot be copied is named" {
	context bad <<-'D'
		FROM busybox
		COPY missing /
	D
	echo x >file
	mkdir folder
	build t=bad
	fails 'COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist'
	printf 'FROM busybox\nCOPY ../../etc/passwd /\n' >Dockerfile
	build t=bad
	fails 'COPY failed: forbidden path outside the build context: ../../etc/passwd ()'
	printf 'FROM busybox\nCOPY f* D* /place\n' >Dockerfile
	build t=bad
	fails 'line 2: When using COPY with more than one source file, the destination must be a directory and end with a /'
	printf 'FROM busybox\nCOPY file /etc\nCOPY folder /etc/file\n' >Dockerfile
	build t=bad
	fails 'COPY failed: cannot copy to non-directory: /etc/file'
	nothing_left
}

@test "links in the context lead nowhere outside of it" {
	context escape <<-'D'
		FROM busybox
		COPY out/passwd /stolen
	D
	ln -s /etc out
	build t=escape
	fails 'COPY failed: file not found in build context or excluded by .dockerignore: stat out/passwd: file does not exist'
	printf 'FROM busybox\nCOPY up /stolen\n' >Dockerfile
	ln -s ../../../../../../etc/hostname up
	build t=escape
	fails 'COPY failed: file not found in build context or excluded by .dockerignore: stat up: file does not exist'
}

@test ".dockerignore leaves out what it says, and takes back" {
	context ignore <<-'D'
		FROM busybox
		COPY . /all
	D
	mkdir -p a/b c
	touch a/x.log a/b/y.log a/keep.log c/z top.log .hidden
	printf '# comment\n**/*.log\n!a/keep.log\nc\nDockerfile\n' >.dockerignore
	built t=ignore
	[ "$(in_image ignore sh -c 'cd /all && find . | sort' | tr '\n' ' ')" = '. ./.dockerignore ./.hidden ./a ./a/b ./a/keep.log ' ]
}

@test "exclude, parents, link" {
	context flags <<-'D'
		FROM busybox
		COPY --exclude=*.md --exclude=sub/x folder /a
		COPY --parents folder/sub/x one/./two/f /b/
		COPY --link folder/sub /c/d
	D
	mkdir -p folder/sub one/two
	touch folder/r.md folder/t folder/sub/x folder/sub/y one/two/f
	built t=flags
	[ "$(in_image flags sh -c 'cd /a && find . | sort' | tr '\n' ' ')" = '. ./sub ./sub/y ./t ' ]
	[ "$(in_image flags sh -c 'cd /b && find . -type f | sort' | tr '\n' ' ')" = './folder/sub/x ./two/f ' ]
	[ "$(in_image flags ls /c/d | tr '\n' ' ')" = 'x y ' ]
}

@test "ADD unpacks archives of the context, compressed or not, and nothing else" {
	context archives <<-'D'
		FROM busybox
		ADD plain.tar gz.tgz xz.tar.xz zst.tar.zst /u/
		ADD not.tar.gz /n/
		COPY gz.tgz /copied/
	D
	mkdir -p in/etc
	for kind in plain gz xz zst; do
		echo $kind >in/etc/$kind
		chown 7:8 in/etc/$kind
		tar -C in -c etc/$kind >$kind.tar
	done
	gzip <gz.tar >gz.tgz
	xz <xz.tar >xz.tar.xz
	zstd -q <zst.tar >zst.tar.zst
	echo 'no archive' >not.tar.gz
	built t=archives
	[ "$(in_image archives sh -c 'cd /u/etc; cat *; stat -c %u:%g gz' | tr '\n' ' ')" = 'gz plain xz zst 7:8 ' ]
	[ "$(in_image archives cat /n/not.tar.gz)" = 'no archive' ]
	[ "$(in_image archives ls /copied)" = gz.tgz ]
}

@test "the cache looks at names, modes and bytes, not at times" {
	context keys <<-'D'
		FROM busybox
		COPY folder /a
	D
	mkdir folder
	echo 1 >folder/f
	built t=keys
	built t=keys
	uses_cache 1
	touch -d yesterday folder/f folder
	built t=keys
	uses_cache 1
	chmod +x folder/f
	built t=keys
	uses_cache 0
	mv folder/f folder/g
	built t=keys
	uses_cache 0
	cp folder/g other
	built t=keys
	uses_cache 1
}
