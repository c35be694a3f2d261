#include "engine/seccomp.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/capability.h"
#include "engine/security_option.h"
#include "os/file.h"
#include "os/job.h"
#include "sandbox/seccomp_program.h"

#include <fcntl.h>
#include <unistd.h>

#define PROFILE_LIMIT	   (1 << 20)
#define COMPILE_TIMEOUT_MS 60000

struct waiter {
	struct link link;
	void (*done)(void *data, const struct error *err);
	void *data;
};

struct program {
	struct seccomp *seccomp;
	char *path;
	bool there;
	struct job *job;
	struct link waiters;
};

struct seccomp {
	struct engine *engine;
	char *folder;
	char *profile;	     /* the daemon's: JSON text, "unconfined", NULL: the built-in one */
	struct map programs; /* by path */
};

/* ---- which profile ---- */

static bool is_unconfined(const char *profile)
{
	return str_equal(profile, "unconfined");
}

/* Of the container itself, else the daemon's. */
static const char *profile_of(const struct container *c)
{
	struct security_options options = {0};

	if (c->host_config.privileged)
		return "unconfined";
	security_options_parse(&c->host_config.security_opt, &options, &(struct error){0});
	return options.seccomp ? options.seccomp : c->engine->seccomp->profile;
}

static char *path_of(const struct seccomp *seccomp, const char *profile, uint64_t capabilities)
{
	scoped_free char *name = seccomp_program_name(profile, capabilities);

	return str_format("%s/%s", seccomp->folder, name);
}

char *seccomp_program(const struct container *c, uint64_t capabilities)
{
	const char *profile = profile_of(c);

	return is_unconfined(profile) ? NULL : path_of(c->engine->seccomp, profile, capabilities);
}

/* ---- compiling ---- */

static bool read_answer(const struct buffer *bytes, struct error *err)
{
	struct seccomp_answer answer = {0};
	bool ok = record_decode(&seccomp_answer_type, bytes->data, bytes->size, &answer, err);

	if (ok && answer.kind != ERROR_NONE) {
		error_set(err, (enum error_kind)answer.kind, "%s", answer.text ? answer.text : "");
		err->os = answer.os;
		ok = false;
	}
	record_fini(&seccomp_answer_type, &answer);
	return ok;
}

static void on_compiled(void *data, const struct buffer *answer, const struct error *job_err)
{
	struct program *program = data;
	struct error err = {0};

	program->job = NULL;
	if (job_err)
		err = *job_err;
	else
		program->there = read_answer(answer, &err);
	if (!program->there) {
		error_prefix(&err, "cannot compile a seccomp profile");
		log_error("a seccomp profile cannot be used", &err, "");
	}
	while (!list_is_empty(&program->waiters)) {
		struct waiter *waiter = list_first(&program->waiters, struct waiter, link);

		list_remove(&waiter->link);
		waiter->done(waiter->data, program->there ? NULL : &err);
		free(waiter);
	}
}

static bool start_compiling(struct program *program, const char *profile, uint64_t capabilities,
			    struct error *err)
{
	struct engine *engine = program->seccomp->engine;
	struct seccomp_request request = {.folder = program->seccomp->folder,
					  .profile = (char *)(uintptr_t)profile,
					  .capabilities = (int64_t)capabilities};
	char *args[] = {(char *)(uintptr_t) "wherry-worker", (char *)(uintptr_t) "seccomp", NULL};
	struct job_request job = {
		.program = engine->worker, .args = args, .timeout_ms = COMPILE_TIMEOUT_MS};
	scoped_buffer struct buffer bytes = {0};

	record_encode(&seccomp_request_type, &request, &bytes);
	job.input = bytes.data;
	job.size = bytes.size;
	program->job = job_start(engine->parts.loop, &job, on_compiled, program, err);
	return program->job;
}

static struct program *find_program(struct seccomp *seccomp, char *path)
{
	struct program *program = map_get(&seccomp->programs, path);

	if (program) {
		free(path);
		return program;
	}
	program = mem_new(struct program);
	program->seccomp = seccomp;
	program->path = path;
	program->there = access(path, R_OK) == 0;
	list_init(&program->waiters);
	map_put(&seccomp->programs, path, program);
	return program;
}

static void prepare(struct seccomp *seccomp, const char *profile, uint64_t capabilities,
		    void (*done)(void *data, const struct error *err), void *data)
{
	struct program *program = find_program(seccomp, path_of(seccomp, profile, capabilities));
	struct waiter *waiter;
	struct error err;

	if (program->there) {
		done(data, NULL);
		return;
	}
	if (!program->job && !start_compiling(program, profile, capabilities, &err)) {
		done(data, &err);
		return;
	}
	waiter = mem_new(struct waiter);
	waiter->done = done;
	waiter->data = data;
	list_append(&program->waiters, &waiter->link);
}

void seccomp_prepare(struct container *c, uint64_t capabilities,
		     void (*done)(void *data, const struct error *err), void *data)
{
	const char *profile = profile_of(c);

	if (is_unconfined(profile))
		done(data, NULL);
	else
		prepare(c->engine->seccomp, profile, capabilities, done, data);
}

/* ---- opening ---- */

static bool read_profile(struct seccomp *seccomp, const char *setting, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	if (str_is_empty(setting) || str_equal(setting, "builtin"))
		return true;
	if (is_unconfined(setting)) {
		seccomp->profile = str_dup(setting);
		return true;
	}
	if (!file_read(AT_FDCWD, setting, PROFILE_LIMIT, &text, err))
		return error_prefix(err, "cannot read the seccomp profile");
	seccomp->profile = buffer_take(&text);
	return true;
}

static void ignore(void *data, const struct error *err)
{
	(void)data;
	(void)err;
}

struct seccomp *seccomp_open(struct engine *engine, struct error *err)
{
	static const struct strings nothing;
	struct seccomp *seccomp = mem_new(struct seccomp);

	seccomp->engine = engine;
	seccomp->folder = str_format("%s/seccomp", engine->settings.data_root);
	if (!read_profile(seccomp, engine->settings.seccomp_profile, err)) {
		seccomp_close(seccomp);
		return NULL;
	}
	if (!is_unconfined(seccomp->profile))
		prepare(seccomp, seccomp->profile,
			capability_set(&nothing, &nothing, false, engine->capabilities), ignore,
			NULL);
	return seccomp;
}

static void free_program(struct program *program)
{
	job_cancel(program->job);
	list_each(item, &program->waiters) free(container_of(item, struct waiter, link));
	free(program->path);
	free(program);
}

void seccomp_close(struct seccomp *seccomp)
{
	if (!seccomp)
		return;
	for (struct map_slot *slot = map_first(&seccomp->programs); slot;
	     slot = map_next(&seccomp->programs, slot))
		free_program(slot->value);
	map_fini(&seccomp->programs);
	free(seccomp->profile);
	free(seccomp->folder);
	free(seccomp);
}
