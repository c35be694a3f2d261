/* status: everything about a unit on one screen, in systemctl's layout: labels right-aligned to column 11, lines
 * without a value left out. */
#include "base/time.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "format/time_span.h"

#include <stdio.h>

enum { LABEL_WIDTH = 11 };

static void add_label(struct buffer *out, const char *label)
{
	buffer_format(out, "%*s: ", LABEL_WIDTH, label);
}

static void add_value(struct buffer *out, const char *label, const char *value)
{
	if (str_is_empty(value))
		return;
	add_label(out, label);
	buffer_format(out, "%s\n", value);
}

/* ---- Loaded, Drop-In ---- */

static bool has_preset(const char *state)
{
	static const char *const without[] = {"static", "transient", "generated",
					      "alias",	"",	     "bad"};

	for (size_t i = 0; i < array_length(without); i++)
		if (str_equal(state, without[i]))
			return false;
	return true;
}

static void add_loaded(const json_t *unit, struct buffer *out)
{
	const char *load = unit_property(unit, "LoadState");
	const char *path = unit_property(unit, "FragmentPath"),
		   *state = doc_text(unit, "FileState");

	add_label(out, "Loaded");
	buffer_add_text(out, load);
	if (str_equal(load, "masked"))
		buffer_format(out, " (Reason: Unit %s is masked.)", unit_property(unit, "Id"));
	else if (*unit_property(unit, "LoadError"))
		buffer_format(out, " (Reason: %s)", unit_property(unit, "LoadError"));
	else if (*path && has_preset(state))
		buffer_format(out, " (%s; %s; preset: enabled)", path, state);
	else if (*path)
		buffer_format(out, " (%s; %s)", path, *state ? state : "static");
	buffer_add_char(out, '\n');
	if (str_equal(unit_property(unit, "Transient"), "yes")) {
		add_label(out, "Transient");
		buffer_add_text(out, "yes\n");
	}
}

static void add_drop_ins(const json_t *unit, struct buffer *out)
{
	const json_t *paths = json_object_get(unit, "DropIns");
	size_t count = json_array_size(paths);
	scoped_free char *folder = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *path = json_string_value(json_array_get(paths, i));
		size_t cut = (size_t)(strrchr(path, '/') - path);
		const char *next =
			i + 1 < count ? json_string_value(json_array_get(paths, i + 1)) : "";
		bool new_folder =
			!folder || strlen(folder) != cut || strncmp(folder, path, cut) != 0;
		bool last = strlen(next) <= cut || strncmp(next, path, cut + 1) != 0 ||
			    strchr(next + cut + 1, '/');

		if (new_folder) {
			str_replace(&folder, NULL);
			folder = str_dup_n(path, cut);
			buffer_format(out, "%*s%s%s\n", LABEL_WIDTH, i ? "" : "Drop-In",
				      i ? "  " : ": ", folder);
		}
		buffer_format(out, "%*s  %s%s\n", LABEL_WIDTH, "", last ? "└─" : "├─",
			      path + cut + 1);
	}
}

/* ---- Active ---- */

static const struct {
	const char *active, *stamp;
} since[] = {
	{"active", "ActiveEnterTimestamp"},	 {"reloading", "ActiveEnterTimestamp"},
	{"inactive", "InactiveEnterTimestamp"},	 {"failed", "InactiveEnterTimestamp"},
	{"activating", "InactiveExitTimestamp"}, {"deactivating", "ActiveExitTimestamp"},
};

static void add_since(const json_t *unit, const char *active, struct buffer *out)
{
	const char *stamp = "";

	for (size_t i = 0; i < array_length(since); i++)
		if (str_equal(since[i].active, active))
			stamp = since[i].stamp;
	int64_t at = *stamp ? unit_moment(unit, stamp) : 0;
	if (!at)
		return;
	scoped_free char *age = time_span_format_short(time_now_ns() / NS_PER_US - at);
	buffer_format(out, " since %s; %s ago", unit_property(unit, stamp), age);
}

static void add_active(const json_t *unit, struct buffer *out)
{
	const char *active = unit_property(unit, "ActiveState"),
		   *sub = unit_property(unit, "SubState");
	const char *result = unit_property(unit, "Result");
	scoped_buffer struct buffer words = {0};
	bool shows_sub = *sub && !str_equal(sub, active) &&
			 !(str_equal(active, "active") && str_equal(sub, "active"));

	buffer_add_text(&words, active);
	if (shows_sub)
		buffer_format(&words, " (%s)", sub);
	if (*result && !str_equal(result, "success") &&
	    (str_equal(active, "failed") || str_equal(active, "activating")))
		buffer_format(&words, " (Result: %s)", result);
	add_label(out, "Active");
	unit_add_coloured(out, active, words.data);
	if (str_equal(unit_property(unit, "FreezerState"), "frozen"))
		buffer_add_text(out, " (frozen)");
	add_since(unit, active, out);
	buffer_add_char(out, '\n');
}

static void add_duration(const json_t *unit, struct buffer *out)
{
	const char *active = unit_property(unit, "ActiveState");
	int64_t begin = unit_moment(unit, "ActiveEnterTimestamp"),
		end = unit_moment(unit, "ActiveExitTimestamp");

	if ((!str_equal(active, "failed") && !str_equal(active, "inactive")) || !begin ||
	    end <= begin)
		return;
	scoped_free char *span = time_span_format(end - begin, 1000);
	add_value(out, "Duration", span);
}

/* ---- what it triggers, is triggered by, listens on ---- */

static void add_relations(const json_t *units, const char *label, struct buffer *out)
{
	size_t i;
	json_t *unit;

	json_array_foreach (units, i, unit) {
		const char *active = doc_text(unit, "ActiveState");

		buffer_format(out, "%*s%s", LABEL_WIDTH, i ? "" : label, i ? "  " : ": ");
		unit_add_coloured(out, active, unit_dot("loaded", active));
		buffer_format(out, " %s\n", doc_text(unit, "Id"));
	}
}

static void add_texts(const json_t *texts, const char *label, struct buffer *out)
{
	size_t i;
	json_t *text;

	json_array_foreach (texts, i, text)
		buffer_format(out, "%*s%s%s\n", LABEL_WIDTH, i ? "" : label, i ? "  " : ": ",
			      json_string_value(text));
}

static void add_trigger(const json_t *unit, struct buffer *out)
{
	const json_t *trigger = json_object_get(unit, "Trigger");
	int64_t next = doc_number(trigger, "Next_us");

	if (!json_is_object(trigger))
		return;
	if (!next) {
		add_value(out, "Trigger", "n/a");
		return;
	}
	scoped_free char *stamp = time_stamp_format(next);
	scoped_free char *left = time_span_format_short(next - time_now_ns() / NS_PER_US);
	add_label(out, "Trigger");
	buffer_format(out, "%s; %s left\n", stamp, left);
}

/* ---- processes ---- */

/* "(code=exited, status=0/SUCCESS)", "(code=killed, signal=TERM)" */
static void add_end(const json_t *process, struct buffer *out)
{
	const char *code = doc_text(process, "Code");

	buffer_format(out, "(code=%s, %s=%s)", code,
		      str_equal(code, "exited") ? "status" : "signal",
		      doc_text(process, "StatusText"));
}

static void add_processes(const json_t *unit, struct buffer *out)
{
	bool failed = str_equal(unit_property(unit, "ActiveState"), "failed") ||
		      str_equal(unit_property(unit, "ActiveState"), "inactive") ||
		      str_equal(unit_property(unit, "SubState"), "auto-restart");
	size_t i;
	json_t *process;

	json_array_foreach (json_object_get(unit, "Processes"), i, process) {
		bool is_main = str_equal(doc_text(process, "Phase"), "ExecStart");

		if (doc_flag(process, "Running") || (is_main && !failed))
			continue;
		add_label(out, "Process");
		buffer_format(out, "%lld %s=%s ", (long long)doc_number(process, "Pid"),
			      doc_text(process, "Phase"), doc_text(process, "Command"));
		add_end(process, out);
		buffer_add_char(out, '\n');
	}
}

static void add_one_process(const json_t *process, const char *label, struct buffer *out)
{
	if (!json_is_object(process) || !doc_number(process, "Pid"))
		return;
	add_label(out, label);
	buffer_format(out, "%lld ", (long long)doc_number(process, "Pid"));
	if (doc_flag(process, "Running"))
		buffer_format(out, "(%s)", doc_text(process, "Name"));
	else
		add_end(process, out);
	buffer_add_char(out, '\n');
}

/* ---- usage ---- */

static bool number_of(const json_t *unit, const char *name, int64_t *number)
{
	const char *text = unit_property(unit, name);
	char *end;

	if (!*text || *text == '[' || str_equal(text, "infinity"))
		return false;
	*number = strtoll(text, &end, 10);
	return !*end;
}

/* "252.0K": systemd's sizes, in powers of 1024. */
static char *size_text(int64_t bytes)
{
	static const char letters[] = "BKMGTPE";
	double size = (double)bytes;
	size_t i = 0;

	for (; size >= 1024 && i + 2 < sizeof(letters); i++)
		size /= 1024;
	return i ? str_format("%.1f%c", size, letters[i]) : str_format("%lldB", (long long)bytes);
}

static void add_usage(const json_t *unit, struct buffer *out)
{
	int64_t number, limit;

	if (number_of(unit, "TasksCurrent", &number)) {
		add_label(out, "Tasks");
		buffer_format(out, "%lld", (long long)number);
		if (number_of(unit, "TasksMax", &limit))
			buffer_format(out, " (limit: %lld)", (long long)limit);
		buffer_add_char(out, '\n');
	}
	if (number_of(unit, "MemoryCurrent", &number)) {
		scoped_free char *text = size_text(number);

		add_label(out, "Memory");
		buffer_add_text(out, text);
		if (number_of(unit, "MemoryMax", &limit)) {
			scoped_free char *most = size_text(limit);

			buffer_format(out, " (max: %s)", most);
		}
		buffer_add_char(out, '\n');
	}
	if (number_of(unit, "CPUUsageNSec", &number)) {
		scoped_free char *span = time_span_format(number / NS_PER_US, 1000);

		add_value(out, "CPU", span);
	}
}

/* ---- the tree of control groups ---- */

struct branch {
	struct buffer *out;
	const char *prefix;
};

static void add_container(const json_t *container, struct buffer *out)
{
	buffer_format(out, "container %s %.12s %s", doc_text(container, "Name"),
		      doc_text(container, "Id"), doc_text(container, "Image"));
}

static void add_group(const json_t *group, const char *prefix, struct buffer *out)
{
	const json_t *processes = json_object_get(group, "Processes");
	const json_t *children = json_object_get(group, "Children");
	size_t groups = json_array_size(children), count = json_array_size(processes), i;
	json_t *item;

	json_array_foreach (processes, i, item)
		buffer_format(out, "%s%s%lld %s\n", prefix, i + 1 < count + groups ? "├─" : "└─",
			      (long long)doc_number(item, "Pid"), doc_text(item, "Command"));
	json_array_foreach (children, i, item) {
		bool last = i + 1 == groups;
		const json_t *container = json_object_get(item, "Container");
		scoped_free char *deeper = str_format("%s%s", prefix, last ? "  " : "│ ");

		buffer_format(out, "%s%s", prefix, last ? "└─" : "├─");
		if (json_is_object(container))
			add_container(container, out);
		else
			buffer_add_text(out, doc_text(item, "Name"));
		buffer_add_char(out, '\n');
		add_group(item, deeper, out);
	}
}

static void add_cgroup(const json_t *unit, struct buffer *out)
{
	const json_t *group = json_object_get(unit, "Cgroup");

	if (!json_is_object(group))
		return;
	add_value(out, "CGroup", doc_text(group, "Path"));
	add_group(group, "             ", out);
}

/* ---- the whole ---- */

static void add_status(const json_t *unit, struct buffer *out)
{
	const char *id = unit_property(unit, "Id"),
		   *description = unit_property(unit, "Description");
	const char *active = unit_property(unit, "ActiveState");

	unit_add_coloured(out, active, unit_dot(unit_property(unit, "LoadState"), active));
	buffer_format(out, " %s", id);
	if (*description && !str_equal(description, id))
		buffer_format(out, " - %s", description);
	buffer_add_char(out, '\n');
	add_loaded(unit, out);
	add_drop_ins(unit, out);
	add_active(unit, out);
	add_duration(unit, out);
	add_trigger(unit, out);
	add_relations(json_object_get(unit, "Triggers"), "Triggers", out);
	add_relations(json_object_get(unit, "TriggeredBy"), "TriggeredBy", out);
	add_texts(json_object_get(unit, "Docs"), "Docs", out);
	add_texts(json_object_get(unit, "Listen"), "Listen", out);
	add_processes(unit, out);
	add_one_process(json_object_get(unit, "Main"), "Main PID", out);
	add_one_process(json_object_get(unit, "Control"), "Cntrl PID", out);
	if (*doc_text(unit, "StatusText")) {
		add_label(out, "Status");
		buffer_format(out, "\"%s\"\n", doc_text(unit, "StatusText"));
	}
	add_usage(unit, out);
	add_cgroup(unit, out);
}

bool unit_add_journal(struct cli *cli, const char *name, const struct unit_options *options,
		      struct buffer *out, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/journal");
	scoped_buffer struct buffer lines = {0};

	if (options->lines.given && options->lines.value == 0)
		return true;
	target_add(&target, "unit", name);
	target_add_number(&target, "lines", options->lines.given ? options->lines.value : 10);
	target_add(&target, "output", options->output ? options->output : "short");
	target_add_flag(&target, "bare", true);
	if (!api_get_text(cli, &target, &lines, err))
		return false;
	if (lines.size) {
		buffer_add_char(out, '\n');
		buffer_add(out, lines.data, lines.size);
	}
	return true;
}

static int status_code(const json_t *unit)
{
	const char *active = unit_property(unit, "ActiveState");

	if (!unit_is_known(unit) && str_equal(active, "inactive"))
		return 4;
	return str_equal(active, "active") || str_equal(active, "reloading") ? 0 : 3;
}

static void say_changed(struct cli *cli, const json_t *unit)
{
	if (doc_flag(unit, "Changed"))
		fprintf(stderr,
			"Warning: The unit file, source configuration file or drop-ins of %s "
			"changed on "
			"disk. Run '%s daemon-reload' to reload units.\n",
			unit_property(unit, "Id"), unit_program(cli));
}

/* What its files and the host do not let it be. */
static void say_warnings(const json_t *unit)
{
	const json_t *warning;
	size_t i;

	json_array_foreach (json_object_get(unit, "Warnings"), i, warning)
		fprintf(stderr, "Warning: %s\n", json_string_value(warning));
}

static bool show_one(struct cli *cli, const char *name, const struct unit_options *options,
		     int *code, struct error *err)
{
	scoped_json json_t *unit = unit_get(cli, name, err);
	scoped_buffer struct buffer out = {0};

	if (!unit)
		return false;
	*code = status_code(unit);
	if (*code == 4) {
		fprintf(stderr, "Unit %s could not be found.\n", name);
		return true;
	}
	say_changed(cli, unit);
	say_warnings(unit);
	add_status(unit, &out);
	if (!unit_add_journal(cli, unit_property(unit, "Id"), options, &out, err))
		return false;
	return cli_print(&out) == 0 || error_set(err, ERROR_SYSTEM, "nobody reads the status");
}

/* A number is a process: its unit is meant. */
static bool names_of_processes(struct cli *cli, const struct strings *typed, struct strings *names,
			       struct error *err)
{
	for (size_t i = 0; i < typed->count; i++) {
		const char *word = typed->items[i];

		if (word[strspn(word, "0123456789")]) {
			strings_add(names, word);
			continue;
		}
		scoped_target struct target target = target_format("/wherry/v1/processes/%s", word);
		scoped_json json_t *process = api_get(cli, &target, err);
		if (!process)
			return false;
		strings_add(names, doc_text(process, "Unit"));
	}
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	scoped_strings struct strings names = {0}, words = {0};
	int status = 0, code;
	struct error err;

	if (!arguments->count && !options->all && !options->types.count)
		return unit_show_host(cli, options);
	if (!names_of_processes(cli, arguments, &words, &err) ||
	    !unit_names(cli, &words, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++) {
		if (i)
			printf("\n");
		if (!show_one(cli, names.items[i], options, &code, &err))
			return cli_fail(cli, &err);
		if (!status)
			status = code;
	}
	return status;
}

const struct command unit_status = UNIT_COMMAND(
	"[OPTIONS] [UNIT|PID...]", "Show what units are, run and have said last", 0, -1, run);

/* ---- of no unit: the host ---- */

static const char *host_dot(const char *state)
{
	return str_equal(state, "running")    ? "active"
	       : str_equal(state, "degraded") ? "failed"
					      : "activating";
}

int unit_show_host(struct cli *cli, const struct unit_options *options)
{
	scoped_target struct target target = target_format("/wherry/v1/state");
	scoped_buffer struct buffer out = {0};
	struct error err;

	scoped_json json_t *host = api_get(cli, &target, &err);
	if (!host)
		return cli_fail(cli, &err);
	const char *state = doc_text(host, "State");
	int64_t begin = doc_number(host, "Since_us");
	scoped_free char *stamp = time_stamp_format(begin);
	scoped_free char *age = time_span_format_short(time_now_ns() / NS_PER_US - begin);
	unit_add_coloured(&out, host_dot(state), "●");
	buffer_format(&out, " %s\n", doc_text(host, "Host"));
	buffer_format(&out, "    State: ");
	unit_add_coloured(&out, host_dot(state), state);
	buffer_format(&out, "\n    Units: %lld loaded (incl. loaded aliases)\n",
		      (long long)doc_number(host, "Units"));
	buffer_format(&out, "     Jobs: %lld queued\n", (long long)doc_number(host, "Jobs"));
	buffer_format(&out, "   Failed: %lld units\n", (long long)doc_number(host, "Failed"));
	buffer_format(&out, "    Since: %s; %s ago\n", stamp, age);
	return cli_print(&out);
}
