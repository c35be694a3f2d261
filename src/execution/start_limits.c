/* Priorities and limits of a process. */
#include "execution/start_private.h"

#include "os/file.h"
#include "sandbox/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Less than wanted where the host allows no more.  What the daemon was given is not its units'. */
bool start_oom_score(struct starting *s, struct error *err)
{
	const struct optional_i64 *wanted = &s->context->oom_score_adjust;
	char value[24];
	struct error refused;

	snprintf(value, sizeof(value), "%lld", wanted->given ? (long long)wanted->value : 0LL);
	if (file_write(AT_FDCWD, "/proc/self/oom_score_adj", value, &refused) ||
	    refused.os == EACCES || refused.os == EPERM)
		return true;
	*err = refused;
	return false;
}

bool start_nice(struct starting *s, struct error *err)
{
	if (!s->context->nice.given)
		return true;
	return setpriority(PRIO_PROCESS, 0, (int)s->context->nice.value) == 0 ||
	       error_errno(err, "cannot set the nice level");
}

bool start_scheduler(struct starting *s, struct error *err)
{
	const struct execution_context *c = s->context;
	struct sched_param param = {.sched_priority =
					    c->cpu_priority.given ? (int)c->cpu_priority.value : 0};

	if (!c->cpu_policy.given)
		return true;
	return sched_setscheduler(0, (int)c->cpu_policy.value, &param) == 0 ||
	       error_errno(err, "cannot set the scheduling policy");
}

/* "0-3,5" or the same with blanks. */
static bool parse_processors(const char *text, cpu_set_t *out)
{
	CPU_ZERO(out);
	while (*text) {
		char *end;
		long first = strtol(text, &end, 10), last = first;

		if (end == text || first < 0)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtol(text, &end, 10);
			if (end == text)
				return false;
		}
		for (long i = first; i <= last && i < CPU_SETSIZE; i++)
			CPU_SET((size_t)i, out);
		text = end + strspn(end, ", \t");
	}
	return CPU_COUNT(out) > 0;
}

bool start_affinity(struct starting *s, struct error *err)
{
	cpu_set_t set;

	if (str_is_empty(s->context->cpu_affinity))
		return true;
	if (!parse_processors(s->context->cpu_affinity, &set))
		return error_set(err, ERROR_INVALID, "'%s' is no list of processors",
				 s->context->cpu_affinity);
	return sched_setaffinity(0, sizeof(set), &set) == 0 ||
	       error_errno(err, "cannot bind to processors '%s'", s->context->cpu_affinity);
}

bool start_io_priority(struct starting *s, struct error *err)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13, BEST_EFFORT = 2, MIDDLE = 4 };
	const struct execution_context *c = s->context;
	int64_t class = c->io_class.given ? c->io_class.value : BEST_EFFORT;
	int64_t level = c->io_priority.given ? c->io_priority.value : MIDDLE;

	if (!c->io_class.given && !c->io_priority.given)
		return true;
	return syscall(SYS_ioprio_set, WHO_PROCESS, 0, class << CLASS_SHIFT | level) == 0 ||
	       error_errno(err, "cannot set the priority of input and output");
}

bool start_timer_slack(struct starting *s, struct error *err)
{
	if (!s->context->timer_slack_ns.given)
		return true;
	return prctl(PR_SET_TIMERSLACK, (unsigned long)s->context->timer_slack_ns.value) == 0 ||
	       error_errno(err, "cannot set the timer slack");
}

static struct rlimit limit_of(const struct execution_rlimit *wanted)
{
	return (struct rlimit){wanted->soft < 0 ? RLIM_INFINITY : (rlim_t)wanted->soft,
			       wanted->hard < 0 ? RLIM_INFINITY : (rlim_t)wanted->hard};
}

void start_check_limits(const struct execution_plan *plan, struct strings *warnings)
{
	const struct record_list *list = &plan->context.rlimits;

	for (size_t i = 0; i < list->count; i++) {
		const struct execution_rlimit *wanted =
			RECORD_AT(*list, struct execution_rlimit, i);
		struct rlimit limit = limit_of(wanted);
		int resource = wanted->name ? rlimit_from_name(wanted->name) : -1;

		if (resource >= 0 && rlimit_clamp(resource, &limit))
			strings_format(warnings,
				       "the limit '%s' is lowered to %llu, the most this "
				       "host allows",
				       wanted->name, (unsigned long long)limit.rlim_max);
	}
}

static bool set_rlimit(const struct execution_rlimit *wanted, struct error *err)
{
	struct rlimit limit = limit_of(wanted);
	int resource = wanted->name ? rlimit_from_name(wanted->name) : -1;

	if (resource < 0)
		return error_set(err, ERROR_INVALID, "there is no limit '%s'",
				 wanted->name ? wanted->name : "");
	rlimit_clamp(resource, &limit);
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0 ||
	       error_errno(err, "cannot set limit '%s'", wanted->name);
}

static bool names_limit(const struct execution_context *c, const char *name)
{
	for (size_t i = 0; i < c->rlimits.count; i++)
		if (str_equal(RECORD_AT(c->rlimits, struct execution_rlimit, i)->name, name))
			return true;
	return false;
}

/* The daemon may have a million files open; programs that use select() must not begin with that.  The numbers are
 * systemd's default. */
static bool set_default_files(struct starting *s, struct error *err)
{
	struct execution_rlimit standard = {
		.name = (char[]){"nofile"}, .soft = 1024, .hard = 524288};
	struct rlimit ours;

	if (names_limit(s->context, "nofile") || getrlimit(RLIMIT_NOFILE, &ours) < 0)
		return true;
	if (ours.rlim_max < (rlim_t)standard.hard)
		standard.hard = (int64_t)ours.rlim_max;
	return set_rlimit(&standard, err);
}

bool start_rlimits(struct starting *s, struct error *err)
{
	if (!set_default_files(s, err))
		return false;
	for (size_t i = 0; i < s->context->rlimits.count; i++)
		if (!set_rlimit(RECORD_AT(s->context->rlimits, struct execution_rlimit, i), err))
			return false;
	return true;
}
