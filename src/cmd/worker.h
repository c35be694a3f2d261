/* The jobs of wherry-worker and wherry-network: one process each, started by the daemon, gone when
 * done (tls: when its last connection has ended and the daemon is gone).  A job reads what it is to
 * do from its descriptors, not from its arguments, and tells its own failures there; only what
 * keeps it from telling them becomes `err`, which goes to stderr with exit status 1. */
#pragma once

#include "base/error.h"

typedef bool worker_job(int argc, char **argv, struct error *err); /* argv[0] is the job's name */

/* Of images: image/worker_protocol.h says what they get and tell. */
worker_job worker_fetch;
worker_job worker_unpack;
worker_job worker_load;
worker_job worker_pack;
worker_job worker_push;
worker_job worker_save;
worker_job worker_import;
worker_job worker_remove_layers;

worker_job worker_archive; /* files of containers: archive/archive.h */
/* Of builds: build/build_protocol.h, build/fetch_job.h, build/mount_job.h. */
worker_job worker_build;
worker_job worker_build_fetch;
worker_job worker_build_mount;

worker_job worker_bus;		/* systemd, for the daemon: systemd/bus_protocol.h */
worker_job worker_drain;	/* connections of a container: network/inbound.h */
worker_job worker_network;	/* bridges, sysctls, the whole nftables table, conntrack */
worker_job worker_seccomp;	/* seccomp programs: sandbox/seccomp_program.h */
worker_job worker_remove;	/* trees of a million files */
worker_job worker_measure;	/* how many bytes they hold */
worker_job worker_volume_mount; /* what volumes are made of */
worker_job worker_compress;	/* logs, for shims: cmd/worker_compress.c */
worker_job worker_decompress;
worker_job worker_resolve; /* names, for shims: cmd/worker_resolve.c */
worker_job worker_tls;	   /* TLS for the daemon: http/http_tls.h */
