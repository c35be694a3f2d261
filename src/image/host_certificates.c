#include "image/host_certificates.h"

#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define HOSTS_MAX     256
#define FILE_SIZE_MAX (1 << 20)

/* One that overwrites the key. */
static void host_certificate_fini(struct host_certificate *host)
{
	if (host->key.data)
		explicit_bzero(host->key.data, host->key.size);
	free(host->host);
	buffer_fini(&host->ca);
	buffer_fini(&host->certificate);
	buffer_fini(&host->key);
}

void host_certificates_fini(struct host_certificates *certificates)
{
	for (size_t i = 0; i < certificates->count; i++)
		host_certificate_fini(&certificates->items[i]);
	vector_fini(certificates);
}

const struct host_certificate *host_certificates_find(const struct host_certificates *certificates,
						      const char *host)
{
	for (size_t i = 0; i < certificates->count; i++)
		if (str_equal(certificates->items[i].host, host))
			return &certificates->items[i];
	return NULL;
}

/* Call `visit` for each name in a folder; a folder that is not there has none. */
static bool each_name(int above, const char *path,
		      bool (*visit)(void *data, int folder, const char *name, struct error *err),
		      void *data, struct error *err)
{
	int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool ok = true;

	if (!folder)
		return errno == ENOENT || errno == ENOTDIR ||
		       error_errno(err, "cannot read folder '%s'", path);
	while (ok && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			ok = visit(data, fd, entry->d_name, err);
	closedir(folder);
	return ok;
}

static bool read_pair(struct host_certificate *host, int folder, const char *name,
		      struct error *err)
{
	size_t length = strlen(name) - strlen(".cert");
	scoped_free char *key = str_format("%.*s.key", (int)length, name);

	if (host->certificate.size > 0)
		return true;
	return file_read(folder, name, FILE_SIZE_MAX, &host->certificate, err) &&
	       file_read(folder, key, FILE_SIZE_MAX, &host->key, err);
}

static bool read_file(void *data, int folder, const char *name, struct error *err)
{
	struct host_certificate *host = data;

	if (str_ends_with(name, ".crt"))
		return file_read(folder, name, FILE_SIZE_MAX, &host->ca, err);
	if (str_ends_with(name, ".cert"))
		return read_pair(host, folder, name, err);
	return true;
}

static bool read_host(void *data, int folder, const char *name, struct error *err)
{
	struct host_certificates *certificates = data;
	struct host_certificate host = {0};

	if (certificates->count >= HOSTS_MAX || host_certificates_find(certificates, name))
		return true;
	host.host = str_dup(name);
	if (!each_name(folder, name, read_file, &host, err)) {
		host_certificate_fini(&host);
		return false;
	}
	vector_add(certificates, host);
	return true;
}

bool host_certificates_load(const char *folders, struct host_certificates *out, struct error *err)
{
	scoped_strings struct strings list = strings_split(folders, ':');
	struct host_certificates certificates = {0};

	for (size_t i = 0; i < list.count; i++) {
		if (each_name(AT_FDCWD, list.items[i], read_host, &certificates, err))
			continue;
		host_certificates_fini(&certificates);
		return error_prefix(err, "certificates of registries");
	}
	*out = certificates;
	return true;
}
