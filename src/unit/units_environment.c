/* Variables that all units get: those that the daemon begins with, and what set-environment and
 * unset-environment have changed of them.  The changes lie in <exec root>/environment, so that the
 * next daemon has them, and the next boot has not. */
#include "unit/units_private.h"

#include "base/log.h"
#include "os/file.h"

#include <ctype.h>
#include <fcntl.h>

#define FILE_NAME "environment"

enum { FILE_LIMIT = 1 << 20 };

struct environment_record {
	struct pairs set;
	struct strings unset; /* of those that the daemon begins with */
};

static const struct record_field fields[] = {
	RECORD_FIELD(struct environment_record, 1, "set", RECORD_PAIRS, set),
	RECORD_FIELD(struct environment_record, 2, "unset", RECORD_STRINGS, unset),
};
static const struct record_type environment_type = RECORD_TYPE(struct environment_record, fields);

struct pairs units_environment(const struct units *units)
{
	struct pairs all = pairs_copy(&units->context.default_environment);

	for (size_t i = 0; i < units->environment.unset.count; i++)
		pairs_remove(&all, units->environment.unset.items[i]);
	for (size_t i = 0; i < units->environment.set.count; i++)
		pairs_set(&all, units->environment.set.items[i].name,
			  units->environment.set.items[i].value);
	return all;
}

/* ---- the file ---- */

void environment_open(struct units *units)
{
	scoped_buffer struct buffer bytes = {0};
	struct environment_record record = {0};
	struct error err;
	scoped_fd int folder = folder_open(AT_FDCWD, units->exec_root, &err);

	if (folder < 0 || !file_read(folder, FILE_NAME, FILE_LIMIT, &bytes, &err))
		return; /* nobody has changed anything since the host was started */
	if (!record_decode(&environment_type, bytes.data, bytes.size, &record, &err)) {
		log_warning("cannot read the variables of units", &err, "");
		record_fini(&environment_type, &record);
		return;
	}
	units->environment.set = record.set;
	units->environment.unset = record.unset;
}

void environment_close(struct units *units)
{
	pairs_fini(&units->environment.set);
	strings_fini(&units->environment.unset);
}

static bool save(const struct units *units, const struct environment_record *record,
		 struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_fd int folder = folder_open(AT_FDCWD, units->exec_root, err);

	record_encode(&environment_type, record, &bytes);
	return folder >= 0 &&
	       file_replace(folder, FILE_NAME,
			    &(struct file_content){bytes.data, bytes.size, 0600, false}, err);
}

/* ---- changes ---- */

static void strings_drop(struct strings *list, const char *text)
{
	for (size_t i = list->count; i-- > 0;)
		if (str_equal(list->items[i], text))
			strings_remove(list, i);
}

static bool is_name(const char *text, size_t length)
{
	if (!length || isdigit((unsigned char)*text))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return true;
}

static bool set_one(struct environment_record *to, const char *assignment, struct error *err)
{
	size_t length = strcspn(assignment, "=");
	scoped_free char *name = str_dup_n(assignment, length);

	if (!assignment[length] || !is_name(assignment, length))
		return error_set(err, ERROR_INVALID, "Invalid environment assignment: %s",
				 assignment);
	pairs_set(&to->set, name, assignment + length + 1);
	strings_drop(&to->unset, name);
	return true;
}

/* "NAME", or "NAME=VALUE" where it has that value. */
static bool unset_one(const struct units *units, struct environment_record *to, const char *text,
		      struct error *err)
{
	size_t length = strcspn(text, "=");
	scoped_free char *name = str_dup_n(text, length);
	const char *has = pairs_get(&to->set, name);
	bool unset_before = strings_contain(&to->unset, name);

	if (!is_name(text, length))
		return error_set(err, ERROR_INVALID,
				 "Invalid environment variable name or assignment: %s", text);
	if (!has && !unset_before)
		has = pairs_get(&units->context.default_environment, name);
	if (!has || (text[length] && !str_equal(has, text + length + 1)))
		return true;
	pairs_remove(&to->set, name);
	if (!unset_before && pairs_have(&units->context.default_environment, name))
		strings_add(&to->unset, name);
	return true;
}

static bool change(const struct units *units, const struct strings *set,
		   const struct strings *unset, struct environment_record *to, struct error *err)
{
	for (size_t i = 0; i < unset->count; i++)
		if (!unset_one(units, to, unset->items[i], err))
			return false;
	for (size_t i = 0; i < set->count; i++)
		if (!set_one(to, set->items[i], err))
			return false;
	return true;
}

bool units_change_environment(struct units *units, const struct strings *set,
			      const struct strings *unset, struct error *err)
{
	struct environment_record record;

	if (units->systemd)
		return error_set(err, ERROR_UNSUPPORTED,
				 "units are systemd's: its systemctl sets their variables");
	record = (struct environment_record){pairs_copy(&units->environment.set),
					     strings_copy(&units->environment.unset)};
	if (!change(units, set, unset, &record, err) || !save(units, &record, err)) {
		record_fini(&environment_type, &record);
		return false;
	}
	environment_close(units);
	units->environment.set = record.set;
	units->environment.unset = record.unset;
	return true;
}
