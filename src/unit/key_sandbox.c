/* What commands may see and do: systemd.exec, "Sandboxing", and the folders that are made for them. */
#include "format/capability.h"
#include "format/path.h"
#include "format/unit_words.h"
#include "unit/key_value.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>

/* ---- RuntimeDirectory= ... ---- */

static bool is_below(const char *path)
{
	scoped_free char *clean = path_clean(path);

	return *path && *path != '/' && !str_equal(clean, ".") && !str_equal(clean, "..") &&
	       !str_starts_with(clean, "../");
}

/* "name", "name/sub"; a link that stands behind a colon is not made. */
static void key_folders(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *names = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value)
		strings_fini(names);
	else if (!key_split(draft, key, value, &words))
		return;
	for (size_t i = 0; i < words.count; i++) {
		char *colon = strchr(words.items[i], ':');

		if (colon) {
			unit_draft_warn(draft, "the link '%s' of %s= is not made", colon + 1,
					key->name);
			*colon = '\0';
		}
		if (is_below(words.items[i]))
			strings_take(names, path_clean(words.items[i]));
		else
			key_reject(draft, key, words.items[i]);
	}
}

/* ---- mounts ---- */

/* [-]SOURCE[:TARGET[:rbind|norbind]]; `number`: read only. */
static bool add_bind(struct unit_draft *draft, const char *word, bool read_only)
{
	bool optional = *word == '-';
	scoped_strings struct strings parts = strings_split(word + optional, ':');
	const char *target = parts.items[parts.count > 1 ? 1 : 0];
	const char *options = parts.count > 2 ? parts.items[2] : "rbind";

	if (parts.count > 3 || parts.items[0][0] != '/' || *target != '/' ||
	    (!str_equal(options, "rbind") && !str_equal(options, "norbind")))
		return false;
	struct execution_path_pair *bind =
		record_list_add(&execution_path_pair_type, &draft->plan.context.bind_paths);
	bind->source = path_clean(parts.items[0]);
	bind->target = path_clean(target);
	bind->optional = optional;
	bind->read_only = read_only;
	bind->recursive = str_equal(options, "rbind");
	return true;
}

static void key_bind_paths(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value)
		record_list_fini(&execution_path_pair_type, &draft->plan.context.bind_paths);
	else if (!key_split(draft, key, value, &words))
		return;
	for (size_t i = 0; i < words.count; i++)
		if (!add_bind(draft, words.items[i], key->number))
			key_reject(draft, key, words.items[i]);
}

static void key_temporary(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct record_list *list = &draft->plan.context.temporary_paths;
	scoped_strings struct strings words = {0};

	if (!*value)
		record_list_fini(&execution_path_pair_type, list);
	else if (!key_split(draft, key, value, &words))
		return;
	for (size_t i = 0; i < words.count; i++) {
		char *colon = strchr(words.items[i], ':');

		if (words.items[i][0] != '/') {
			key_reject(draft, key, words.items[i]);
			continue;
		}
		if (colon)
			*colon++ = '\0';
		struct execution_path_pair *mount =
			record_list_add(&execution_path_pair_type, list);
		mount->source = path_clean(words.items[i]);
		mount->target = str_dup_or_null(colon);
	}
}

static const struct key_choice protect_system[] = {
	{"no", PROTECT_NO},
	{"false", PROTECT_NO},
	{"off", PROTECT_NO},
	{"0", PROTECT_NO},
	{"yes", PROTECT_YES},
	{"true", PROTECT_YES},
	{"on", PROTECT_YES},
	{"1", PROTECT_YES},
	{"full", PROTECT_FULL},
	{"strict", PROTECT_STRICT},
	{NULL},
};

static const struct key_choice protect_home[] = {
	{"no", HOME_NO},
	{"false", HOME_NO},
	{"off", HOME_NO},
	{"0", HOME_NO},
	{"yes", HOME_YES},
	{"true", HOME_YES},
	{"on", HOME_YES},
	{"1", HOME_YES},
	{"read-only", HOME_READ_ONLY},
	{"tmpfs", HOME_TMPFS},
	{NULL},
};

static const struct key_choice preserve[] = {
	{"no", KEEP_NO},  {"false", KEEP_NO}, {"off", KEEP_NO},
	{"0", KEEP_NO},	  {"yes", KEEP_YES},  {"true", KEEP_YES},
	{"on", KEEP_YES}, {"1", KEEP_YES},    {"restart", KEEP_RESTART},
	{NULL},
};

/* ---- capabilities ---- */

#define ALL_CAPABILITIES ((INT64_C(1) << (CAP_LAST_CAP + 1)) - 1)

static int64_t parse_capabilities(struct unit_draft *draft, const struct unit_key *key,
				  const char *value)
{
	scoped_strings struct strings words = {0};
	int64_t sum = 0;

	key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++) {
		int number = -1;

		for (char *c = words.items[i]; *c; c++)
			*c -= *c >= 'a' && *c <= 'z' ? 'a' - 'A' : 0;
		if (str_starts_with(words.items[i], "CAP_"))
			number = capability_from_name(words.items[i]);
		if (number >= 0)
			sum |= INT64_C(1) << number;
		else
			unit_draft_warn(draft, "'%s' of %s= is no capability, ignored",
					words.items[i], key->name);
	}
	return sum;
}

/* The first line says which; others add to it, or take away with `~`. */
static int64_t merge_capabilities(struct unit_draft *draft, const struct unit_key *key,
				  const char *value, int64_t before, int64_t initial)
{
	bool invert = *value == '~';
	int64_t sum = parse_capabilities(draft, key, value + invert);

	if (!sum || before == initial)
		return invert ? ALL_CAPABILITIES & ~sum : sum;
	return invert ? before & ~sum : before | sum;
}

static void key_bounding(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t before = field->given ? field->value : ALL_CAPABILITIES;
	int64_t after = merge_capabilities(draft, key, value, before, ALL_CAPABILITIES);

	*field = (struct optional_i64){after != ALL_CAPABILITIES,
				       after != ALL_CAPABILITIES ? after : 0};
}

static void key_ambient(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	int64_t *field = unit_key_field(draft, key);

	*field = merge_capabilities(draft, key, value, *field, 0);
}

static void key_secure_bits(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	static const struct key_choice bits[] = {
		{"keep-caps", SECBIT_KEEP_CAPS},
		{"keep-caps-locked", SECBIT_KEEP_CAPS_LOCKED},
		{"no-setuid-fixup", SECBIT_NO_SETUID_FIXUP},
		{"no-setuid-fixup-locked", SECBIT_NO_SETUID_FIXUP_LOCKED},
		{"noroot", SECBIT_NOROOT},
		{"noroot-locked", SECBIT_NOROOT_LOCKED},
		{NULL},
	};
	int64_t *field = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value)
		*field = 0;
	key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++) {
		const struct key_choice *bit = key_find_choice(bits, words.items[i]);

		if (bit)
			*field |= bit->value;
		else
			key_reject(draft, key, words.items[i]);
	}
}

/* ---- calls ---- */

/* Lines as they are, with one blank between words. */
static void key_filter(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *lines = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value)
		strings_fini(lines);
	else if (key_split(draft, key, value, &words) && words.count)
		strings_take(lines, strings_join(&words, " "));
}

/* "EPERM", a number; "kill" is what happens without. */
static void key_call_error(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	char **field = unit_key_field(draft, key);
	uint64_t number;

	if (!*value || str_equal(value, "kill"))
		str_replace(field, NULL);
	else if (parse_u64(value, &number)
			 ? number < 4096
			 : *value == 'E' &&
				   !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")])
		str_replace(field, value);
	else
		key_reject(draft, key, value);
}

/* Yes, no, or the kinds as they are written. */
static void key_namespaces(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	char **field = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};
	bool all = false, is_bool = key_parse_bool(value, &all);

	if (!*value || (is_bool && !all)) {
		str_replace(field, NULL);
	} else if (is_bool) {
		str_replace(field, "yes");
	} else if (key_split(draft, key, value, &words) && words.count) {
		free(*field);
		*field = strings_join(&words, " ");
	}
}

/* The first line says whether these are allowed or, with `~`, not; a line of the other kind takes away. */
static void key_families(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *list = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};
	bool invert = *value == '~';

	if (!*value)
		strings_fini(list);
	if (!*value || !key_split(draft, key, value + invert, &words))
		return;
	if (!list->count && invert)
		strings_add(list, "~");
	bool adds = invert == str_equal(list->count ? list->items[0] : NULL, "~");
	for (size_t i = 0; i < words.count; i++) {
		for (size_t k = list->count; !adds && k-- > 0;)
			if (str_equal(list->items[k], words.items[i]))
				strings_remove(list, k);
		if (adds && !strings_contain(list, words.items[i]))
			strings_add(list, words.items[i]);
	}
}

static void key_keyring(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	char **field = unit_key_field(draft, key);

	if (!*value)
		str_replace(field, NULL);
	else if (str_equal(value, "inherit") || str_equal(value, "private") ||
		 str_equal(value, "shared"))
		str_replace(field, value);
	else
		key_reject(draft, key, value);
}

/* ---- credentials ---- */

static struct execution_credential *add_credential(struct unit_draft *draft,
						   const struct unit_key *key, const char *value,
						   const char **rest)
{
	size_t length = strcspn(value, ":");

	if (!length || memchr(value, '/', length)) {
		key_reject(draft, key, value);
		return NULL;
	}
	struct execution_credential *credential =
		record_list_add(&execution_credential_type, &draft->plan.context.credentials);
	credential->name = str_dup_n(value, length);
	*rest = value[length] ? value + length + 1 : NULL;
	return credential;
}

static void key_load_credential(struct unit_draft *draft, const struct unit_key *key,
				const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);
	const char *path;

	if (!*value)
		record_list_fini(&execution_credential_type, &draft->plan.context.credentials);
	if (!*value || !text)
		return;
	struct execution_credential *credential = add_credential(draft, key, text, &path);
	if (credential)
		credential->path = str_dup(path ? path : credential->name);
}

/* C escapes count in the data. */
static void key_set_credential(struct unit_draft *draft, const struct unit_key *key,
			       const char *value)
{
	scoped_strings struct strings words = {0};
	struct error err;
	const char *data;

	if (!*value)
		record_list_fini(&execution_credential_type, &draft->plan.context.credentials);
	struct execution_credential *credential =
		*value ? add_credential(draft, key, value, &data) : NULL;
	if (!credential)
		return;
	scoped_free char *quoted = str_format("\"%s\"", data ? data : "");
	if (unit_words_split(quoted, UNIT_WORDS_KEEP_ESCAPES, &words, NULL, &err) &&
	    words.count == 1)
		buffer_add_text(&credential->data, words.items[0]);
	else
		buffer_add_text(&credential->data, data);
}

#define SANDBOX(name, parse, member, ...)                                                          \
	UNIT_KEY(name, IN_EXECUTION, parse, plan.context.member, __VA_ARGS__)
#define FOLDERS(name, kind)                                                                        \
	SANDBOX(name "Directory", key_folders, folders[kind].names, 0),                            \
		SANDBOX(name "DirectoryMode", key_mode, folders[kind].mode, 0)

static const struct unit_key keys[] = {
	FOLDERS("Runtime", FOLDER_RUNTIME),
	FOLDERS("State", FOLDER_STATE),
	FOLDERS("Cache", FOLDER_CACHE),
	FOLDERS("Logs", FOLDER_LOGS),
	FOLDERS("Configuration", FOLDER_CONFIGURATION),
	SANDBOX("RuntimeDirectoryPreserve", key_choice, keep_runtime, 0, preserve),

	SANDBOX("PrivateTmp", key_bool, private_tmp, 0),
	SANDBOX("PrivateDevices", key_bool, private_devices, 0),
	SANDBOX("PrivateNetwork", key_bool, private_network, 0),
	SANDBOX("PrivateMounts", key_bool, private_mounts, 0),
	SANDBOX("ProtectSystem", key_choice, protect_system, 0, protect_system),
	SANDBOX("ProtectHome", key_choice, protect_home, 0, protect_home),
	SANDBOX("ProtectKernelTunables", key_bool, protect_kernel_tunables, 0),
	SANDBOX("ProtectKernelModules", key_bool, protect_kernel_modules, 0),
	SANDBOX("ProtectKernelLogs", key_bool, protect_kernel_logs, 0),
	SANDBOX("ProtectControlGroups", key_bool, protect_control_groups, 0),
	SANDBOX("ProtectHostname", key_bool, protect_hostname, 0),
	SANDBOX("ProtectClock", key_bool, protect_clock, 0),
	SANDBOX("ReadWritePaths", key_paths, read_write_paths, 0),
	SANDBOX("ReadWriteDirectories", key_paths, read_write_paths, 0),
	SANDBOX("ReadOnlyPaths", key_paths, read_only_paths, 0),
	SANDBOX("ReadOnlyDirectories", key_paths, read_only_paths, 0),
	SANDBOX("InaccessiblePaths", key_paths, inaccessible_paths, 0),
	SANDBOX("InaccessibleDirectories", key_paths, inaccessible_paths, 0),
	SANDBOX("ExecPaths", key_paths, exec_paths, 0),
	SANDBOX("NoExecPaths", key_paths, no_exec_paths, 0),
	SANDBOX("BindPaths", key_bind_paths, bind_paths, 0),
	SANDBOX("BindReadOnlyPaths", key_bind_paths, bind_paths, 1),
	SANDBOX("TemporaryFileSystem", key_temporary, temporary_paths, 0),

	SANDBOX("NoNewPrivileges", key_bool, no_new_privileges, 0),
	SANDBOX("CapabilityBoundingSet", key_bounding, capability_bounding, 0),
	SANDBOX("AmbientCapabilities", key_ambient, ambient_capabilities, 0),
	SANDBOX("SecureBits", key_secure_bits, secure_bits, 0),
	SANDBOX("SystemCallFilter", key_filter, system_call_filter, 0),
	SANDBOX("SystemCallErrorNumber", key_call_error, system_call_error, 0),
	SANDBOX("SystemCallArchitectures", key_words, system_call_architectures, 0),
	SANDBOX("RestrictNamespaces", key_namespaces, restrict_namespaces, 0),
	SANDBOX("RestrictAddressFamilies", key_families, address_families, 0),
	SANDBOX("RestrictSUIDSGID", key_bool, restrict_suid_sgid, 0),
	SANDBOX("RestrictRealtime", key_bool, restrict_realtime, 0),
	SANDBOX("LockPersonality", key_bool, lock_personality, 0),
	SANDBOX("MemoryDenyWriteExecute", key_bool, memory_deny_write_execute, 0),
	SANDBOX("KeyringMode", key_keyring, keyring_mode, 0),
	SANDBOX("LoadCredential", key_load_credential, credentials, 0),
	SANDBOX("SetCredential", key_set_credential, credentials, 0),
};
const struct unit_key_table unit_keys_of_sandbox = {keys, array_length(keys)};
