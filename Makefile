# A door to Meson, and to the packages it needs.  Everything is built in build*/ beside this file.
#
#	make            the programs, in build/
#	make demo       the main job on a real image, shown step by step
#	make test       unit tests, scenarios, faults, security, seconds of fuzzing
#	make test-vm    the core scenarios on Debian's own kernel with systemd and cgroup v2, in qemu
#	make test-systemd   those with systemd as the supervisor, on this kernel
#	make bench      every figure that the README quotes
#	make bench-systemd  those beside systemd's own, on this kernel; bench-vm: in qemu
#	make fuzz       all fuzz targets, FUZZ_SECONDS=600 each
#	make install    programs, unit files, completion, man pages (PREFIX=/usr/local, DESTDIR=);
#	                with DOCKER=yes the command is called `docker`, too; with COMPOSE=yes
#	                `docker-compose`; with SYSTEMCTL=yes `systemctl` and `journalctl`, where there is
#	                no systemd

PREFIX ?= /usr/local
DESTDIR ?=
DOCKER ?=
COMPOSE ?=
SYSTEMCTL ?=
FUZZ_SECONDS ?= 600
SUITE ?=

.PHONY: all programs demo test test-unit test-vm test-systemd bench bench-systemd bench-vm fuzz install clean \
	build-packages test-packages demo-packages bench-packages vm-packages
.NOTPARALLEL:

all: programs

programs: build-packages build/build.ninja
	ninja -C build

build/build.ninja:
	meson setup build --buildtype=release -Dtests=false --prefix=$(PREFIX)

build-sanitized/build.ninja: tests/sanitized.ini
	rm -rf build-sanitized
	meson setup build-sanitized --native-file tests/sanitized.ini

demo: demo-packages programs
	tests/demo/demo build

test: test-packages programs build-sanitized/build.ninja
	tests/run --build $(SUITE)

test-vm: vm-packages programs
	tests/vm/run build

test-systemd: vm-packages programs
	tests/vm/here build tests/vm/guest-systemd

bench: bench-packages programs
	bench/run build

bench-systemd: vm-packages programs
	tests/vm/here build bench/vm

bench-vm: vm-packages programs
	VM_SECONDS=3600 VM_SETTINGS="$${VM_SETTINGS-ROUNDS=1 MANY=1000 IDLE=250}" tests/vm/run build bench/vm

fuzz: test-packages build-sanitized/build.ninja
	ninja -C build-sanitized
	FUZZ_SECONDS=$(FUZZ_SECONDS) meson test -C build-sanitized --no-rebuild --suite fuzz --print-errorlogs

install: programs
	DESTDIR=$(DESTDIR) meson install -C build --no-rebuild
	@[ -z "$(DOCKER)" ] || dist/other-names '$(DESTDIR)$(PREFIX)' docker
	@[ -z "$(COMPOSE)" ] || dist/other-names '$(DESTDIR)$(PREFIX)' docker-compose
	@[ -z "$(SYSTEMCTL)" ] || dist/other-names '$(DESTDIR)$(PREFIX)' systemctl journalctl

clean:
	rm -rf build build-sanitized build-clang scratch

build-packages test-packages demo-packages bench-packages vm-packages:
	@tests/packages $(@:-packages=)
