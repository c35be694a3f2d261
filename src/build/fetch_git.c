/* git itself does the work.  Its protocols are those that fetch from elsewhere: no local repositories, no
 * programs that an address could name. */
#include "build/fetch_job.h"

#include "base/memory.h"
#include "os/file.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_LIMIT 4096

static const char *const git_places[] = {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"};

static const char *find_git(void)
{
	for (size_t i = 0; i < array_length(git_places); i++)
		if (access(git_places[i], X_OK) == 0)
			return git_places[i];
	return NULL;
}

static void read_words(int pipe, struct buffer *words)
{
	char *room;
	ssize_t n;

	while ((room = buffer_reserve(words, 1024)), (n = read(pipe, room, 1024)) > 0) {
		buffer_wrote(words, (size_t)n);
		if (words->size > WORDS_LIMIT)
			buffer_consume(words, words->size - WORDS_LIMIT);
	}
}

/* The last line says what went wrong. */
static const char *last_line(struct buffer *words)
{
	char *line;

	while (words->size > 0 && words->data[words->size - 1] == '\n')
		words->data[--words->size] = '\0';
	line = words->data ? strrchr(words->data, '\n') : NULL;
	return line ? line + 1 : words->data ? words->data : "";
}

static bool run(const char *git, char *const *args, struct error *err)
{
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
					  "HOME=/tmp",
					  "GIT_TERMINAL_PROMPT=0",
					  "GIT_CONFIG_NOSYSTEM=1",
					  "GIT_PROTOCOL_FROM_USER=0",
					  "GIT_ALLOW_PROTOCOL=git:http:https:ssh",
					  "GIT_SSH_COMMAND=ssh -oBatchMode=yes",
					  NULL};
	scoped_buffer struct buffer words = {0};
	scoped_fd int pidfd = -1;
	siginfo_t end = {0};
	pid_t pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	struct spawn spawn = {.path = git,
			      .args = args,
			      .env = (char *const *)(uintptr_t)env,
			      .in = -1,
			      .out = -1,
			      .err = ends[1]};
	bool ok = process_spawn(&spawn, &pid, &pidfd, err);

	close(ends[1]);
	if (ok)
		read_words(ends[0], &words);
	close(ends[0]);
	if (!ok)
		return false;
	waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED);
	return (end.si_code == CLD_EXITED && end.si_status == 0) ||
	       error_set(err, ERROR_SYSTEM, "git %s: %.300s", args[1], last_line(&words));
}

#define git_run(git, err, ...)                                                                     \
	run(git, (char *const[]){(char *)(uintptr_t) "git", __VA_ARGS__, NULL}, err)
#define WORD(text) ((char *)(uintptr_t)(text))

/* "#ref:folder": the folder is the reader's affair. */
static char *reference_of(const char *url)
{
	const char *fragment = strchr(url, '#');
	size_t length = fragment ? strcspn(fragment + 1, ":") : 0;

	return length > 0 ? str_dup_n(fragment + 1, length) : str_dup("HEAD");
}

static char *address_of(const char *url)
{
	scoped_free char *bare = str_dup_n(url, strcspn(url, "#"));

	return str_starts_with(bare, "github.com/") ? str_format("https://%s", bare)
						    : str_dup(bare);
}

bool fetch_git(const char *url, bool keep_git_dir, struct error *err)
{
	const char *git = find_git();
	scoped_free char *address = address_of(url), *reference = reference_of(url);

	if (!git)
		return error_set(err, ERROR_UNSUPPORTED,
				 "git is not installed on this host: cannot fetch '%s'", url);
	if (*address == '-' || *reference == '-')
		return error_set(err, ERROR_INVALID, "invalid git reference: %s", url);
	if (!git_run(git, err, WORD("init"), WORD("-q")) ||
	    !git_run(git, err, WORD("remote"), WORD("add"), WORD("origin"), address))
		return false;
	/* What is no branch or tag, and what an old server cannot give alone, comes with all the rest. */
	if (git_run(git, err, WORD("fetch"), WORD("-q"), WORD("--depth"), WORD("1"), WORD("origin"),
		    reference)) {
		if (!git_run(git, err, WORD("checkout"), WORD("-q"), WORD("FETCH_HEAD")))
			return false;
	} else if (!git_run(git, err, WORD("fetch"), WORD("-q"), WORD("--tags"), WORD("origin")) ||
		   !git_run(git, err, WORD("checkout"), WORD("-q"), reference)) {
		return false;
	}
	if (access(".gitmodules", F_OK) == 0 &&
	    !git_run(git, err, WORD("submodule"), WORD("-q"), WORD("update"), WORD("--init"),
		     WORD("--recursive"), WORD("--depth"), WORD("1")))
		return false;
	return keep_git_dir || tree_remove(AT_FDCWD, ".git", err);
}
