#include "base/test.h"
#include "execution/view.h"

#include <sys/mount.h>

/* "path=kind[+ro][+noexec]" each. */
static char *show(const struct execution_context *c)
{
	static const char *const kinds[] = {"itself", "bind", "tmpfs", "hidden", "devices"};
	struct view view;
	struct buffer out = {0};

	view_collect(c, &(struct view_folders){"/tmp/private", "/var/tmp/private"}, &view);
	if (view.read_only_root)
		buffer_add_text(&out, "root-ro ");
	for (size_t i = 0; i < view.count; i++) {
		const struct view_place *p = &view.items[i];

		buffer_format(&out, "%s=%s%s%s%s%s%s%s ", p->path, kinds[p->kind],
			      p->source ? "<" : "", p->source ? p->source : "",
			      p->set & MOUNT_ATTR_RDONLY ? "+ro" : "",
			      p->set & MOUNT_ATTR_NOEXEC ? "+noexec" : "",
			      p->clear & MOUNT_ATTR_NOEXEC ? "+exec" : "", p->optional ? "?" : "");
	}
	view_fini(&view);
	return buffer_take(&out);
}

static void expect(const struct execution_context *c, const char *expected)
{
	scoped_free char *found = show(c);

	assert_string_equal(found, expected);
	assert_int_equal(view_is_needed(c), *expected != '\0');
}

static void nothing_is_protected_unless_it_is_asked_for(void **state)
{
	expect(&(struct execution_context){0}, "");
}

static void protect_system_grows(void **state)
{
	expect(&(struct execution_context){.protect_system = PROTECT_YES},
	       "/boot=itself+ro? /efi=itself+ro? /usr=itself+ro? ");
	expect(&(struct execution_context){.protect_system = PROTECT_FULL},
	       "/boot=itself+ro? /efi=itself+ro? /etc=itself+ro? /usr=itself+ro? ");
	expect(&(struct execution_context){.protect_system = PROTECT_STRICT},
	       "root-ro /dev=itself? /proc=itself? /sys=itself? ");
}

static void a_dynamic_user_sees_its_own_folders_alone(void **state)
{
	struct execution_context c = {.private_mounts = true, .dynamic_user = true};

	strings_add(&c.folders[FOLDER_STATE].names, "web");
	strings_add(&c.folders[FOLDER_RUNTIME].names, "web");
	expect(&c, "/run/web=itself? /var/lib/private=tmpfs+ro? "
		   "/var/lib/private/web=bind</var/lib/private/web ");
	strings_fini(&c.folders[FOLDER_STATE].names);
	c.keep_runtime = KEEP_RESTART;
	expect(&c, "/run/private=tmpfs+ro? /run/private/web=bind</run/private/web ");
	strings_fini(&c.folders[FOLDER_RUNTIME].names);
}

static void own_folders_stay_writable(void **state)
{
	struct execution_context c = {.protect_system = PROTECT_STRICT, .private_tmp = true};

	strings_add(&c.folders[FOLDER_STATE].names, "web");
	expect(&c, "root-ro /dev=itself? /proc=itself? /sys=itself? /tmp=bind</tmp/private? "
		   "/var/lib/web=itself? /var/tmp=bind</var/tmp/private? ");
	strings_fini(&c.folders[FOLDER_STATE].names);
}

static void what_is_written_beats_what_is_protected(void **state)
{
	struct execution_context c = {.protect_system = PROTECT_FULL, .protect_home = HOME_YES};

	strings_add(&c.read_write_paths, "/etc");
	strings_add(&c.read_only_paths, "-/srv/");
	strings_add(&c.read_write_paths, "/home");
	expect(&c, "/boot=itself+ro? /efi=itself+ro? /etc=itself /home=itself /root=hidden? "
		   "/run/user=hidden? /srv=itself+ro? /usr=itself+ro? ");
	strings_fini(&c.read_write_paths);
	strings_fini(&c.read_only_paths);
}

static void attributes_of_one_path_add_up(void **state)
{
	struct execution_context c = {0};

	strings_add(&c.no_exec_paths, "/");
	strings_add(&c.exec_paths, "/usr");
	strings_add(&c.read_only_paths, "/");
	expect(&c, "/=itself+ro+noexec /usr=itself+exec ");
	strings_fini(&c.no_exec_paths);
	strings_fini(&c.exec_paths);
	strings_fini(&c.read_only_paths);
}

static void outer_places_come_first(void **state)
{
	struct execution_context c = {.protect_kernel_tunables = true,
				      .protect_control_groups = true};
	scoped_free char *found = show(&c);
	const char *outer = strstr(found, "/sys=itself+ro"), *inner;

	inner = strstr(found, "/sys/fs/cgroup=itself+ro");
	assert_true(outer && inner && outer < inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_protected_unless_it_is_asked_for),
		cmocka_unit_test(protect_system_grows),
		cmocka_unit_test(own_folders_stay_writable),
		cmocka_unit_test(a_dynamic_user_sees_its_own_folders_alone),
		cmocka_unit_test(what_is_written_beats_what_is_protected),
		cmocka_unit_test(attributes_of_one_path_add_up),
		cmocka_unit_test(outer_places_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
