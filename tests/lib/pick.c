/* The filters that tests put to jq most, in a tenth of its time (jq 1.6 reads its own library at each start,
 * which is most of it where a test only waits for a state):
 *
 *	pick [-rce] FILTER [FILE]
 *
 * A filter of names, numbers and [] in a row, or a few of them with commas between, and perhaps `| length`, is
 * answered here as jq would; whatever else there is, in the arguments or in the text, goes to jq as it came. */
#include "base/text.h"
#include "format/json.h"
#include "os/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_LIMIT  (256u << 20)
#define STEPS_LIMIT 32
#define EXACT_LIMIT (1ll << 53) /* jq's numbers are doubles */

struct step {
	enum { NAME, NUMBER, EACH, LENGTH } kind;
	const char *name;
	size_t size;
	long number;
};

static struct {
	bool raw, compact, judge;
	struct step steps[STEPS_LIMIT];
	size_t count;
	size_t ends[STEPS_LIMIT]; /* where each path among the steps ends */
	size_t paths;
	const char *file;
} asked;

static json_t *last; /* what was printed last; -e judges it */
static struct buffer out;

/* ---- what is asked ---- */

static bool read_options(int argc, char **argv, int *at)
{
	for (; *at < argc && argv[*at][0] == '-' && argv[*at][1]; ++*at)
		for (const char *letter = argv[*at] + 1; *letter; letter++)
			switch (*letter) {
			case 'r': asked.raw = true; break;
			case 'c': asked.compact = true; break;
			case 'e': asked.judge = true; break;
			default: return false;
			}
	return true;
}

static struct step *add_step(int kind)
{
	if (asked.count == STEPS_LIMIT)
		return NULL;
	asked.steps[asked.count].kind = kind;
	return &asked.steps[asked.count++];
}

/* NAME behind a dot: the text behind it, NULL when it is none. */
static const char *read_name(const char *text)
{
	size_t size = 0;

	while (text[size] == '_' || isalpha((unsigned char)text[size]) ||
	       (size > 0 && isdigit((unsigned char)text[size])))
		size++;
	struct step *step = size > 0 ? add_step(NAME) : NULL;
	if (!step)
		return NULL;
	step->name = text;
	step->size = size;
	return text + size;
}

/* "NAME"] or NUMBER] or ] */
static const char *read_bracket(const char *text)
{
	char *end;
	struct step *step = add_step(text[0] == '"' ? NAME : text[0] == ']' ? EACH : NUMBER);

	if (!step)
		return NULL;
	if (step->kind == NAME) {
		step->name = text + 1;
		step->size = strcspn(text + 1, "\"\\");
		text += 1 + step->size;
		if (*text++ != '"')
			return NULL;
	} else if (step->kind == NUMBER) {
		step->number = strtol(text, &end, 10);
		if (end == text)
			return NULL;
		text = end;
	}
	return *text == ']' ? text + 1 : NULL;
}

static bool ends_with_length(const char *text)
{
	text += strspn(text, " ");
	if (*text++ != '|')
		return false;
	text += strspn(text, " ");
	return strcmp(text, "length") == 0 && add_step(LENGTH);
}

/* One path: the text behind it, NULL when it is none. */
static const char *read_path(const char *text)
{
	bool first = true;

	if (*text != '.')
		return NULL;
	for (; text && *text && *text != ' ' && *text != ','; first = false) {
		if (first && strchr(" ,", text[1])) /* "." alone; the end of the text counts */
			text++;
		else if (first && text[1] == '[')
			text = read_bracket(text + 2);
		else if (*text == '[')
			text = read_bracket(text + 1);
		else
			text = *text == '.' ? read_name(text + 1) : NULL;
	}
	if (text && asked.paths < STEPS_LIMIT)
		asked.ends[asked.paths++] = asked.count;
	return text;
}

static bool read_filter(const char *text)
{
	if (strcmp(text, "length") == 0)
		text = ". | length";
	do
		text = read_path(text);
	while (text && *text == ',' && text++ && (text += strspn(text, " ")));
	if (!text || !*text)
		return text;
	if (asked.paths != 1 || !ends_with_length(text))
		return false;
	asked.ends[0] = asked.count;
	return true;
}

static bool read_arguments(int argc, char **argv)
{
	int at = 1;

	if (!read_options(argc, argv, &at) || at >= argc || !read_filter(argv[at++]) || argc > at + 1)
		return false;
	asked.file = argv[at];
	return true;
}

/* ---- the answer: false where jq knows better ---- */

static bool print(json_t *value)
{
	if (asked.raw && json_is_string(value)) {
		buffer_add(&out, json_string_value(value), json_string_length(value));
	} else {
		scoped_free char *text =
			json_dumps(value, JSON_ENCODE_ANY | (asked.compact ? JSON_COMPACT : JSON_INDENT(2)));
		if (!text || strstr(text, "\\u") || strchr(text, 127))
			return false;
		buffer_add(&out, text, strlen(text));
	}
	buffer_add(&out, "\n", 1);
	json_decref(last);
	last = json_incref(value);
	return true;
}

static bool has_strange_number(const json_t *value)
{
	const char *name;
	json_t *part;
	size_t i;

	if (json_is_real(value) || llabs(json_integer_value(value)) > EXACT_LIMIT)
		return true;
	json_array_foreach(value, i, part)
		if (has_strange_number(part))
			return true;
	json_object_foreach((json_t *)value, name, part)
		if (has_strange_number(part))
			return true;
	return false;
}

static bool follow(json_t *value, size_t at, size_t end);

static bool follow_each(json_t *value, size_t at, size_t end)
{
	const char *name;
	json_t *part;
	size_t i;

	if (!json_is_array(value) && !json_is_object(value))
		return false;
	json_array_foreach(value, i, part)
		if (!follow(part, at, end))
			return false;
	json_object_foreach(value, name, part)
		if (!follow(part, at, end))
			return false;
	return true;
}

static bool follow_length(const json_t *value)
{
	json_t *number = json_integer((json_int_t)(json_is_array(value) ? json_array_size(value)
									: json_object_size(value)));
	bool good = (json_is_array(value) || json_is_object(value) || json_is_null(value)) && print(number);

	json_decref(number);
	return good;
}

/* What is missing is null, and so is everything below null. */
static bool follow(json_t *value, size_t at, size_t end)
{
	const struct step *step = &asked.steps[at];
	json_t *part = NULL;

	if (at == end)
		return !has_strange_number(value) && print(value);
	switch (step->kind) {
	case EACH:
		return follow_each(value, at + 1, end);
	case LENGTH:
		return follow_length(value);
	case NAME: {
		scoped_free char *name = str_format("%.*s", (int)step->size, step->name);
		if (!json_is_object(value) && !json_is_null(value))
			return false;
		part = json_object_get(value, name);
		break;
	}
	case NUMBER:
		if ((!json_is_array(value) && !json_is_null(value)) || step->number < 0)
			return false;
		part = json_array_get(value, (size_t)step->number);
		break;
	}
	return follow(part ? part : json_null(), at + 1, end);
}

static bool follow_all(json_t *value)
{
	for (size_t i = 0; i < asked.paths; i++)
		if (!follow(value, i > 0 ? asked.ends[i - 1] : 0, asked.ends[i]))
			return false;
	return true;
}

static bool answer(const char *text, size_t size)
{
	struct error err;
	bool good = true;

	while (good) {
		size_t used, blanks = 0;
		while (blanks < size && isspace((unsigned char)text[blanks]))
			blanks++;
		text += blanks;
		size -= blanks;
		if (size == 0)
			break;
		scoped_json json_t *value = json_parse_first(text, size, &used, &err);
		good = value && follow_all(value);
		text += good ? used : 0;
		size -= good ? used : 0;
	}
	return good;
}

/* ---- jq ---- */

/* With what was read already, if anything was. */
static int leave_to_jq(char **argv, const struct buffer *text)
{
	if (text) {
		int copy = memfd_create("input", MFD_CLOEXEC);
		if (copy < 0 || write(copy, text->data, text->size) != (ssize_t)text->size ||
		    lseek(copy, 0, SEEK_SET) < 0 || dup2(copy, STDIN_FILENO) < 0)
			return 2;
	}
	argv[0] = "jq";
	execvp("jq", argv);
	perror("jq");
	return 127;
}

int main(int argc, char **argv)
{
	struct error err;
	struct buffer text = {0};

	if (isatty(STDOUT_FILENO) || !read_arguments(argc, argv))
		return leave_to_jq(argv, NULL);
	if (asked.file ? !file_read(AT_FDCWD, asked.file, TEXT_LIMIT, &text, &err)
		       : !file_read_fd(STDIN_FILENO, TEXT_LIMIT, &text, &err))
		return leave_to_jq(argv, NULL);
	if (!answer(text.data, text.size) || (asked.judge && !last))
		return leave_to_jq(argv, asked.file ? NULL : &text);
	if (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout) != 0)
		return 2;
	return asked.judge && (json_is_null(last) || json_is_false(last)) ? 1 : 0;
}
