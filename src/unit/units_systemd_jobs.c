/* What is asked of units that systemd runs: jobs, signals, that a failure is forgotten. */
#include "unit/units_systemd.h"

#include "base/log.h"
#include "unit/mirror.h"

/* ---- jobs ---- */

struct carrying {
	struct units *units;
	const char *unit; /* interned */
	uint32_t job;
};

static void on_job_over(void *data, const struct bus_answer *answer, const struct error *err)
{
	struct carrying *carrying = data;
	struct units *units = carrying->units;
	struct unit *unit = unit_set_find(&units->set, carrying->unit);
	bool waited = unit && unit->job && unit->job->id == carrying->job && unit->job->running &&
		      unit->runtime && unit->runtime->handed;

	if (waited && err)
		units_say(units, unit, 3, "%s: systemd refuses: %s", unit->name, err->text);
	/* Replaced meanwhile, it has another's answer to wait for. */
	if (waited && (!answer || unit->runtime->handed->asked == answer->id)) {
		unit->runtime->handed->asked = 0;
		job_finish(units, unit,
			   err || !answer ? JOB_FAILED : mirror_job_result(answer->result));
	}
	free(carrying);
}

static void carry_out(struct unit_runtime *runtime)
{
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;
	struct carrying *carrying = mem_new(struct carrying);
	struct bus_request request = {
		.method = (char *)(uintptr_t)mirror_method((enum job_type)unit->job->type),
		.unit = (char *)(uintptr_t)unit->name,
		.mode = (char *)(uintptr_t)job_mode_name(runtime->handed->mode)};

	*carrying = (struct carrying){units, unit->name, unit->job->id};
	runtime->handed->mode = JOB_REPLACE;
	runtime->handed->asked = units->systemd->last_id + 1;
	systemd_ask_owning(units->systemd, BUS_JOB, &request, on_job_over, carrying);
}

const struct unit_kind systemd_kind = {.carry_out = carry_out};

struct job *systemd_install(struct units *units, struct unit *unit,
			    const struct job_request *request, enum job_type type)
{
	struct planned_job planned = {.unit = unit, .type = type, .ignore_order = true};

	unit->runtime->handed->mode = request->mode;
	return job_install(units, &planned);
}

static void on_canceled(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err && err->kind != ERROR_NOT_FOUND)
		log_warning("systemd does not cancel a job", err, "unit=%s", (const char *)data);
}

/* Its end is told as that of any other job. */
bool systemd_cancel(struct units *units, struct unit *unit)
{
	if (!unit_is_handed(unit) || !unit->job->running || !unit->runtime->handed->asked)
		return false;
	struct bus_request request = {.job = unit->runtime->handed->asked};
	systemd_ask(units->systemd, BUS_CANCEL, &request, on_canceled,
		    (void *)(uintptr_t)unit->name);
	return true;
}

/* ---- signals and resetting ---- */

void systemd_kill(struct unit *unit, const struct unit_signal *signal, units_done *done, void *data)
{
	static char *const whos[] = {
		[SIGNAL_ALL] = "all", [SIGNAL_MAIN] = "main", [SIGNAL_CONTROL] = "control"};
	struct bus_request request = {.unit = (char *)(uintptr_t)unit->name,
				      .who = whos[signal->who],
				      .signal = signal->signal};

	systemd_do(unit->runtime->units->systemd, BUS_KILL, &request,
		   &(struct systemd_doing){.done = done, .data = data});
}

static void on_reset(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_warning("systemd does not reset a unit", err, "unit=%s", (const char *)data);
}

void systemd_reset_failed(struct unit *unit)
{
	struct bus_request request = {.unit = (char *)(uintptr_t)unit->name};

	systemd_ask(unit->runtime->units->systemd, BUS_RESET_FAILED, &request, on_reset,
		    (void *)(uintptr_t)unit->name);
}
