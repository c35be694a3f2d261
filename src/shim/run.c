#include "shim/run.h"

#include "base/log.h"
#include "os/file.h"
#include "os/process.h"
#include "shim/log_serve.h"
#include "shim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define IDLE (2 * NS_PER_SECOND)

/* In a folder that is gone nobody looks for it. */
bool shim_write_record(struct shim *s, const char *name, const struct record_type *type,
		       const void *record)
{
	scoped_buffer struct buffer bytes = {0};
	struct file_content content = {.mode = 0600};
	struct error err;

	record_encode(type, record, &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	if (s->run_folder < 0 || file_replace(s->run_folder, name, &content, &err))
		return true;
	log_error("cannot write into the run folder", &err, "file=%s", name);
	return err.kind == ERROR_NOT_FOUND;
}

/* ---- while it runs ---- */

bool shim_signal(struct shim *s, int signal, struct error *err)
{
	if (s->state.phase == SHIM_PHASE_RUNNING && !shim_has_exited(s) &&
	    pidfd_signal(s->group.pidfd, signal))
		return true;
	if (s->state.phase == SHIM_PHASE_RUNNING && errno == EINVAL)
		return error_set(err, ERROR_INVALID, "invalid signal: %d", signal);
	error_set(err, ERROR_CONFLICT, "the process is not running");
	err->os = ESRCH;
	return false;
}

bool shim_resize(struct shim *s, const struct shim_size *size, struct error *err)
{
	struct winsize window = {.ws_row = (unsigned short)size->rows,
				 .ws_col = (unsigned short)size->columns};

	if (s->state.phase != SHIM_PHASE_RUNNING)
		return error_set(err, ERROR_CONFLICT, "the process is not running");
	if (s->group.terminal >= 0 && ioctl(s->group.terminal, TIOCSWINSZ, &window) < 0)
		return error_errno(err, "cannot resize the terminal");
	return true;
}

static void serve_logs_in_child(const struct shim_logs *request, struct log_source *source)
{
	enum { FOLDER = 3, CONNECTION, WAKE };

	source->folder = FOLDER;
	source->wake = source->wake >= 0 ? WAKE : -1;
	log_serve(request, source, CONNECTION);
	_exit(0);
}

/* The log's end of the pipe is the only one: it ends with the container. */
void shim_serve_logs(struct shim *s, const struct shim_logs *request, int connection)
{
	struct log_source source = {.name = s->log.name, .end = log_end(&s->log)};
	bool follow = request->follow && s->state.phase == SHIM_PHASE_RUNNING;
	int wake[2] = {-1, -1}, pid;
	struct error err;

	if (s->log.folder < 0) {
		log_serve(request, &(struct log_source){.folder = -1, .wake = -1}, connection);
		return;
	}
	if (follow && pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		follow = false;
	source.wake = wake[0];
	pid = children_fork(&s->children, (int[]){s->log.folder, connection, wake[0]},
			    follow ? 3 : 2, &err);
	if (pid == 0)
		serve_logs_in_child(request, &source);
	if (pid < 0)
		log_error("cannot serve a log", &err, "pid=%d", getpid());
	close_fd(&wake[0]);
	if (follow)
		log_add_follower(&s->log, wake[1]);
}

void shim_set_names(struct shim *s, const struct shim_names *what)
{
	if (s->names) {
		names_set(s->names, what);
		return;
	}
	record_fini(&shim_names_type, &s->early_names);
	record_copy(&shim_names_type, what, &s->early_names);
}

void shim_open_names(struct shim *s, struct names_sockets *sockets)
{
	if (s->state.phase != SHIM_PHASE_RUNNING || s->names) {
		names_sockets_close(sockets);
		return;
	}
	s->names = names_new(&s->loop, sockets);
	names_set(s->names, &s->early_names);
	record_fini(&shim_names_type, &s->early_names);
}

/* ---- what the parts tell each other ---- */

static bool target_input(struct client_target *target, const char *data, size_t size)
{
	return input_write(&container_of(target, struct shim, target)->input, data, size);
}

static void target_close_input(struct client_target *target)
{
	input_close(&container_of(target, struct shim, target)->input);
}

static void target_detached(struct client_target *target)
{
	struct shim *s = container_of(target, struct shim, target);

	controls_tell(&s->controls, SHIM_DETACHED, NULL, NULL);
}

static void target_full_changed(struct client_target *target)
{
	struct shim *s = container_of(target, struct shim, target);

	outputs_hold(&s->outputs, clients_are_full(&s->clients));
}

static void input_drained(struct input *input)
{
	struct shim *s = container_of(input, struct shim, input);

	clients_take_input(&s->clients);
}

static void child_ended(struct children *children)
{
	log_forget_gone(&container_of(children, struct shim, children)->log);
}

/* ---- idle; the whole ---- */

static void shrink(struct shim *s)
{
	outputs_shrink(&s->outputs);
	log_shrink(&s->log);
	log_sender_shrink(&s->sender);
	journal_log_shrink(&s->journal);
	controls_shrink(&s->controls);
	malloc_trim(0);
}

static void idle_passed(struct deadline *deadline)
{
	struct shim *s = container_of(deadline, struct shim, idle);

	if (scratch_release() || s->active)
		loop_set_deadline(&s->loop, &s->idle, time_monotonic_ns() + IDLE);
	else
		shrink(s);
	s->active = false;
	s->only_idle = true;
}

static bool is_done(const struct shim *s)
{
	if (s->state.phase == SHIM_PHASE_WAITING)
		return !s->controls.daemon;
	return s->state.phase == SHIM_PHASE_ENDED &&
	       (s->released || (!s->controls.daemon && !s->unwritten)) &&
	       clients_are_gone(&s->clients) && !waits_are_open(&s->waits) &&
	       !controls_are_busy(&s->controls) && !log_sender_is_busy(&s->sender) &&
	       !log_compressor_is_busy(&s->compressor);
}

static void after_round(void *context)
{
	struct shim *s = context;

	if (is_done(s))
		loop_end(&s->loop);
	if (!s->only_idle) {
		s->active = true;
		if (!s->idle.at)
			loop_set_deadline(&s->loop, &s->idle, time_monotonic_ns() + IDLE);
	}
	s->only_idle = false;
}

static bool shim_init(struct shim *s, struct error *err)
{
	if (!loop_init(&s->loop, err))
		return false;
	s->group = (struct group){
		.pidfd = -1, .terminal = -1, .terminal_peer = -1, .names = {-1, -1}, .netns = -1};
	s->run_folder = -1;
	s->grace.passed = shim_grace_passed;
	s->idle.passed = idle_passed;
	s->target = (struct client_target){.input = target_input,
					   .close_input = target_close_input,
					   .detached = target_detached,
					   .full_changed = target_full_changed};
	log_writer_none(&s->log);
	log_compressor_none(&s->compressor);
	s->compressor.loop = &s->loop;
	s->compressor.children = &s->children;
	log_sender_none(&s->sender);
	s->sender.loop = &s->loop;
	s->sender.children = &s->children;
	s->clients = (struct clients){
		.loop = &s->loop, .log = &s->log, .target = &s->target, .input_held = true};
	s->waits.loop = s->stats.loop = s->children.loop = &s->loop;
	s->children.ended = child_ended;
	input_init(&s->input, &s->loop, input_drained);
	s->outputs = (struct outputs){.loop = &s->loop,
				      .log = &s->log,
				      .sender = &s->sender,
				      .journal = &s->journal,
				      .clients = &s->clients,
				      .ended = shim_outputs_ended};
	outputs_start(&s->outputs, -1, -1);
	s->state.shim_pid = getpid();
	process_start_time(getpid(), &s->state.shim_start_time);
	s->state.boot_id = str_dup(process_boot_id());
	controls_init(&s->controls, &s->loop, &shim_requests, s);
	return true;
}

int shim_run_main(void)
{
	static struct shim shim; /* not on the stack: pages of it that are used stay used */
	struct error err;

	/* what is freed goes back to the kernel, today and after the first large block */
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_TRIM_THRESHOLD, 64 << 10);
	if (!shim_init(&shim, &err)) {
		log_error("cannot begin", &err, "pid=%d", getpid());
		return 1;
	}
	loop_run(&shim.loop, after_round, &shim);
	return 0;
}
