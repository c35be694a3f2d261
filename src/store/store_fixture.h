/* For tests of what a store keeps: a folder of its own, a loop, and the store in it. */
#pragma once

#include "base/test.h"
#include "os/file.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>

struct store_fixture {
	char folder[64];
	uv_loop_t loop;
	struct store *store; /* NULL: it is closed */
};

static inline void store_fixture_begin(struct store_fixture *f)
{
	*f = (struct store_fixture){.folder = "/tmp/wherry-store.XXXXXX"};
	assert_non_null(mkdtemp(f->folder));
	uv_loop_init(&f->loop);
}

static inline void store_fixture_open(struct store_fixture *f)
{
	struct error err = {0};

	f->store = store_open(&f->loop, f->folder, &err);
	if (!f->store)
		fail_msg("%s", err.text);
}

/* With all that the loop has yet to do for who used it. */
static inline void store_fixture_close(struct store_fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	uv_run(&f->loop, UV_RUN_DEFAULT);
}

static inline void store_fixture_end(struct store_fixture *f)
{
	struct error err;

	assert_int_equal(uv_loop_close(&f->loop), 0);
	tree_remove(AT_FDCWD, f->folder, &err);
}
