/* Completion.  The shells' scripts are small: they hand the words of the line to `__complete`, which
 * knows the tables, and asks the daemon for names. */
#include "cmd/cli/api.h"
#include "cmd/cli/context_store.h"
#include "format/json.h"

#include <stdio.h>

/* ---- what may stand at the end of the words ---- */

struct place {
	const struct command *command; /* or group */
	size_t arguments;	       /* that stand before the last word */
	bool wants_value;	       /* the word before is an option that needs one */
	bool options_over;	       /* the last word is no option, whatever it begins with */
};

static const struct option *find_option(const struct command *command, const char *word)
{
	size_t count;
	const struct option **sorted = options_sorted(command->options, &count);
	const struct option *found = NULL;

	for (size_t i = 0; i < count && !found; i++) {
		bool is_long =
			str_starts_with(word, "--") && strcmp(word + 2, sorted[i]->name) == 0;
		bool is_short = word[0] == '-' && word[1] && word[1] != '-' &&
				sorted[i]->shorthand &&
				word[strlen(word) - 1] == sorted[i]->shorthand;

		if (is_long || is_short)
			found = sorted[i];
	}
	free(sorted);
	return found;
}

/* One word before the last: an option, a value, a group's entry or an argument. */
static void take_word(struct place *place, const char *word)
{
	const struct option *option;
	const struct command_entry *entry;

	if (place->wants_value) {
		place->wants_value = false;
		return;
	}
	if (word[0] == '-' && word[1] && !place->options_over) {
		option = find_option(place->command, word);
		place->wants_value = option && !option->kind->implied;
		place->options_over = strcmp(word, "--") == 0;
		return;
	}
	entry = command_find(place->command, word);
	if (entry && !place->arguments) {
		*place = (struct place){.command = entry->command};
		return;
	}
	place->arguments++;
	place->options_over |= place->command->options_first;
}

/* ---- candidates ---- */

static void offer(const char *prefix, const char *word, const char *about)
{
	if (str_starts_with(word, prefix))
		printf("%s\t%s\n", word, about);
}

static void offer_entries(const struct command *group, const char *prefix)
{
	for (size_t i = 0; i < group->entry_count; i++)
		if (group->entries[i].section != SECTION_HIDDEN)
			offer(prefix, group->entries[i].name, group->entries[i].command->summary);
}

static void offer_options(const struct command *command, const char *prefix)
{
	size_t count;
	const struct option **sorted = options_sorted(command->options, &count);

	for (size_t i = 0; i < count; i++) {
		scoped_free char *name = str_format("--%s", sorted[i]->name);

		if (!sorted[i]->hidden)
			offer(prefix, name, sorted[i]->help);
	}
	offer(prefix, "--help", "Show help");
	free(sorted);
}

static json_t *list(struct cli *cli, const char *path, const char *filter)
{
	scoped_target struct target target = target_format("%s", "");
	struct strings filters = {(char *[]){(char *)filter}, filter ? 1 : 0};
	struct error ignored;

	buffer_add_text(&target.text, path);
	target_add(&target, "all", "1");
	target_add_filters(&target, &filters);
	return api_get(cli, &target, &ignored);
}

static void offer_containers(struct cli *cli, enum arguments kind, const char *prefix)
{
	const char *filter = kind == ARGUMENTS_RUNNING	 ? "status=running"
			     : kind == ARGUMENTS_STOPPED ? "status=exited"
							 : NULL;
	scoped_json json_t *containers = list(cli, "/containers/json", filter);
	size_t i;
	json_t *container;

	json_array_foreach (containers, i, container) {
		const char *name =
			json_string_value(json_array_get(json_object_get(container, "Names"), 0));

		if (name)
			offer(prefix, name + (*name == '/'), doc_text(container, "Image"));
	}
}

static void offer_images(struct cli *cli, const char *prefix)
{
	scoped_json json_t *images = list(cli, "/images/json", NULL);
	size_t i, j;
	json_t *image, *name;

	json_array_foreach (images, i, image)
		json_array_foreach (json_object_get(image, "RepoTags"), j, name)
			offer(prefix, json_string_value(name), "image");
}

static void offer_names(const json_t *objects, const char *prefix)
{
	size_t i;
	json_t *object;

	json_array_foreach (objects, i, object)
		offer(prefix, doc_text(object, "Name"), doc_text(object, "Driver"));
}

static void offer_networks(struct cli *cli, const char *prefix)
{
	scoped_json json_t *networks = list(cli, "/networks", NULL);

	offer_names(networks, prefix);
}

static void offer_volumes(struct cli *cli, const char *prefix)
{
	scoped_json json_t *answer = list(cli, "/volumes", NULL);

	offer_names(json_object_get(answer, "Volumes"), prefix);
}

static void offer_contexts(struct cli *cli, const char *prefix)
{
	scoped_json json_t *contexts = context_read_all(cli);
	size_t i;
	json_t *context;

	offer(prefix, CONTEXT_DEFAULT, "");
	json_array_foreach (contexts, i, context)
		offer(prefix, doc_text(context, "Name"), context_host(context));
}

static void offer_arguments(struct cli *cli, const struct place *place, const char *prefix)
{
	const struct command *command = place->command;
	bool room = command->most < 0 || (size_t)command->most > place->arguments;

	if (!room || (command->options_first && place->arguments))
		return;
	switch (command->arguments) {
	case ARGUMENTS_CONTAINERS:
	case ARGUMENTS_RUNNING:
	case ARGUMENTS_STOPPED:
		offer_containers(cli, command->arguments, prefix);
		break;
	case ARGUMENTS_IMAGES:
		offer_images(cli, prefix);
		break;
	case ARGUMENTS_NETWORKS:
		offer_networks(cli, prefix);
		break;
	case ARGUMENTS_VOLUMES:
		offer_volumes(cli, prefix);
		break;
	case ARGUMENTS_CONTEXTS:
		offer_contexts(cli, prefix);
		break;
	case ARGUMENTS_NONE:
	case ARGUMENTS_FILES:
		break; /* the shell offers files when nothing else is offered */
	}
}

static int run_words(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct place place = {.command = cli->top};
	const char *last = arguments->items[arguments->count - 1];

	for (size_t i = 0; i + 1 < arguments->count; i++)
		take_word(&place, arguments->items[i]);
	if (place.wants_value)
		return 0;
	if (*last == '-' && !place.options_over)
		offer_options(place.command, last);
	else if (place.command->entries)
		offer_entries(place.command, last);
	else
		offer_arguments(cli, &place, last);
	return 0;
}

/* ---- the scripts ---- */

#define PROGRAM "PROGRAM" /* stands for the program's name */

static const char bash_script[] = "_PROGRAM() {\n"
				  "\tlocal line=${COMP_LINE:0:COMP_POINT} words candidate cur\n"
				  "\tread -ra words <<<\"$line\"\n"
				  "\t[[ $line == *[[:space:]] ]] && words+=('')\n"
				  "\tcur=${words[-1]}\n"
				  "\tCOMPREPLY=()\n"
				  "\twhile IFS=$'\\t' read -r candidate _; do\n"
				  "\t\t# readline takes a colon for the beginning of a word\n"
				  "\t\t[[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] && "
				  "candidate=${candidate#\"${cur%:*}:\"}\n"
				  "\t\tCOMPREPLY+=(\"$candidate\")\n"
				  "\tdone < <(PROGRAM __complete \"${words[@]:1}\" 2>/dev/null)\n"
				  "}\n"
				  "complete -o default -F _PROGRAM PROGRAM\n";

static const char zsh_script[] =
	"#compdef PROGRAM\n"
	"_PROGRAM() {\n"
	"\tlocal -a candidates\n"
	"\tlocal word about\n"
	"\twhile IFS=$'\\t' read -r word about; do\n"
	"\t\tcandidates+=(\"${word//:/\\\\:}:$about\")\n"
	"\tdone < <(PROGRAM __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\tif (( $#candidates )); then\n"
	"\t\t_describe -V PROGRAM candidates\n"
	"\telse\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"compdef _PROGRAM PROGRAM\n";

static const char fish_script[] =
	"function __PROGRAM_words\n"
	"\tPROGRAM __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null\n"
	"end\n"
	"complete -c PROGRAM -a '(__PROGRAM_words)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

static void add_script(const char *script, const char *program, struct buffer *out)
{
	for (const char *at; (at = strstr(script, PROGRAM)); script = at + strlen(PROGRAM)) {
		buffer_add(out, script, (size_t)(at - script));
		buffer_add_text(out, program);
	}
	buffer_add_text(out, script);
}

static int run_print(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_buffer struct buffer out = {0};

	for (size_t i = 0; i < array_length(scripts); i++) {
		if (strcmp(scripts[i].shell, arguments->items[0]) != 0)
			continue;
		add_script(scripts[i].script, cli->program, &out);
		return cli_print(&out);
	}
	fprintf(stderr, "unknown shell \"%s\": there is bash, zsh and fish\n", arguments->items[0]);
	return 1;
}

const struct command completion_print = {
	.summary = "Print the completion script of a shell",
	.details = "Print the completion script of a shell: bash, zsh or fish. For bash:\n\n"
		   "  source <(wherry completion bash)",
	.usage = "SHELL",
	.least = 1,
	.most = 1,
	.run = run_print,
};

const struct command completion_words = {
	.summary = "Offer what may stand at the end of a line",
	.usage = "WORD [WORD...]",
	.least = 1,
	.most = -1,
	.plain = true,
	.run = run_words,
};
