/* `changes` of import and commit: Dockerfile instructions that say something of the image and do
 * nothing. */
#include "image/image.h"

#include "image/image_instruction.h"

#include <ctype.h>
#include <strings.h>

/* Of what an instruction can say, all but what only a build needs. */
static bool is_change(const char *name)
{
	for (int kind = 0; kind < INSTRUCTION_KINDS; kind++)
		if (strcasecmp(instruction_name((enum instruction_kind)kind), name) == 0)
			return instruction_is_setting((enum instruction_kind)kind) &&
			       kind != INSTRUCTION_SHELL && kind != INSTRUCTION_MAINTAINER;
	return false;
}

static bool check_name(const char *line, struct error *err)
{
	const char *start = line + strspn(line, " \t\r\n");
	scoped_free char *name = str_dup_n(start, strcspn(start, " \t\r\n"));

	if (is_change(name))
		return true;
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return error_set(err, ERROR_INVALID, "%.100s is not a valid change command", name);
}

static bool apply_one(const char *line, struct image_config *config, struct error *err)
{
	scoped_instruction struct instruction instruction = {0};

	return check_name(line, err) &&
	       instruction_parse(line, strlen(line), '\\', &instruction, err) &&
	       image_apply_instruction(&instruction, &(struct instruction_setting){.escape = '\\'},
				       config, err);
}

bool image_apply_changes(const struct strings *changes, struct image_config *config,
			 struct error *err)
{
	for (size_t i = 0; i < changes->count; i++)
		if (!apply_one(changes->items[i], config, err))
			return false;
	return true;
}
