#include "format/option.h"

/* One parse under way. */
struct parser {
	const struct option_set *sets;
	char *fields;
	const char *const *argv;
	size_t count;
	size_t at; /* of the next argument */
	bool options_first;
	struct option_outcome *outcome;
};

static const struct option *find_option(const struct parser *p, const char *name, size_t length)
{
	for (size_t s = 0; s < OPTION_SETS; s++)
		for (size_t i = 0; i < p->sets[s].count; i++) {
			const struct option *option = &p->sets[s].options[i];

			if (strncmp(option->name, name, length) == 0 && !option->name[length])
				return option;
		}
	return NULL;
}

static const struct option *find_shorthand(const struct parser *p, char shorthand)
{
	for (size_t s = 0; s < OPTION_SETS; s++)
		for (size_t i = 0; i < p->sets[s].count; i++)
			if (p->sets[s].options[i].shorthand == shorthand)
				return &p->sets[s].options[i];
	return NULL;
}

/* "-m, --memory", as errors name an option. */
static char *full_name(const struct option *option)
{
	if (!option->shorthand)
		return str_format("--%s", option->name);
	return str_format("-%c, --%s", option->shorthand, option->name);
}

static bool set_option(const struct parser *p, const struct option *option, const char *value,
		       struct error *err)
{
	struct error cause = {0};

	if (option->refused)
		return error_set(err, ERROR_UNSUPPORTED, "--%s is not supported: %s", option->name,
				 option->refused);
	if (option->kind->set(p->fields + option->offset, value, &cause))
		return true;
	scoped_free char *name = full_name(option);
	return error_set(err, ERROR_INVALID, "invalid argument \"%s\" for \"%s\" flag: %s", value,
			 name, cause.text);
}

/* argv[p->at] begins with "--"; it is consumed, and its value with it. */
static bool parse_long(struct parser *p, struct error *err)
{
	const char *text = p->argv[p->at++], *name = text + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;

	if (length == 0 || *name == '-')
		return error_set(err, ERROR_INVALID, "bad flag syntax: %s", text);
	const struct option *option = find_option(p, name, length);
	if (!option && strncmp(name, "help", length) == 0 && length == strlen("help"))
		return p->outcome->help = true;
	if (!option)
		return error_set(err, ERROR_INVALID, "unknown flag: --%.*s", (int)length, name);
	if (value || option->kind->implied)
		return set_option(p, option, value ? value : option->kind->implied, err);
	if (p->at == p->count)
		return error_set(err, ERROR_INVALID, "flag needs an argument: --%s", name);
	return set_option(p, option, p->argv[p->at++], err);
}

/* One letter of a group like -itv=x; *letters moves behind it, and behind its value. */
static bool parse_letter(struct parser *p, const char *group, const char **letters,
			 struct error *err)
{
	const char *rest = *letters + 1;
	const struct option *option = find_shorthand(p, **letters);

	if (!option && **letters == 'h')
		return p->outcome->help = p->outcome->short_help = true;
	if (!option)
		return error_set(err, ERROR_INVALID, "unknown shorthand flag: '%c' in -%s",
				 **letters, *letters);
	if (option->kind->implied && !(rest[0] == '=' && rest[1])) {
		*letters = rest;
		return set_option(p, option, option->kind->implied, err);
	}
	*letters = "";
	if (*rest)
		return set_option(p, option, rest[0] == '=' && rest[1] ? rest + 1 : rest, err);
	if (p->at == p->count)
		return error_set(err, ERROR_INVALID, "flag needs an argument: '%c' in -%s",
				 option->shorthand, group);
	return set_option(p, option, p->argv[p->at++], err);
}

static bool parse_short(struct parser *p, struct error *err)
{
	const char *group = p->argv[p->at++] + 1;
	const char *letters = group;

	while (*letters && !p->outcome->help)
		if (!parse_letter(p, group, &letters, err))
			return false;
	return true;
}

static void take_rest(struct parser *p)
{
	while (p->at < p->count)
		strings_add(&p->outcome->arguments, p->argv[p->at++]);
}

static bool parse_all(struct parser *p, struct error *err)
{
	while (p->at < p->count && !p->outcome->help) {
		const char *text = p->argv[p->at];

		if (text[0] != '-' || !text[1]) {
			strings_add(&p->outcome->arguments, text);
			p->at++;
			if (p->options_first)
				take_rest(p);
		} else if (strcmp(text, "--") == 0) {
			p->at++;
			take_rest(p);
		} else if (!(text[1] == '-' ? parse_long(p, err) : parse_short(p, err))) {
			return false;
		}
	}
	return true;
}

static void set_initial_values(const struct parser *p)
{
	struct error err;

	for (size_t s = 0; s < OPTION_SETS; s++)
		for (size_t i = 0; i < p->sets[s].count; i++) {
			const struct option *option = &p->sets[s].options[i];

			if (option->initial)
				option->kind->set(p->fields + option->offset, option->initial,
						  &err);
		}
}

bool options_parse(const struct option_set sets[static OPTION_SETS], void *fields,
		   const char *const *argv, size_t count, bool options_first,
		   struct option_outcome *outcome, struct error *err)
{
	struct parser p = {
		.sets = sets,
		.fields = fields,
		.argv = argv,
		.count = count,
		.options_first = options_first,
		.outcome = outcome,
	};

	*outcome = (struct option_outcome){0};
	set_initial_values(&p);
	return parse_all(&p, err);
}

void options_fini(const struct option_set sets[static OPTION_SETS], void *fields)
{
	for (size_t s = 0; s < OPTION_SETS; s++)
		for (size_t i = 0; i < sets[s].count; i++) {
			const struct option *option = &sets[s].options[i];

			if (option->kind->fini)
				option->kind->fini((char *)fields + option->offset);
		}
}

void option_outcome_fini(struct option_outcome *outcome)
{
	strings_fini(&outcome->arguments);
}

static int by_name(const void *a, const void *b)
{
	const struct option *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

const struct option **options_sorted(const struct option_set sets[static OPTION_SETS],
				     size_t *count)
{
	size_t total = 0;

	for (size_t s = 0; s < OPTION_SETS; s++)
		total += sets[s].count;
	const struct option **sorted = mem_zeroed(total, sizeof(struct option *));
	*count = 0;
	for (size_t s = 0; s < OPTION_SETS; s++)
		for (size_t i = 0; i < sets[s].count; i++)
			sorted[(*count)++] = &sets[s].options[i];
	qsort(sorted, total, sizeof(struct option *), by_name);
	return sorted;
}
