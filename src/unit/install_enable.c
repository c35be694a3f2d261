/* Enabling: the links that [Install] asks for. */
#include "unit/install_private.h"

#include "format/unit_name.h"

/* A bare template stands for its default instance: read again, since names may depend on it.  Without one, it can
 * have aliases, but nobody can want it. */
static bool choose_instance(struct installer *in, const char *outside,
			    struct install_subject *subject, struct error *err)
{
	const char *name = subject->draft.config.name;
	const char *instance = subject->section.default_instance;
	struct install_subject chosen;

	if (!unit_name_is_template(name))
		return true;
	if (!instance && (subject->section.wanted_by.count || subject->section.required_by.count))
		return error_set(err, ERROR_INVALID,
				 "Unit file %s is a template, and has no DefaultInstance=", name);
	subject->is_bare = true;
	if (!instance)
		return true;
	scoped_free char *full = unit_name_with_instance(name, instance);
	install_subject_read(in, full, outside, &chosen);
	install_subject_fini(subject);
	*subject = chosen;
	subject->is_bare = true;
	return true;
}

static bool link_list(struct installer *in, const struct install_subject *subject,
		      const struct strings *targets, const char *suffix, struct error *err)
{
	for (size_t i = 0; i < targets->count; i++) {
		scoped_free char *name = str_format("%s.%s/%s", targets->items[i], suffix,
						    subject->draft.config.name);

		if (!unit_name_is_valid(targets->items[i]))
			return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name",
					 targets->items[i]);
		if (!install_subject_link(in, subject, name, err))
			return false;
	}
	return true;
}

/* An alias that is a template takes the instance that was named. */
static bool link_aliases(struct installer *in, const struct install_subject *subject,
			 struct error *err)
{
	const char *name = subject->draft.config.name;
	scoped_free char *instance = unit_name_instance(name);

	for (size_t i = 0; i < subject->section.alias.count; i++) {
		const char *alias = subject->section.alias.items[i];

		if (!unit_name_is_valid(alias) ||
		    !str_equal(strrchr(alias, '.'), strrchr(name, '.')))
			return error_set(err, ERROR_INVALID, "'%s' cannot be an alias of '%s'",
					 alias, name);
		scoped_free char *full =
			unit_name_is_template(alias) && !subject->is_bare && !str_is_empty(instance)
				? unit_name_with_instance(alias, instance)
				: str_dup(alias);
		if (!str_equal(full, name) && !install_subject_link(in, subject, full, err))
			return false;
	}
	return true;
}

/* What cannot be enabled along is no reason not to enable the unit. */
static void enable_also(struct installer *in, const char *name)
{
	struct error err;

	if (!install_enable(in, name, NULL, &err))
		strings_format(&in->result->hints, "%s is not enabled along: %s", name, err.text);
}

static bool link_all(struct installer *in, const struct install_subject *subject, struct error *err)
{
	const struct install_section *section = &subject->section;

	struct error
		later; /* the first is told; one link that cannot be is no reason not to make the others */
	bool linked = link_aliases(in, subject, err);

	linked &= link_list(in, subject, &section->wanted_by, "wants", linked ? err : &later);
	linked &= link_list(in, subject, &section->required_by, "requires", linked ? err : &later);
	for (size_t i = 0; i < section->also.count; i++)
		enable_also(in, section->also.items[i]);
	if (!section->alias.count && !section->wanted_by.count && !section->required_by.count &&
	    !section->also.count)
		in->has_hint = true;
	return linked;
}

bool install_enable(struct installer *in, const char *name, const char *outside, struct error *err)
{
	struct install_subject subject;
	bool enabled;

	if (strings_contain(&in->seen, name))
		return true;
	strings_add(&in->seen, name);
	install_subject_read(in, name, outside, &subject);
	enabled = install_subject_check(&subject, err) &&
		  choose_instance(in, outside, &subject, err) && link_all(in, &subject, err) &&
		  (!outside || install_file_link(in, outside, err));
	install_subject_fini(&subject);
	return enabled;
}
