# A Debian of real packages for tests: load it after lib/wherry.  It is made once a tree, in scratch/, and
# made again when this file changes.

DEBIAN_ARCHIVE=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/scratch/debian
DEBIAN_KEY=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-16)

# packages_into FOLDER PACKAGES: a mirror that does not answer once is asked again.
packages_into() {
	local try
	for try in 1 2 3 4; do
		! debootstrap --variant=minbase --include="$2" bookworm "$1" || return 0
		umount "$1/proc" "$1/sys" 2>/dev/null
		rm -rf --one-file-system "$1"
		nap $((try * 5))
	done
	return 1
}

# debian_root FOLDER: what containers need of a minimal Debian 12.
debian_root() {
	local proxy
	packages_into "$1" ca-certificates >"$1.log" 2>&1 || {
		tail -5 "$1.log" >&2
		return 1
	}
	rm -rf "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/usr/share/{doc,man,locale}/*
	# nothing here has to survive a power cut, and what the machine needs to reach packages, they need too
	echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/no-sync"
	printf 'path-exclude /usr/share/%s/*\n' doc man locale >"$1/etc/dpkg/dpkg.cfg.d/no-documents"
	printf 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n' >"$1/etc/apt/apt.conf.d/small"
	# one that was not reached is tried again, and an update without all of its lists is none
	printf 'Acquire::Retries "8";\nAPT::Update::Error-Mode "any";\n' >"$1/etc/apt/apt.conf.d/patient"
	proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
	[ -z "$proxy" ] || echo "Acquire::http::Proxy \"$proxy\";" >"$1/etc/apt/apt.conf.d/proxy"
}

# Others wait for the one who makes it.
debian_archive() {
	(
		flock 9
		[ "$(cat "$DEBIAN_ARCHIVE/key" 2>/dev/null)" != "$DEBIAN_KEY" ] || exit 0
		rm -rf --one-file-system "$DEBIAN_ARCHIVE/root" "$DEBIAN_ARCHIVE/key"
		debian_root "$DEBIAN_ARCHIVE/root" || exit 1
		tar -C "$DEBIAN_ARCHIVE/root" -cf "$DEBIAN_ARCHIVE/root.tar" . || exit 1
		rm -rf --one-file-system "$DEBIAN_ARCHIVE/root"
		echo "$DEBIAN_KEY" >"$DEBIAN_ARCHIVE/key"
	) 9>>"$DEBIAN_ARCHIVE.lock"
}

# debian_image [NAME]: in the daemon, as debian:bookworm.
debian_image() {
	local name=${1:-debian:bookworm}
	mkdir -p "$DEBIAN_ARCHIVE"
	debian_archive || return 1
	curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' -T "$DEBIAN_ARCHIVE/root.tar" \
		"http://wherry/v1.47/images/create?fromSrc=-&repo=${name%:*}&tag=${name#*:}&changes=CMD%20%5B%22/bin/bash%22%5D" \
		>"$SCRATCH/import"
	grep -q sha256: "$SCRATCH/import" || { cat "$SCRATCH/import" >&2; return 1; }
}
