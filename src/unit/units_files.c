/* Links of [Install], made by a thread of the pool; afterwards everything is read again, as after
 * daemon-reload. */
#include "unit/units_private.h"

struct installing {
	struct work work;
	struct units *units;
	enum install_verb verb;
	struct strings names;
	struct install_options options;
	char *target; /* owned: of the options */
	units_installed *done;
	void *data;
	struct install_result result;
	struct error err;
	bool good;
};

static void run(struct work *work)
{
	struct installing *i = container_of(work, struct installing, work);

	i->good = unit_install(&i->units->context, i->verb, &i->names, &i->options, &i->result,
			       &i->err);
}

static void free_installing(struct installing *i)
{
	strings_fini(&i->names);
	install_result_fini(&i->result);
	free(i->target);
	free(i);
}

static void reloaded(void *data, const struct error *err)
{
	struct installing *i = data;

	(void)err;
	i->done(i->data, &i->result, i->good ? NULL : &i->err);
	free_installing(i);
}

static void done(struct work *work, bool closing)
{
	struct installing *i = container_of(work, struct installing, work);
	struct units *units = i->units;

	if (closing)
		reloaded(i, NULL); /* the next daemon reads them */
	else
		units_reload(units, reloaded, i);
	units_unref(units);
}

void units_install(struct units *units, enum install_verb verb, const struct strings *names,
		   const struct install_options *options, units_installed *installed, void *data)
{
	struct installing *i = mem_new(struct installing);

	i->units = units;
	i->verb = verb;
	i->names = strings_copy(names);
	i->options = *options;
	i->options.target = i->target = str_dup_or_null(options->target);
	i->done = installed;
	i->data = data;
	units->references++;
	work_begin(&i->work, units->engine, run, done);
}
