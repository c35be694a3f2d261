#include "cmd/cli/address.h"

#include <unistd.h>

#define OUR_SOCKET     "/run/wherry/wherry.sock"
#define DOCKERS_SOCKET "/var/run/docker.sock"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return str_is_empty(value) ? NULL : value;
}

static char *usual_socket(void)
{
	bool ours = access(OUR_SOCKET, F_OK) == 0 || access(DOCKERS_SOCKET, F_OK) != 0;

	return str_format("unix://%s", ours ? OUR_SOCKET : DOCKERS_SOCKET);
}

static bool has_port(const char *host)
{
	const char *bracket = strrchr(host, ']');

	return strchr(bracket ? bracket : host, ':') != NULL;
}

/* "tcp://host" gets the port that Docker's daemon would use. */
static char *complete_tcp(const struct cli *cli, const char *host)
{
	struct tls_files files;
	size_t length = strcspn(host, "/");
	scoped_free char *name = str_dup_n(host, length);
	bool tls = tls_choose(cli, &files);

	if (tls)
		tls_files_fini(&files);
	return has_port(name) ? str_format("tcp://%s", name)
			      : str_format("tcp://%s:%s", name, tls ? "2376" : "2375");
}

char *address_complete(const struct cli *cli, const char *host, struct error *err)
{
	const char *scheme_end = strstr(host, "://");

	if (str_starts_with(host, "unix://"))
		return str_dup(host);
	if (str_starts_with(host, "tcp://") || str_starts_with(host, "http://"))
		return complete_tcp(cli, scheme_end + 3);
	if (!scheme_end && *host == '/')
		return str_format("unix://%s", host);
	if (!scheme_end && *host)
		return complete_tcp(cli, host);
	error_set(err, ERROR_INVALID, "invalid bind address format: %s", host);
	return NULL;
}

char *address_choose(const struct cli *cli, struct error *err)
{
	const struct strings *hosts = &cli->options.hosts;
	const char *host = environment("WHERRY_HOST");

	if (hosts->count > 1) {
		error_set(err, ERROR_INVALID, "Specify only one -H");
		return NULL;
	}
	if (hosts->count)
		host = hosts->items[0];
	if (!host)
		host = environment("DOCKER_HOST");
	return host ? address_complete(cli, host, err) : usual_socket();
}

/* ---- TLS ---- */

static char *tls_file(const struct cli *cli, const char *option, const char *name)
{
	const char *folder = environment("DOCKER_CERT_PATH");
	scoped_free char *config = cli_config_directory(cli);

	if (option)
		return *option ? str_dup(option) : NULL;
	if (cli->tls_folder)
		folder = cli->tls_folder;
	char *path = str_format("%s/%s", folder ? folder : config, name);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

bool tls_choose(const struct cli *cli, struct tls_files *files)
{
	const struct cli_options *options = &cli->options;
	bool verify = options->tls_verify > 0 ||
		      (!options->tls_verify &&
		       (cli->tls_folder ? !cli->skip_tls_verify
					: environment("DOCKER_TLS_VERIFY") != NULL));

	if (!verify && !cli->tls_folder && !options->tls && !environment("DOCKER_TLS"))
		return false;
	*files = (struct tls_files){
		.ca = tls_file(cli, options->ca, "ca.pem"),
		.certificate = tls_file(cli, options->certificate, "cert.pem"),
		.key = tls_file(cli, options->key, "key.pem"),
		.verify = verify,
	};
	return true;
}

void tls_files_fini(struct tls_files *files)
{
	free(files->ca);
	free(files->certificate);
	free(files->key);
	*files = (struct tls_files){0};
}
