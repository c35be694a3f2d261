/* TLS under the client, by OpenSSL 3 loaded at run time: only a command that speaks TLS maps it.  The
 * functions are called through pointers of the types that OpenSSL's own headers declare. */
#include "http/http_transport.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDSHAKE_TIMEOUT_MS 30000

#define FUNCTIONS(X)                                                                               \
	X(BIO_clear_flags)                                                                         \
	X(BIO_get_data)                                                                            \
	X(BIO_meth_new)                                                                            \
	X(BIO_meth_set_ctrl)                                                                       \
	X(BIO_meth_set_read)                                                                       \
	X(BIO_meth_set_write)                                                                      \
	X(BIO_new)                                                                                 \
	X(BIO_set_data)                                                                            \
	X(BIO_set_flags)                                                                           \
	X(BIO_set_init)                                                                            \
	X(ERR_clear_error)                                                                         \
	X(ERR_get_error)                                                                           \
	X(ERR_reason_error_string)                                                                 \
	X(SSL_CTX_ctrl)                                                                            \
	X(SSL_CTX_free)                                                                            \
	X(SSL_CTX_load_verify_locations)                                                           \
	X(SSL_CTX_new)                                                                             \
	X(SSL_CTX_set_default_verify_paths)                                                        \
	X(SSL_CTX_set_verify)                                                                      \
	X(SSL_CTX_use_PrivateKey_file)                                                             \
	X(SSL_CTX_use_certificate_chain_file)                                                      \
	X(SSL_connect)                                                                             \
	X(SSL_ctrl)                                                                                \
	X(SSL_free)                                                                                \
	X(SSL_get0_param)                                                                          \
	X(SSL_get_error)                                                                           \
	X(SSL_get_verify_result)                                                                   \
	X(SSL_new)                                                                                 \
	X(SSL_pending)                                                                             \
	X(SSL_read)                                                                                \
	X(SSL_set1_host)                                                                           \
	X(SSL_set_bio)                                                                             \
	X(SSL_shutdown)                                                                            \
	X(SSL_write)                                                                               \
	X(TLS_client_method)                                                                       \
	X(X509_VERIFY_PARAM_set1_ip_asc)                                                           \
	X(X509_verify_cert_error_string)

static struct {
#define DECLARE(name) __typeof__(name) *name;
	FUNCTIONS(DECLARE)
} ssl;

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
#define LIST(name) {#name, offsetof(__typeof__(ssl), name)},
	FUNCTIONS(LIST)};

static bool load_openssl(struct error *err)
{
	void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(err, ERROR_UNAVAILABLE, "TLS needs OpenSSL 3: %s", dlerror());
	for (size_t i = 0; i < array_length(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol)
			return error_set(err, ERROR_UNAVAILABLE, "OpenSSL has no %s",
					 symbols[i].name);
		memcpy((char *)&ssl + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

/* An alert of the other side is an answer: there is somebody, who does not want us (under TLS 1.3 one is told so
 * only after the handshake).  Who does not speak TLS is there, too. */
static bool is_answer(int reason)
{
	return reason >= SSL_AD_REASON_OFFSET || reason == SSL_R_WRONG_VERSION_NUMBER;
}

static bool tls_error(struct error *err, const char *what)
{
	unsigned long code = ssl.ERR_get_error();
	const char *reason = ssl.ERR_reason_error_string(code);
	bool answered = reason && is_answer(ERR_GET_REASON(code));

	return error_set(err, answered ? ERROR_DENIED : ERROR_UNAVAILABLE, "%s: %s", what,
			 reason ? reason : "connection closed");
}

/* ---- the socket under OpenSSL: its own writes with write(), and a peer that is gone would kill us ---- */

static int finish_io(BIO *bio, ssize_t n, int direction)
{
	ssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		ssl.BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

static int bio_read(BIO *bio, char *out, int size)
{
	const struct http_transport *t = ssl.BIO_get_data(bio);

	return finish_io(bio, recv(t->fd, out, (size_t)size, 0), BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *data, int size)
{
	const struct http_transport *t = ssl.BIO_get_data(bio);

	return finish_io(bio, send(t->fd, data, (size_t)size, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH;
}

static BIO *new_bio(struct http_transport *t)
{
	static BIO_METHOD *method; /* one for the process */

	if (!method) {
		method = ssl.BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
		ssl.BIO_meth_set_read(method, bio_read);
		ssl.BIO_meth_set_write(method, bio_write);
		ssl.BIO_meth_set_ctrl(method, bio_control);
	}
	BIO *bio = ssl.BIO_new(method);
	ssl.BIO_set_data(bio, t);
	ssl.BIO_set_init(bio, 1);
	return bio;
}

/* ---- the driver ---- */

/* What a call that returned `result` means, as the driver's functions say it. */
static ssize_t outcome(struct http_transport *t, int result, const char *what, struct error *err)
{
	int reason = ssl.SSL_get_error(t->state, result);

	if (reason == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
		t->waits_for = reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return TRANSPORT_AGAIN;
	}
	tls_error(err, what);
	return TRANSPORT_FAILED;
}

static ssize_t tls_read(struct http_transport *t, void *out, size_t size, struct error *err)
{
	ssl.ERR_clear_error();
	int n = ssl.SSL_read(t->state, out, size > INT32_MAX ? INT32_MAX : (int)size);

	return n > 0 ? n : outcome(t, n, "cannot read from the daemon", err);
}

/* Who refuses us may have closed the connection before we have written all: why, is there to be read. */
static void hear_refusal(struct http_transport *t, struct error *err)
{
	struct error said = {0};
	char byte;

	ssl.ERR_clear_error();
	if (ssl.SSL_read(t->state, &byte, 1) <= 0)
		tls_error(&said, "cannot write to the daemon");
	if (said.kind == ERROR_DENIED)
		*err = said;
}

static ssize_t tls_write(struct http_transport *t, const void *data, size_t size, struct error *err)
{
	ssl.ERR_clear_error();
	int n = ssl.SSL_write(t->state, data, size > INT32_MAX ? INT32_MAX : (int)size);
	ssize_t result = n > 0 ? n : outcome(t, n, "cannot write to the daemon", err);

	if (result == TRANSPORT_FAILED)
		hear_refusal(t, err);
	return result;
}

static bool tls_pending(const struct http_transport *t)
{
	return ssl.SSL_pending(t->state) > 0;
}

static void tls_shut(struct http_transport *t)
{
	ssl.ERR_clear_error();
	while (ssl.SSL_shutdown(t->state) < 0) {
		struct error ignored;

		if (outcome(t, -1, "", &ignored) != TRANSPORT_AGAIN || t->waits_for != POLLOUT)
			return;
		http_transport_wait(t, HANDSHAKE_TIMEOUT_MS);
	}
}

static void tls_close(struct http_transport *t)
{
	ssl.SSL_free(t->state);
}

static const struct http_transport_driver tls_driver = {tls_read, tls_write, tls_pending, tls_shut,
							tls_close};

/* ---- the handshake ---- */

static bool refuse_file(const char *what, const char *path, struct error *err)
{
	if (access(path, R_OK) < 0)
		return error_errno(err, "cannot read the %s '%s'", what, path);
	return error_set(err, ERROR_INVALID, "cannot use the %s '%s'", what, path);
}

static bool use_files(SSL_CTX *context, const struct http_client_tls *tls, struct error *err)
{
	if (tls->ca && ssl.SSL_CTX_load_verify_locations(context, tls->ca, NULL) != 1)
		return refuse_file("CA file", tls->ca, err);
	if (!tls->ca)
		ssl.SSL_CTX_set_default_verify_paths(context);
	if (tls->certificate &&
	    ssl.SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
		return refuse_file("certificate", tls->certificate, err);
	if (tls->key && ssl.SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1)
		return refuse_file("key", tls->key, err);
	ssl.SSL_CTX_set_verify(context, tls->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	return true;
}

static SSL_CTX *new_context(const struct http_client_tls *tls, struct error *err)
{
	SSL_CTX *context = ssl.SSL_CTX_new(ssl.TLS_client_method());

	if (!context) {
		tls_error(err, "cannot use TLS");
		return NULL;
	}
	ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
	ssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				 SSL_MODE_RELEASE_BUFFERS,
			 NULL);
	if (use_files(context, tls, err))
		return context;
	ssl.SSL_CTX_free(context);
	return NULL;
}

/* The name that the daemon's certificate must carry, where it is verified; SNI says it too, unless it is
 * an address. */
static void expect_host(SSL *connection, const char *host)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
		ssl.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(connection), host);
		return;
	}
	ssl.SSL_set1_host(connection, host);
	ssl.SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
		     (void *)host);
}

static bool handshake_failed(struct http_transport *t, const char *host, struct error *err)
{
	long verdict = ssl.SSL_get_verify_result(t->state);

	if (verdict != X509_V_OK)
		error_set(err, ERROR_DENIED, "the certificate cannot be trusted: %s",
			  ssl.X509_verify_cert_error_string(verdict));
	return error_prefix(err, "TLS with '%s'", host);
}

static bool shake_hands(struct http_transport *t, const char *host, struct error *err)
{
	for (;;) {
		ssl.ERR_clear_error();
		int result = ssl.SSL_connect(t->state);
		if (result == 1)
			return true;
		if (outcome(t, result, "the handshake failed", err) != TRANSPORT_AGAIN)
			return handshake_failed(t, host, err);
		if (!http_transport_wait(t, HANDSHAKE_TIMEOUT_MS))
			return error_set(err, ERROR_UNAVAILABLE, "TLS with '%s': no answer", host);
	}
}

bool http_transport_start_tls(struct http_transport *t, const char *host,
			      const struct http_client_tls *tls, struct error *err)
{
	if (!ssl.SSL_new && !load_openssl(err))
		return false;
	SSL_CTX *context = new_context(tls, err);
	if (!context)
		return false;
	SSL *connection = ssl.SSL_new(context);
	ssl.SSL_CTX_free(context); /* the connection holds it */
	if (!connection)
		return tls_error(err, "cannot use TLS");
	BIO *bio = new_bio(t);
	ssl.SSL_set_bio(connection, bio, bio);
	expect_host(connection, host);
	t->state = connection;
	t->driver = &tls_driver;
	return shake_hands(t, host, err);
}
