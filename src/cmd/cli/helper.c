#include "cmd/cli/helper.h"

#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_LIMIT (1u << 20)
#define INPUT_LIMIT  4096 /* what a pipe takes at once: the helper need not read while we write */

static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	scoped_strings struct strings folders = strings_split(path ? path : "/usr/bin:/bin", ':');

	for (size_t i = 0; i < folders.count; i++) {
		char *program = str_format("%s/%s", folders.items[i], name);

		if (*program == '/' && access(program, X_OK) == 0)
			return program;
		free(program);
	}
	return NULL;
}

static bool start(const char *program, const char *verb, int in, int out, pid_t *pid,
		  struct error *err)
{
	char *args[] = {(char *)program, (char *)verb, NULL};
	struct spawn spawn = {
		.path = program,
		.args = args,
		.in = in,
		.out = out,
		.err = STDERR_FILENO,
	};
	scoped_fd int pidfd = -1;

	return process_spawn(&spawn, pid, &pidfd, err);
}

static bool read_answer(int fd, struct buffer *answer)
{
	ssize_t got;

	while ((got = read(fd, buffer_reserve(answer, 4096), 4096)) > 0) {
		buffer_wrote(answer, (size_t)got);
		if (answer->size > ANSWER_LIMIT)
			return false;
	}
	return got == 0;
}

static bool finish(const char *program, pid_t pid, int out, struct buffer *answer,
		   struct error *err)
{
	bool read_well = read_answer(out, answer);
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (read_well && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return error_set(err, ERROR_DENIED, "%s failed: %s", program,
			 answer->size ? answer->data : "no answer");
}

bool helper_run(const char *name, const char *verb, const char *input, struct buffer *answer,
		struct error *err)
{
	scoped_free char *file = str_format("docker-credential-%s", name);
	scoped_free char *program = strchr(name, '/') ? NULL : find_program(file);
	size_t size = strlen(input);
	int in[2], out[2];
	pid_t pid;

	if (!program)
		return error_set(err, ERROR_NOT_FOUND, "'%s' is not in PATH", file);
	if (size > INPUT_LIMIT)
		return error_set(err, ERROR_INVALID, "too much for '%s'", file);
	if (pipe2(in, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	scoped_fd int in_read = in[0], in_write = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	scoped_fd int out_read = out[0], out_write = out[1];
	if (write(in_write, input, size) != (ssize_t)size)
		return error_errno(err, "cannot write to '%s'", file);
	close_fd(&in_write);
	if (!start(program, verb, in_read, out_write, &pid, err))
		return error_prefix(err, "cannot run '%s'", file);
	close_fd(&out_write);
	return finish(file, pid, out_read, answer, err);
}
