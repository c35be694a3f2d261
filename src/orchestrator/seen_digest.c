/* What a plan was made from, as a digest: what comes and goes by itself (health, exit codes) is not part of it. */
#include "base/map.h"
#include "format/json_write.h"
#include "format/sha256.h"
#include "orchestrator/project_plan.h"

static void add_sorted(struct buffer *out, const struct strings *strings)
{
	struct strings copy = strings_copy(strings);

	strings_sort(&copy);
	json_write_strings(out, &copy);
	strings_fini(&copy);
}

static void add_texts(struct buffer *out, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (texts[i])
			json_write_string(out, texts[i]);
		else
			buffer_add_char(out, '-');
}

static char *container_line(const struct seen_container *c)
{
	const char *const texts[] = {c->id,   c->name,	   c->service,	 c->image,
				     c->hash, c->replaces, c->network_of};
	struct buffer line = {0};

	add_texts(&line, texts, array_length(texts));
	buffer_format(&line, "%u %d %d %d", c->number, c->one_off, (int)c->state, c->held);
	add_sorted(&line, &c->networks);
	add_sorted(&line, &c->volumes);
	return buffer_take(&line);
}

static void add_things(struct strings *lines, const struct seen *seen)
{
	for (size_t i = 0; i < seen->networks.count; i++) {
		const struct seen_network *n = &seen->networks.items[i];
		const char *const texts[] = {"network", n->id, n->name, n->hash};
		struct buffer line = {0};

		add_texts(&line, texts, array_length(texts));
		add_sorted(&line, &n->containers);
		strings_take(lines, buffer_take(&line));
	}
	for (size_t i = 0; i < seen->volumes.count; i++) {
		const struct seen_volume *v = &seen->volumes.items[i];
		const char *const texts[] = {"volume", v->name, v->hash};
		struct buffer line = {0};

		add_texts(&line, texts, array_length(texts));
		strings_take(lines, buffer_take(&line));
	}
	for (size_t i = 0; i < seen->images.count; i++) {
		const char *const texts[] = {"image", seen->images.items[i].name,
					     seen->images.items[i].id};
		struct buffer line = {0};

		add_texts(&line, texts, array_length(texts));
		strings_take(lines, buffer_take(&line));
	}
}

char *seen_digest(const struct seen *seen)
{
	scoped_strings struct strings lines = {0};
	char digest[DIGEST_TEXT_SIZE];

	strings_set_empty(&lines);
	for (size_t i = 0; i < seen->containers.count; i++)
		strings_take(&lines, container_line(&seen->containers.items[i]));
	add_things(&lines, seen);
	strings_sort(&lines);
	scoped_free char *text = strings_join(&lines, "\n");
	sha256_digest(text, strlen(text), digest);
	return str_dup(digest_hex(digest));
}
