/* --supervisor=systemd: the host's systemd runs the units that have files of ours.
 *
 * A unit that was read is *handed over*: its file is written where systemd reads (units_systemd_files.c), systemd
 * reads it, and the worker `bus` (systemd/bus_protocol.h) tells its state from then on.  Only then whoever waited
 * for the unit goes on, so that a unit that is loaded is one that systemd has.
 *
 * For the rest of the manager such a unit is one of another kind: its jobs are carried out as a whole by whom we
 * ask, its states come as they come, and what follows from them for other units is systemd's business.  Jobs
 * that somebody asks for go there without a transaction of ours; those that a target of ours pulls in (at boot)
 * are ordered here, and once more there.
 *
 * A unit that has a shim of ours, from before the setting, stays with it until it has stopped: never two. */
#include "unit/units_systemd.h"

/* ---- whose it is ---- */

bool unit_is_handed(const struct unit *unit)
{
	return unit->runtime && unit->runtime->handed && unit->runtime->handed->there;
}

void handed_free(struct unit_handed *handed)
{
	if (!handed)
		return;
	free(handed->cgroup);
	free(handed);
}

bool unit_is_ours(const struct unit *unit)
{
	return unit->runtime &&
	       (unit->runtime->peer || unit->runtime->under_way || unit->runtime->restart);
}

bool unit_has_own_file(const struct unit *unit)
{
	return unit->config && !unit->config->builtin && unit->config->load == LOAD_LOADED &&
	       unit->config->file;
}

/* ---- whose it may become ---- */

static bool is_about_others(enum job_mode mode)
{
	return mode == JOB_ISOLATE || mode == JOB_FLUSH;
}

bool systemd_check(struct units *units, const struct unit *unit, const struct job_request *request,
		   struct error *err)
{
	const struct unit_handed *handed = unit->runtime ? unit->runtime->handed : NULL;
	bool starts = request->type != JOB_STOP;

	if (!units->systemd || !starts)
		return true;
	if (unit_is_ours(unit))
		return error_set(err, ERROR_CONFLICT,
				 "%s still runs under wherry's own supervisor, from before "
				 "--supervisor=systemd: stop it first",
				 unit->name);
	if (handed && handed->refusal.kind)
		return error_set(err, handed->refusal.kind, "%s is not handed over to systemd: %s",
				 unit->name, handed->refusal.text);
	if (unit_is_handed(unit) && is_about_others(request->mode))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s is systemd's, where %s is about all units of the host: use "
				 "systemctl",
				 unit->name, job_mode_name(request->mode));
	return true;
}

/* One of ours from before the setting may even restart by itself: it is ours until it has stopped. */
static bool is_to_be_handed(const struct unit *unit)
{
	return unit_has_own_file(unit) && !unit_is_handed(unit) && !unit_is_ours(unit) &&
	       unit->sub != SUB_AUTO_RESTART;
}

bool systemd_has_not(const struct units *units, const struct unit *unit, struct error *err)
{
	if (units->systemd && is_to_be_handed(unit))
		return error_set(err, ERROR_CONFLICT, "%s is not handed over to systemd",
				 unit->name);
	if (units->systemd || !units->beside_systemd || !unit_kind(unit) ||
	    !unit_kind(unit)->has_shim || !systemd_has_group(unit))
		return true;
	return error_set(err, ERROR_CONFLICT,
			 "%s runs under the host's systemd: stop it there first (systemctl stop "
			 "%s), or give wherryd --supervisor=systemd",
			 unit->name, unit->name);
}

/* ---- life ---- */

bool systemd_open(struct units *units, struct error *err)
{
	struct units_systemd *s = mem_new(struct units_systemd);

	s->units = units;
	if (!systemd_worker_begin(s, err)) {
		free(s);
		return false;
	}
	units->systemd = s;
	return true;
}

/* systemd goes on. */
void systemd_close(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s)
		return;
	systemd_worker_end(s);
	vector_fini(&s->fresh);
	free(s);
	units->systemd = NULL;
}
