/* What OpenSSL is told of our side, and what it has verified of the other. */
#pragma once

#include "base/error.h"

#include <openssl/ssl.h>

struct tls_files {
	const char *certificate, *key; /* PEM; the certificate with those that lead to its CA */
	const char *ca; /* who signs clients, which then must show a certificate; "": nobody */
};

/* TLS 1.2 or later, without sessions; the key is in memory, no file is needed any more.  NULL on failure: err names
 * the file. */
SSL_CTX *tls_context_new(const struct tls_files *files, struct error *err);

#define TLS_NAME_SIZE 256

/* The client's name as its certificate has it; "" when it has shown none, or one that is not to be told. */
void tls_verified_name(SSL *ssl, char out[static TLS_NAME_SIZE]);
