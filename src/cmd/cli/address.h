/* Where the daemon is: --host, WHERRY_HOST, DOCKER_HOST, the usual sockets; and how TLS is meant. */
#pragma once

#include "cmd/cli/cli.h"

/* A URL with scheme and, for TCP, port: "unix:///run/wherry/wherry.sock", "tcp://10.0.0.1:2376". */
char *address_choose(const struct cli *cli, struct error *err);

/* What somebody wrote for it, made whole in the same way. */
char *address_complete(const struct cli *cli, const char *host, struct error *err);

/* The files of TLS, whose strings the caller frees with tls_files_fini; false: no TLS is meant. */
struct tls_files {
	char *ca, *certificate, *key; /* owned; NULL: none */
	bool verify;
};

bool tls_choose(const struct cli *cli, struct tls_files *files);
void tls_files_fini(struct tls_files *files);

#define scoped_tls_files scoped_with(tls_files_fini)
