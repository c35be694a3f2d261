#include "cmd/worker_tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

/* The first of OpenSSL's errors is the cause; those behind it say only who passed it on. */
static bool tls_error(struct error *err, const char *what, const char *path)
{
	unsigned long cause = ERR_peek_error();
	const char *reason = ERR_reason_error_string(cause);

	if (ERR_SYSTEM_ERROR(cause)) {
		errno = ERR_GET_REASON(cause);
		return error_errno(err, "cannot use the %s '%s'", what, path);
	}
	return error_set(err, ERROR_INVALID, "cannot use the %s '%s': %s", what, path,
			 reason ? reason : "unknown reason");
}

static bool use_files(SSL_CTX *context, const struct tls_files *files, struct error *err)
{
	if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
		return tls_error(err, "certificate", files->certificate);
	if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1)
		return tls_error(err, "key", files->key);
	if (!*files->ca)
		return true;
	if (SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1)
		return tls_error(err, "CA", files->ca);
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files->ca));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

/* No session is ever resumed: handshakes are rare, and each must show its certificate. */
SSL_CTX *tls_context_new(const struct tls_files *files, struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context) {
		error_set(err, ERROR_SYSTEM, "cannot use TLS");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	if (use_files(context, files, err))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* A name with a NUL in it would read as another's. */
void tls_verified_name(SSL *ssl, char out[static TLS_NAME_SIZE])
{
	X509 *certificate =
		SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get1_peer_certificate(ssl) : NULL;

	out[0] = '\0';
	if (!certificate)
		return;
	int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
					       out, TLS_NAME_SIZE);
	if (length < 0 || strlen(out) != (size_t)length)
		out[0] = '\0';
	X509_free(certificate);
}
