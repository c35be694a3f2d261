/* Enabling and its like.  A unit of ours gets its links in our folders.  One that lives where systemd looks gets
 * them where systemd would put them, and besides in our own folder: only those say that it is we who are to start
 * it, since packages enable their units for systemd, too. */
#include "unit/install_private.h"

#include "format/unit_name.h"

void install_result_fini(struct install_result *result)
{
	pairs_fini(&result->created);
	strings_fini(&result->removed);
	strings_fini(&result->hints);
}

/* ---- add-wants, add-requires ---- */

static bool add_to_target(struct installer *in, const char *name, const char *suffix,
			  struct error *err)
{
	const char *target = in->options->target;
	struct install_subject subject;
	bool added;

	if (!target || !unit_name_is_valid(target))
		return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name",
				 target ? target : "");
	if (unit_name_is_template(name))
		return error_set(err, ERROR_INVALID, "Unit name %s is missing the instance name.",
				 name);
	scoped_free char *link = str_format("%s.%s/%s", target, suffix, name);
	install_subject_read(in, name, NULL, &subject);
	added = install_subject_check(&subject, err) &&
		install_subject_link(in, &subject, link, err);
	install_subject_fini(&subject);
	return added;
}

/* ---- the verbs ---- */

/* It is there, whatever somebody's script asks for. */
static bool is_settled(struct installer *in, enum install_verb verb, const char *name)
{
	bool settled =
		load_is_builtin(in->context, name) &&
		(verb == INSTALL_ENABLE || verb == INSTALL_DISABLE || verb == INSTALL_REENABLE);

	if (settled)
		strings_format(&in->result->hints,
			       "Unit %s is built in: it can be neither enabled nor disabled.",
			       name);
	return settled;
}

static bool run_verb(struct installer *in, enum install_verb verb, const char *name,
		     const char *outside, struct error *err)
{
	if (is_settled(in, verb, name))
		return true;
	switch (verb) {
	case INSTALL_ENABLE:
		return install_enable(in, name, outside, err);
	case INSTALL_DISABLE:
		return install_disable(in, name, err);
	case INSTALL_REENABLE:
		if (!install_disable(in, name, err))
			return false;
		strings_fini(&in->seen);
		return install_enable(in, name, outside, err);
	case INSTALL_MASK:
		return install_mask(in, name, err);
	case INSTALL_UNMASK:
		return install_unmask(in, name, err);
	case INSTALL_LINK:
		return !outside || install_file_link(in, outside, err);
	case INSTALL_ADD_WANTS:
		return add_to_target(in, name, "wants", err);
	case INSTALL_ADD_REQUIRES:
		return add_to_target(in, name, "requires", err);
	case INSTALL_REVERT:
		return install_revert(in, name, err);
	case INSTALL_VERBS:
		break;
	}
	return true;
}

static bool install_one(struct installer *in, enum install_verb verb, const char *typed,
			struct error *err)
{
	scoped_free char *name = NULL;
	scoped_free char *outside = NULL;

	if (verb == INSTALL_LINK && *typed != '/')
		return error_set(err, ERROR_INVALID, "'%s' is not an absolute path", typed);
	return install_name(in, typed, &name, &outside, err) &&
	       run_verb(in, verb, name, outside, err);
}

bool unit_install(const struct load_context *context, enum install_verb verb,
		  const struct strings *names, const struct install_options *options,
		  struct install_result *result, struct error *err)
{
	scoped(unit_listing) struct unit_listing *listing = unit_listing_read(context->paths);
	struct installer in = {context, listing, options, result};
	bool done = true;

	for (size_t i = 0; done && i < names->count; i++)
		done = install_one(&in, verb, names->items[i], err);
	strings_fini(&in.seen);
	if (in.has_hint)
		strings_add(&result->hints, "Units without WantedBy=, RequiredBy=, Alias= or Also= "
					    "in a section [Install] cannot "
					    "be enabled: others start them, by a dependency, a "
					    "timer, a socket or by name.");
	return done;
}
