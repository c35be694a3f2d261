/* Any text as a challenge, as credentials and as a token server's answer: what becomes of it fits a
 * header or a URL. */
#include "image/registry_auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_challenge(const char *text)
{
	struct auth_challenge challenge;

	auth_challenge_parse(text, &challenge);
	if (challenge.scheme == AUTH_BEARER) {
		scoped_free char *url = auth_token_url(&challenge, &(struct auth_scope){"library/bb"}, "me");

		if (!strstr(url, "scope=repository%3Alibrary%2Fbb%3Apull"))
			abort();
	}
	auth_challenge_fini(&challenge);
}

static void fuzz_credentials(const char *text)
{
	struct registry_credentials credentials;

	registry_credentials_parse(text, &credentials);
	scoped_free char *header = auth_basic_header(&credentials);
	if (strpbrk(header, "\r\n"))
		abort();
	registry_credentials_fini(&credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = str_dup_n((const char *)data, size);
	struct error err;
	char *token;

	fuzz_challenge(text);
	fuzz_credentials(text);
	if (auth_token_parse((const char *)data, size, &token, &err)) {
		scoped_free char *header = auth_bearer_header(token);

		if (header && strpbrk(header, "\r\n"))
			abort();
		secret_free(token);
	}
	return 0;
}
