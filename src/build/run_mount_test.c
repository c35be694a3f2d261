#include "build/run_mount.h"

#include "base/test.h"

static const char *text_of(const char *text)
{
	return text ? text : "-";
}

static char *written(const struct run_mount *m)
{
	return str_format("%d %s %s %s %s %s %d%s%s %lld %o %d:%d", m->kind, text_of(m->target),
			  text_of(m->source), text_of(m->from), text_of(m->id), text_of(m->env),
			  m->sharing, m->read_only ? " ro" : "", m->required ? " required" : "",
			  (long long)m->size, (unsigned)m->mode, m->uid, m->gid);
}

static void mounts_are_read_with_their_defaults(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{"target=/a", "1 /a - - - - 0 ro 0 0 0:0"},
		{"type=bind,from=img,source=/x,dst=/y,rw", "1 /y /x img - - 0 0 0 0:0"},
		{"destination=/y,src=x,readonly=false,TYPE=bind", "1 /y x - - - 0 0 0 0:0"},
		{"type=cache,target=/root/./.cache/",
		 "2 /root/./.cache/ - - /root/.cache - 0 0 755 "
		 "0:0"},
		{"type=cache,target=/"
		 "c,id=x,sharing=locked,mode=0700,uid=1,gid=2,from=i,source=s,ro",
		 "2 /c s i x - 2 ro 0 700 1:2"},
		{"type=tmpfs,target=/t,size=64m", "3 /t - - - - 0 67108864 0 0:0"},
		{"type=secret,id=s", "4 /run/secrets/s - - s - 0 ro 0 400 0:0"},
		{"type=secret,target=/etc/pass,required", "4 /etc/pass - - pass - 0 ro required 0 "
							  "400 0:0"},
		{"type=secret,src=a/b,required=true,mode=444",
		 "4 /run/secrets/b - - a/b - 0 ro required 0 444 0:0"},
		{"type=secret,id=s,env=S", "4 - - - s S 0 ro 0 400 0:0"},
		{"type=ssh", "5 - - - default - 0 ro 0 600 0:0"},
		{"type=ssh,id=k,target=/s,required=0", "5 /s - - k - 0 ro 0 600 0:0"},
		{"\"type=bind\",\"target=/a,b\"", "1 /a,b - - - - 0 ro 0 0 0:0"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct run_mount mount;
		struct error err;

		if (!run_mount_parse(cases[i].text, &mount, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		scoped_free char *result = written(&mount);
		run_mount_fini(&mount);
		assert_string_equal(result, cases[i].result);
	}
}

static void bad_mounts_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "unexpected key '' in ''"},
		{"type=x", "unsupported mount type \"x\""},
		{"type=bind", "target is required for a bind mount"},
		{"type=tmpfs,target=", "target is required for a tmpfs mount"},
		{"type=bind,target=/a,foo=bar", "unexpected key 'foo' in 'foo=bar'"},
		{"type=bind,target", "invalid field 'target' must be a key=value pair"},
		{"type=bind,target=/a,size=1", "unexpected key 'size' for mount type 'bind'"},
		{"type=bind,target=/a,ro=maybe", "invalid value for ro: maybe"},
		{"type=bind,target=/a,required", "unexpected key 'required' for mount type 'bind'"},
		{"type=cache,target=/a,sharing=x", "invalid value for sharing: x"},
		{"type=cache,target=/a,mode=9", "invalid value for mode: 9"},
		{"type=cache,target=/a,uid=-1", "invalid value for uid: -1"},
		{"type=tmpfs,target=/a,size=x", "invalid value for size: x"},
		{"type=tmpfs,target=/a,mode=1", "unexpected key 'mode' for mount type 'tmpfs'"},
		{"type=secret", "invalid secret mount. one of source, target required"},
		{"type=secret,id=a,src=b", "both source and id can't be set"},
		{"type=secret,from=a", "unexpected key 'from' for mount type 'secret'"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct run_mount mount;
		struct error err;

		assert_false(run_mount_parse(cases[i].text, &mount, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void the_source_is_known_before_the_rest(void **state)
{
	scoped_free char *from = run_mount_from("type=cache,mode=$M,From=one,target=$T");

	assert_string_equal(from, "one");
	assert_null(run_mount_from("type=cache,target=/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_read_with_their_defaults),
		cmocka_unit_test(bad_mounts_are_refused_by_name),
		cmocka_unit_test(the_source_is_known_before_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
