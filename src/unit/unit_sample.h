/* Units for tests, from lines: "q Requires=base After=base,x active".  A name without a type is a service.  Words
 * without `=` are the state, the load state or a switch of the tables below; "job=stop" queues one, "job=stop!" an
 * irreversible one.  What is only named has no file. */
#pragma once

#include "base/memory.h"
#include "base/test.h"
#include "unit/dependency_pool.h"
#include "unit/name_pool.h"
#include "unit/unit.h"

static inline const char *sample_name(const char *name)
{
	char full[300];

	snprintf(full, sizeof(full), "%s%s", name, strchr(name, '.') ? "" : ".service");
	return name_pool_get(full);
}

static inline struct unit *sample_find(struct unit_set *set, const char *name)
{
	struct unit *unit = unit_set_find(set, sample_name(name));

	if (!unit)
		fail_msg("no unit %s", name);
	return unit;
}

static inline struct unit_config *sample_config(const char *name, enum load_state load)
{
	struct unit_config *config = mem_new(struct unit_config);
	enum unit_type type;

	assert_true(unit_type_of_name(name, &type));
	config->name = name_pool_get(name);
	config->type = type;
	config->load = load;
	config->start_limit_interval_us = 10000000;
	config->start_limit_burst = 5;
	config->on_success_mode = JOB_FAIL;
	return config;
}

static inline void sample_depend(struct unit_config *config, enum dependency kind,
				 const char *names, bool implicit)
{
	struct strings list = strings_split(names, ',');

	for (size_t i = 0; i < list.count; i++) {
		struct unit_dependency *more =
			mem_zeroed(config->dependency_count + 1, sizeof(*more));

		if (config->dependency_count)
			memcpy(more, config->dependencies,
			       config->dependency_count * sizeof(*more));
		more[config->dependency_count++] = (struct unit_dependency){
			.kind = kind, .implicit = implicit, .name = sample_name(list.items[i])};
		dependency_pool_release(config->dependencies);
		config->dependencies = dependency_pool_get(more, config->dependency_count);
		free(more);
	}
	strings_fini(&list);
}

static inline void sample_reloads(struct unit_config *config)
{
	struct execution_plan plan;

	execution_plan_init(&plan, config->name);
	record_list_add(&execution_command_type, &plan.commands[EXECUTION_RELOAD]);
	record_pack(&execution_plan_type, &plan, &config->plan);
	record_fini(&execution_plan_type, &plan);
}

static inline bool sample_switch(struct unit_config *config, const char *word)
{
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {
		{"builtin", &config->builtin},
		{"transient", &config->transient},
		{"isolate", &config->allow_isolate},
		{"keep", &config->ignore_on_isolate},
		{"no-manual-start", &config->refuse_manual_start},
		{"no-manual-stop", &config->refuse_manual_stop},
		{"unneeded", &config->stop_when_unneeded},
		{"no-defaults", &config->no_default_dependencies},
	};

	for (size_t i = 0; i < array_length(flags); i++)
		if (str_equal(flags[i].word, word))
			return *flags[i].flag = true;
	for (int i = 0; i < LOAD_STATES; i++) {
		if (!str_equal(load_state_name(i), word))
			continue;
		config->load = i;
		return true;
	}
	if (!str_equal(word, "reloads"))
		return false;
	sample_reloads(config);
	return true;
}

static inline void sample_job(struct unit *unit, const char *type)
{
	unit->job = mem_new(struct job);
	unit->job->unit = unit;
	unit->job->irreversible = str_ends_with(type, "!");
	for (int i = 0; i < JOB_NOP; i++)
		if (str_starts_with(type, job_type_name(i)) &&
		    (type[strlen(job_type_name(i))] & ~'!') == 0)
			unit->job->type = i;
}

static inline bool sample_state(struct unit *unit, const char *word)
{
	static const struct {
		const char *word;
		enum sub_state sub;
	} states[] = {
		{"inactive", SUB_DEAD},
		{"activating", SUB_START},
		{"active", SUB_RUNNING},
		{"reloading", SUB_RELOAD},
		{"failed", SUB_FAILED},
		{"deactivating", SUB_STOP_SIGTERM},
		{"auto-restart", SUB_AUTO_RESTART},
	};

	for (size_t i = 0; i < array_length(states); i++) {
		if (!str_equal(states[i].word, word))
			continue;
		unit->sub = states[i].sub;
		return true;
	}
	return false;
}

static inline void sample_word(struct unit *unit, struct unit_config *config, const char *word)
{
	const char *value = strchr(word, '=');

	if (str_starts_with(word, "job=")) {
		sample_job(unit, value + 1);
		return;
	}
	if (str_starts_with(word, "alias=")) {
		strings_add(&config->aliases, sample_name(value + 1));
		return;
	}
	for (int kind = 0; value && kind < DEPENDENCIES; kind++) {
		size_t length = strlen(dependency_name(kind));
		bool implicit = word[0] == '~';

		if (strncmp(word + implicit, dependency_name(kind), length) == 0 &&
		    word + implicit + length == value) {
			sample_depend(config, kind, value + 1, implicit);
			return;
		}
	}
	if (value || (!sample_switch(config, word) && !sample_state(unit, word)))
		fail_msg("what is %s?", word);
}

/* One unit; given again: it gets a new config. */
static inline struct unit *sample_unit(struct unit_set *set, const char *line)
{
	struct strings words = strings_split(line, ' ');
	struct unit *unit = unit_set_get(set, sample_name(words.items[0]));
	struct unit_config *config = sample_config(unit->name, LOAD_LOADED);

	for (size_t i = 1; i < words.count; i++)
		if (words.items[i][0])
			sample_word(unit, config, words.items[i]);
	strings_fini(&words);
	return unit_set_config(set, unit, config);
}

/* Many, in lines or between `;`. */
static inline struct unit_set sample_set(const char *text)
{
	struct unit_set set = {0};
	struct strings lines = strings_split(text, ';');

	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " ");

		if (line[0])
			sample_unit(&set, line);
	}
	strings_fini(&lines);
	for (size_t i = 0; i < set.count; i++)
		if (!set.items[i]->config)
			unit_set_config(&set, set.items[i],
					sample_config(set.items[i]->name, LOAD_NOT_FOUND));
	return set;
}
