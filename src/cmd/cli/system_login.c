/* login and logout */
#include "cmd/cli/api.h"
#include "cmd/cli/auth.h"
#include "cmd/cli/config.h"
#include "cmd/cli/terminal.h"
#include "format/json.h"

#include <stdio.h>
#include <unistd.h>

#define SECRET_LIMIT 65536

struct login {
	char *username, *password;
	bool from_stdin;
};

static const struct option login_options[] = {
	{'p', "password", &option_string, offsetof(struct login, password),
	 .help = "Password or token; others can read it in the list of processes"},
	{0, "password-stdin", &option_switch, offsetof(struct login, from_stdin),
	 .help = "Read the password or token from stdin"},
	{'u', "username", &option_string, offsetof(struct login, username), .help = "User"},
};

/* The registry as it is kept: a URL's host, the default's old name. */
static char *registry_key(const struct strings *arguments)
{
	const char *server = arguments->count ? arguments->items[0] : "docker.io";
	const char *scheme_end = strstr(server, "://");
	const char *host = scheme_end ? scheme_end + 3 : server;

	if (strcmp(server, "docker.io") == 0 || strcmp(server, DEFAULT_REGISTRY) == 0)
		return str_dup(DEFAULT_REGISTRY);
	return str_dup_n(host, strcspn(host, "/"));
}

static bool check_options(const struct login *login, struct error *err)
{
	if (login->password && login->from_stdin)
		return error_set(err, ERROR_INVALID,
				 "conflicting options: cannot specify both "
				 "--password and --password-stdin");
	if (login->from_stdin && str_is_empty(login->username))
		return error_set(err, ERROR_INVALID,
				 "the --password-stdin option requires --username to be set");
	if (login->username && !*login->username)
		return error_set(err, ERROR_INVALID, "username is empty");
	if (login->password && !*login->password)
		return error_set(err, ERROR_INVALID, "password is empty");
	return true;
}

static bool read_password(struct login *login, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	ssize_t got;

	while ((got = read(STDIN_FILENO, buffer_reserve(&text, 4096), 4096)) > 0 &&
	       text.size < SECRET_LIMIT)
		buffer_wrote(&text, (size_t)got);
	if (got < 0)
		return error_errno(err, "cannot read the password");
	scoped_free char *password = buffer_take(&text);
	size_t length = strlen(password);
	while (length && strchr("\r\n", password[length - 1]))
		password[--length] = '\0';
	str_replace(&login->password, *password ? password : NULL);
	return true;
}

static bool ask_username(struct login *login)
{
	char line[256];

	fputs("Username: ", stdout);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	str_replace(&login->username, line);
	return *line;
}

static bool ask(struct login *login, struct error *err)
{
	if (!str_is_empty(login->username) && login->password)
		return true;
	if (!isatty(STDIN_FILENO))
		return error_set(
			err, ERROR_INVALID,
			"Error: Cannot perform an interactive login from a non TTY device");
	if (str_is_empty(login->username) && !ask_username(login))
		return error_set(err, ERROR_INVALID, "username is required");
	if (!login->password)
		login->password = terminal_secret("Password: ");
	if (str_is_empty(login->password))
		return error_set(err, ERROR_INVALID, "password is required");
	return true;
}

/* Credentials that are already kept serve a login without words. */
static void use_stored(struct cli *cli, const char *key, struct login *login)
{
	if (login->username || login->password || login->from_stdin)
		return;
	scoped_json json_t *stored = auth_read(cli, key);
	const char *username = doc_text(stored, "username");
	if (!*username)
		return;
	str_replace(&login->username, username);
	str_replace(&login->password, doc_text(stored, "password"));
	printf("Authenticating with existing credentials... [Username: %s]\n", username);
	fflush(stdout);
}

static json_t *authenticate(struct cli *cli, const struct login *login, const char *key,
			    struct error *err)
{
	scoped_target struct target target = target_format("/auth");
	scoped_json json_t *body = json_object();
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answer = NULL;

	doc_set_text(body, "username", login->username);
	doc_set_text(body, "password", login->password);
	doc_set_text(body, "serveraddress", key);
	return api_call(cli, &request, &answer, err) ? answer : NULL;
}

static void warn_of_plain_text(const struct cli *cli)
{
	scoped_json json_t *config = config_read(cli);
	scoped_free char *folder = cli_config_directory(cli);

	if (!*doc_text(config, "credsStore"))
		fprintf(stderr,
			"\nWARNING! Your credentials are stored unencrypted in '%s/config.json'.\n"
			"Configure a credential helper to remove this warning. See\n"
			"https://docs.docker.com/go/credential-store/\n\n",
			folder);
}

static bool log_in(struct cli *cli, struct login *login, const char *key, struct error *err)
{
	use_stored(cli, key, login);
	if (!ask(login, err))
		return false;
	bool known = auth_is_in_file(cli, key, login->username, login->password);
	scoped_json json_t *answer = authenticate(cli, login, key, err);
	if (!answer || !auth_store(cli, key, login->username, login->password,
				   doc_text(answer, "IdentityToken"), err))
		return false;
	if (!known)
		warn_of_plain_text(cli);
	printf("%s\n", doc_text(answer, "Status"));
	return true;
}

static int run_login(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct login *login = fields;
	scoped_free char *key = registry_key(arguments);
	struct error err;

	if (!check_options(login, &err))
		return cli_fail(cli, &err);
	if (login->password)
		fprintf(stderr, "WARNING! Using --password via the CLI is insecure. Use "
				"--password-stdin.\n");
	if ((login->from_stdin && !read_password(login, &err)) || !log_in(cli, login, key, &err))
		return cli_fail(cli, &err);
	return 0;
}

static int run_logout(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_free char *key = registry_key(arguments);
	struct error err;

	printf("Removing login credentials for %s\n", key);
	fflush(stdout);
	return auth_erase(cli, key, &err) ? 0 : cli_fail(cli, &err);
}

const struct command system_login = {
	.summary = "Log in to a registry",
	.details =
		"Log in to a registry: to Docker Hub unless another is named. The credentials are "
		"kept in the client's settings.",
	.usage = "[OPTIONS] [SERVER]",
	.most = 1,
	.size = sizeof(struct login),
	.options = {OPTION_SET(login_options)},
	.run = run_login,
};

const struct command system_logout = {
	.summary = "Log out from a registry",
	.usage = "[SERVER]",
	.most = 1,
	.run = run_logout,
};
