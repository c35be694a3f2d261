#include "sandbox/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* With errno of what is in the way.  A folder is told as Docker's engine does, as a lack of rights. */
static bool is_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	if (S_ISDIR(st.st_mode)) {
		errno = EACCES;
		return false;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* The last one counts, as for a shell that reads its environment from front to back. */
static const char *search_path(const struct strings *env)
{
	const char *path = DEFAULT_PATH;

	for (size_t i = 0; i < env->count; i++)
		if (str_starts_with(env->items[i], "PATH="))
			path = env->items[i] + strlen("PATH=");
	return path;
}

static char *find_in_path(const char *name, const char *path, struct error *err)
{
	for (const char *at = path; *at;) {
		size_t length = strcspn(at, ":");
		scoped_free char *file = str_format("%.*s/%s", (int)length, at, name);

		if (*file == '/' && length > 0 && is_executable(file))
			return take(file);
		at += length + (at[length] == ':');
	}
	errno = ENOENT;
	error_errno(err, "exec: \"%s\": executable file not found in $PATH", name);
	return NULL;
}

static char *find(const char *name, const struct strings *env, struct error *err)
{
	if (!strchr(name, '/'))
		return find_in_path(name, search_path(env), err);
	if (is_executable(name))
		return str_dup(name);
	if (errno == EACCES)
		error_errno(err, "exec: \"%s\"", name);
	else
		error_errno(err, "exec: \"%s\": stat %s", name, name);
	return NULL;
}

/* The request's mistake; errno stays, since exit codes come from it. */
char *program_find(const char *name, const struct strings *env, struct error *err)
{
	char *path = find(name, env, err);

	if (!path)
		err->kind = ERROR_INVALID;
	return path;
}

bool program_explain(const char *path, struct error *err)
{
	error_errno(err, "exec %s", path);
	err->kind = ERROR_INVALID;
	return false;
}
