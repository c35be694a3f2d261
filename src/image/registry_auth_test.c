#include "image/registry_auth.h"

#include "base/test.h"

static void the_best_challenge_is_chosen(void **state)
{
	static const struct {
		const char *header;
		enum auth_scheme scheme;
		const char *realm, *service;
	} cases[] = {
		{"Bearer realm=\"https://auth/token\",service=\"reg\",scope=\"repository:a:pull\"",
		 AUTH_BEARER, "https://auth/token", "reg"},
		{"bearer Realm = \"r\" , SERVICE=s", AUTH_BEARER, "r", "s"},
		{"Basic realm=\"x\"", AUTH_BASIC, "x", NULL},
		{"Basic realm=\"x\", Bearer realm=\"y\",service=\"z\"", AUTH_BEARER, "y", "z"},
		{"Bearer realm=\"y\", Basic realm=\"x\"", AUTH_BEARER, "y", NULL},
		{"Negotiate, Basic realm=\"x\"", AUTH_BASIC, "x", NULL},
		{"Negotiate abc==, Basic", AUTH_NONE, NULL, NULL},
		{"Basic", AUTH_BASIC, NULL, NULL},
		{"Bearer service=\"no realm\"", AUTH_NONE, NULL, NULL},
		{"Bearer realm=\"a\\\"b\"", AUTH_BEARER, "a\"b", NULL},
		{"Bearer realm=\"one\",realm=\"two\"", AUTH_BEARER, "one", NULL},
		{"Bearer realm=\"open", AUTH_NONE, NULL, NULL},
		{"Digest realm=\"x\"", AUTH_NONE, NULL, NULL},
		{"", AUTH_NONE, NULL, NULL},
		{",,,", AUTH_NONE, NULL, NULL},
		{"=", AUTH_NONE, NULL, NULL},
		{NULL, AUTH_NONE, NULL, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct auth_challenge challenge;

		auth_challenge_parse(cases[i].header, &challenge);
		assert_int_equal(challenge.scheme, cases[i].scheme);
		assert_true(str_equal(challenge.realm, cases[i].realm));
		assert_true(str_equal(challenge.service, cases[i].service));
		auth_challenge_fini(&challenge);
	}
}

static void credentials_come_in_all_forms_of_the_header(void **state)
{
	static const struct {
		const char *json, *username, *password, *identity, *registry;
	} cases[] = {
		{"{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"s\"}", "u", "p", NULL,
		 NULL},
		{"{\"auth\":\"dTpwOnE=\"}", "u", "p:q", NULL, NULL},
		{"{\"auth\":\"dTpw\",\"password\":\"x\"}", "u", "p", NULL, NULL},
		{"{\"identitytoken\":\"i\",\"username\":\"\"}", NULL, NULL, "i", NULL},
		{"{\"registrytoken\":\"r\"}", NULL, NULL, NULL, "r"},
		{"{\"username\":7}", NULL, NULL, NULL, NULL},
		{"not json", NULL, NULL, NULL, NULL},
		{"", NULL, NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct registry_credentials c;

		registry_credentials_parse(cases[i].json, &c);
		assert_true(str_equal(c.username, cases[i].username));
		assert_true(str_equal(c.password, cases[i].password));
		assert_true(str_equal(c.identity_token, cases[i].identity));
		assert_true(str_equal(c.registry_token, cases[i].registry));
		registry_credentials_fini(&c);
	}
}

static void what_is_wrong_with_a_token_is_told(void **state)
{
	struct auth_challenge c;

	auth_challenge_parse(
		"Bearer realm=\"https://a/t\",service=\"r\",error=\"insufficient_scope\"", &c);
	assert_string_equal(c.error, "insufficient_scope");
	auth_challenge_fini(&c);
	assert_null(c.error);
}

static void a_token_is_asked_for_with_our_scope_only(void **state)
{
	struct auth_challenge c = {AUTH_BEARER, str_dup("https://a/t"), str_dup("my reg&x=y")};
	scoped_free char *url = auth_token_url(&c, &(struct auth_scope){"library/bb"}, "me@x");
	scoped_free char *form = auth_token_form(&c, &(struct auth_scope){"library/bb"}, "secret+");

	assert_string_equal(
		url, "https://a/t?service=my%20reg%26x%3Dy&scope=repository%3Alibrary%2Fbb%3Apull"
		     "&account=me%40x");
	assert_string_equal(form,
			    "grant_type=refresh_token&service=my%20reg%26x%3Dy&client_id=wherry&"
			    "scope=repository%3Alibrary%2Fbb%3Apull&refresh_token=secret%2B");
	auth_challenge_fini(&c);
}

static void a_realm_may_have_a_query_of_its_own(void **state)
{
	struct auth_challenge c = {AUTH_BEARER, str_dup("https://a/t?x=1#frag"), NULL};
	scoped_free char *url = auth_token_url(&c, &(struct auth_scope){"bb"}, NULL);

	assert_string_equal(url, "https://a/t?x=1&scope=repository%3Abb%3Apull");
	auth_challenge_fini(&c);
}

static void tokens_are_read_under_both_names(void **state)
{
	static const struct {
		const char *json, *token;
	} cases[] = {
		{"{\"token\":\"t\",\"expires_in\":300}", "t"},
		{"{\"access_token\":\"a\"}", "a"},
		{"{\"token\":\"\",\"access_token\":\"a\"}", "a"},
		{"{}", NULL},
		{"{\"token\":1}", NULL},
		{"<html>", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		char *token;

		assert_int_equal(
			auth_token_parse(cases[i].json, strlen(cases[i].json), &token, &err),
			cases[i].token != NULL);
		assert_true(str_equal(token, cases[i].token));
		secret_free(token);
	}
}

static void headers_hold_no_line_breaks(void **state)
{
	struct registry_credentials c = {.username = (char *)"u", .password = (char *)"p\r\nX: y"};
	scoped_free char *basic = auth_basic_header(&c);
	scoped_free char *bearer = auth_bearer_header("abc");

	assert_string_equal(basic, "Authorization: Basic dTpwDQpYOiB5");
	assert_string_equal(bearer, "Authorization: Bearer abc");
	assert_null(auth_bearer_header("abc\r\nX: y"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_challenge_is_chosen),
		cmocka_unit_test(what_is_wrong_with_a_token_is_told),
		cmocka_unit_test(credentials_come_in_all_forms_of_the_header),
		cmocka_unit_test(a_token_is_asked_for_with_our_scope_only),
		cmocka_unit_test(a_realm_may_have_a_query_of_its_own),
		cmocka_unit_test(tokens_are_read_under_both_names),
		cmocka_unit_test(headers_hold_no_line_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
