#include "engine/top.h"

#include "base/memory.h"

static struct strings words_of(const char *line, size_t length)
{
	struct strings words = {0};
	const char *end = line + length;

	while (line < end) {
		size_t skip = strspn(line, " \t"), word;

		line += skip;
		if (line >= end)
			break;
		word = strcspn(line, " \t\n");
		strings_take(&words, str_dup_n(line, word));
		line += word;
	}
	return words;
}

static int find_title(const struct strings *titles, const char *name)
{
	for (size_t i = 0; i < titles->count; i++)
		if (str_equal(titles->items[i], name))
			return (int)i;
	return -1;
}

static bool is_wanted(const char *text, const pid_t *pids, size_t count)
{
	int64_t pid;

	if (!parse_i64(text, &pid))
		return false;
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The last column, the command, may hold blanks. */
static void join_rest(struct strings *words, size_t columns)
{
	struct strings rest = {words->items + columns - 1, words->count - columns + 1};
	char *joined = strings_join(&rest, " ");

	while (words->count >= columns)
		strings_remove(words, words->count - 1);
	strings_take(words, joined);
}

static void add_process(struct engine_top *top, struct strings *words)
{
	if (words->count > top->titles.count)
		join_rest(words, top->titles.count);
	top->processes = mem_resize(top->processes, top->count + 1, sizeof(*top->processes));
	top->processes[top->count++] = *words;
	*words = (struct strings){0};
}

bool top_parse(const char *output, const pid_t *pids, size_t count, struct engine_top *out,
	       struct error *err)
{
	struct engine_top top = {.titles = words_of(output, strcspn(output, "\n"))};
	int pid_column = find_title(&top.titles, "PID");

	if (pid_column < 0) {
		top_fini(&top);
		return error_set(err, ERROR_SYSTEM, "Couldn't find PID field in ps output");
	}
	for (const char *line = output; *line;) {
		size_t length = strcspn(line, "\n");
		scoped_strings struct strings words = words_of(line, length);

		if (line != output && words.count > (size_t)pid_column &&
		    is_wanted(words.items[pid_column], pids, count))
			add_process(&top, &words);
		line += length + (line[length] == '\n');
	}
	*out = top;
	return true;
}

void top_fini(struct engine_top *top)
{
	strings_fini(&top->titles);
	for (size_t i = 0; i < top->count; i++)
		strings_fini(&top->processes[i]);
	free(top->processes);
	*top = (struct engine_top){0};
}
