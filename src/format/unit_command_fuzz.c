/* Any value as commands: each has a program and an argv[0], and what they hold came from the value. */
#include "format/unit_command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct unit_command *c, size_t size)
{
	size_t length = 0;

	if (!*c->path || !c->args.count || c->args.items[c->args.count])
		abort();
	if (*c->path != '/' && strchr(c->path, '/'))
		abort();
	for (size_t i = 0; i < c->args.count; i++)
		length += strlen(c->args.items[i]);
	if (length > 8 * size) /* as long as the longest specifier */
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct unit_specifiers specifiers = {
		.value = {['i'] = "", ['n'] = "a-b.service", ['t'] = "/run"}};
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_strings struct strings warnings = {0};
	struct unit_commands commands = {0};
	struct error err = {0};

	if (!unit_commands_parse(text, &specifiers, &commands, &warnings, &err) && !*err.text)
		abort();
	for (size_t i = 0; i < commands.count; i++)
		check(&commands.items[i], size);
	unit_commands_fini(&commands);
	return 0;
}
