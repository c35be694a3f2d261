#include "project/projects.h"

#include "base/memory.h"
#include "store/store_fixture.h"

#include <stdio.h>
#include <unistd.h>

/* ---- a folder, a loop, a store and projects for each test ---- */

struct fixture {
	struct store_fixture kept;
	struct projects *projects;
	struct buffer said;
};

static void open_all(struct fixture *f)
{
	struct error err = {0};

	store_fixture_open(&f->kept);
	f->projects = projects_open(f->kept.store, &err);
	if (!f->projects)
		fail_msg("%s", err.text);
}

static void close_all(struct fixture *f)
{
	projects_close(f->projects);
	store_fixture_close(&f->kept);
}

static int set_up(void **state)
{
	struct fixture *f = mem_new(struct fixture);

	store_fixture_begin(&f->kept);
	open_all(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close_all(f);
	store_fixture_end(&f->kept);
	buffer_fini(&f->said);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	close_all(f);
	open_all(f);
}

/* ---- doing, and what was said ---- */

static void on_put(void *data, int64_t revision, const struct error *err)
{
	struct fixture *f = data;

	buffer_format(&f->said, "%lld%s ", (long long)revision, err ? " failed" : "");
}

static void on_removed(void *data, const struct error *err)
{
	struct fixture *f = data;

	buffer_format(&f->said, "%s ", err ? err->text : "removed");
}

static void on_read(void *data, const char *json, size_t size, const struct error *err)
{
	struct fixture *f = data;

	buffer_format(&f->said, "%.*s ", err ? (int)strlen(err->text) : (int)size,
		      err ? err->text : json);
}

static void put(struct fixture *f, const char *name, const char *model, const char *style)
{
	struct project_text text = {
		.model = str_dup(model), .style = str_dup(style), .directory = str_dup("/p")};
	struct project_document document;

	project_document_make(&text, &document);
	record_fini(&project_text_type, &text);
	project_put(f->projects, name, &document, on_put, f);
}

static void assert_said(struct fixture *f, const char *expected)
{
	uv_run(&f->kept.loop, UV_RUN_DEFAULT);
	assert_string_equal(f->said.data ? f->said.data : "", expected);
	buffer_fini(&f->said);
	f->said = (struct buffer){0};
}

/* "name:first-last " of all */
static void assert_list(struct fixture *f, const char *expected)
{
	scoped_buffer struct buffer list = {0};

	for (size_t i = 0; i < projects_count(f->projects); i++) {
		const struct project *p = projects_at(f->projects, i);

		buffer_format(
			&list, "%s:%lld-%lld ", p->name,
			(long long)RECORD_AT(p->revisions, struct project_revision, 0)->revision,
			(long long)project_last(p)->revision);
	}
	assert_string_equal(list.data ? list.data : "", expected);
}

/* ---- tests ---- */

static void a_new_model_is_a_new_revision_and_the_same_one_is_none(void **state)
{
	struct fixture *f = *state;

	put(f, "shop", "{\"a\":1,\"b\":2}", "v2");
	put(f, "shop", "{\"b\":2,\"a\":1}", "v2");
	put(f, "shop", "{\"a\":2}", "v2");
	put(f, "blog", "{}", "v1");
	put(f, "shop", "{\"a\":1,\"b\":2}", "v2"); /* as it was once, but not last */
	assert_said(f, "1 1 2 1 3 ");
	assert_list(f, "blog:1-1 shop:1-3 ");
	reopen(f);
	assert_list(f, "blog:1-1 shop:1-3 ");
	assert_null(projects_find(f->projects, "sho"));
	assert_string_equal(projects_find(f->projects, "shop")->directory, "/p");
	assert_null(project_revision(projects_find(f->projects, "shop"), 4));
}

static void the_same_model_takes_over_what_else_has_changed(void **state)
{
	struct fixture *f = *state;
	int64_t updated;

	put(f, "shop", "{}", "v1");
	assert_said(f, "1 ");
	updated = project_last(projects_find(f->projects, "shop"))->updated_ns;
	put(f, "shop", "{}", "v2");
	assert_said(f, "1 ");
	assert_true(project_last(projects_find(f->projects, "shop"))->updated_ns == updated);
	project_read(f->projects, "shop", 1, on_read, f);
	assert_said(f, "{\"Files\":[],\"Model\":{},\"Style\":\"v2\",\"Directory\":\"/p\"} ");
}

static void the_last_ten_revisions_are_kept(void **state)
{
	struct fixture *f = *state;

	for (int i = 1; i <= 12; i++) {
		scoped_free char *model = str_format("{\"a\":%d}", i);

		put(f, "shop", model, "v2");
	}
	assert_said(f, "1 2 3 4 5 6 7 8 9 10 11 12 ");
	assert_list(f, "shop:3-12 ");
	reopen(f);
	project_read(f->projects, "shop", 2, on_read, f);
	project_read(f->projects, "shop", 3, on_read, f);
	assert_said(f, "no such revision of project 'shop': 2 "
		       "{\"Files\":[],\"Model\":{\"a\":3},\"Style\":\"v2\",\"Directory\":\"/p\"} ");
}

static void what_is_removed_is_gone_with_all_its_revisions(void **state)
{
	struct fixture *f = *state;

	put(f, "a", "{}", "v2");
	put(f, "b", "{}", "v2");
	put(f, "a", "{\"x\":1}", "v2");
	project_remove(f->projects, "a", on_removed, f);
	project_remove(f->projects, "a", on_removed, f);
	put(f, "a", "{\"y\":1}", "v2");
	assert_said(f, "1 1 2 removed no such project: a 1 ");
	project_remove(f->projects, "a", on_removed, f);
	project_read(f->projects, "a", 1, on_read, f);
	assert_said(f, "removed no such revision of project 'a': 1 ");
	reopen(f);
	assert_list(f, "b:1-1 ");
}

static void what_is_under_way_at_the_end_is_written_or_was_not_begun(void **state)
{
	struct fixture *f = *state;

	put(f, "a", "{}", "v2");
	put(f, "b", "{}", "v2");
	project_read(f->projects, "a", 1, on_read, f);
	reopen(f);
	assert_list(f, "a:1-1 ");
	assert_said(f, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_model_is_a_new_revision_and_the_same_one_is_none),
		TEST(the_same_model_takes_over_what_else_has_changed),
		TEST(the_last_ten_revisions_are_kept),
		TEST(what_is_removed_is_gone_with_all_its_revisions),
		TEST(what_is_under_way_at_the_end_is_written_or_was_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
