/* [Container], as in Podman's .container files: a container instead of a command.  NAME.container is read as
 * NAME.service; a .service may have the section, too.
 *
 * It becomes `docker run -d`: the start is done when the container runs, whose first process is the
 * service's main one then, and whose output goes to the journal.  No client stays behind; where
 * nothing depends on a client's surroundings, the daemon does what the command says without one
 * (units_run.c).  (A oneshot's is in the foreground: its start is done when that has ended.)  That
 * containers of a unit are bounded, stopped and waited for with it is so for whatever a unit
 * starts, and what the values mean is checked where all other users' are.  Keys are written into
 * options one to one; what has no counterpart is said and left out. */
#include "unit/finish.h"
#include "unit/key_value.h"

#define DOCKER "/usr/bin/docker"

static void drop_options(struct pairs *options, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->count; i++) {
		if (str_equal(options->items[i].name, name)) {
			free(options->items[i].name);
			free(options->items[i].value);
		} else {
			options->items[kept++] = options->items[i];
		}
	}
	options->count = kept;
}

/* `extra` in all of these: the option. */
static void key_value(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	drop_options(&draft->container.options, key->extra);
	if (*text)
		pairs_append(&draft->container.options, key->extra, text);
}

/* Each line one option: blanks are part of it. */
static void key_item(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (*text)
		pairs_append(&draft->container.options, key->extra, text);
	else
		drop_options(&draft->container.options, key->extra);
}

/* Each word one option. */
static void key_items(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value)
		drop_options(&draft->container.options, key->extra);
	else
		key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++)
		pairs_append(&draft->container.options, key->extra, words.items[i]);
}

/* `extra`: "--option" or "--option=value". */
static void key_switch(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	bool on = false;

	if (*value && !key_parse_bool(value, &on)) {
		key_reject(draft, key, value);
		return;
	}
	drop_options(&draft->container.options, key->extra);
	if (on)
		pairs_append(&draft->container.options, key->extra, NULL);
}

/* --security-opt NAME=value. */
static void key_seccomp(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);
	scoped_free char *option = str_format("--security-opt=seccomp=%s", text ? text : "");

	if (text && *text)
		pairs_append(&draft->container.options, option, NULL);
}

/* ---- paths ---- */

/* "./data" and "../data" are beside the unit's file. */
static char *beside_file(const struct unit_draft *draft, const char *path)
{
	const char *slash = draft->file ? strrchr(draft->file, '/') : NULL;

	if (*path != '.' || !slash)
		return str_dup(path);
	return str_format("%.*s/%s", (int)(slash - draft->file), draft->file, path);
}

/* SOURCE:TARGET[:OPTIONS]; "x.volume" is the volume that Podman's x.volume file makes. */
static void key_volume(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (!*text) {
		drop_options(&draft->container.options, key->extra);
		return;
	}
	size_t length = strcspn(text, ":");
	scoped_free char *typed = str_dup_n(text, length);
	scoped_free char *source =
		str_ends_with(typed, ".volume")
			? str_format("systemd-%.*s", (int)(length - strlen(".volume")), typed)
			: beside_file(draft, typed);
	scoped_free char *volume = str_format("%s%s", source, text + length);
	pairs_append(&draft->container.options, key->extra, volume);
}

static void key_env_file(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value)
		drop_options(&draft->container.options, key->extra);
	else
		key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++) {
		scoped_free char *path = beside_file(draft, words.items[i]);

		pairs_append(&draft->container.options, key->extra, path);
	}
}

/* Files of networks are Podman's alone. */
static void key_network(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	size_t length = strcspn(value, ":");

	if (length > strlen(".network") &&
	    strncmp(value + length - strlen(".network"), ".network", strlen(".network")) == 0)
		unit_draft_refuse(draft,
				  "%s=%s: files of networks are not read: make the network "
				  "and give its name",
				  key->name, value);
	else
		key_item(draft, key, value);
}

/* ---- words of the command ---- */

static void key_command(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *command = unit_key_field(draft, key);

	strings_fini(command);
	key_split(draft, key, value, command);
}

/* Options as they are, for what has no key. */
static void key_arguments(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	key_split(draft, key, value, &words);
	draft->container.has_arguments = true;
	for (size_t i = 0; i < words.count; i++)
		pairs_append(&draft->container.options, words.items[i], NULL);
}

static void key_pull(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	if (str_equal(value, "newer"))
		unit_draft_warn(draft, "%s=newer is taken as always", key->name);
	key_value(draft, key, str_equal(value, "newer") ? "always" : value);
}

/* On failure of the health check; a label says it to us. */
static void key_unhealthy(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	static const char *const actions[] = {"none", "restart", "stop", "kill"};

	for (size_t i = 0; i < array_length(actions); i++) {
		scoped_free char *label = str_format("--label=wherry.on-unhealthy=%s", actions[i]);

		drop_options(&draft->container.options, label);
		if (str_equal(value, actions[i]))
			pairs_append(&draft->container.options, label, NULL);
	}
}

static void key_not_here(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	bool off;

	if (*value && !(key_parse_bool(value, &off) && !off))
		unit_draft_warn(draft, "%s= of a [Container] is not supported, ignored", key->name);
}

/* ---- the command ---- */

/* As Podman: systemd-NAME, systemd-PREFIX_INSTANCE; what a name may not have becomes `_`. */
static char *default_name(const struct unit_draft *draft)
{
	size_t length = (size_t)(strrchr(draft->config.name, '.') - draft->config.name);
	char *name = str_format("systemd-%.*s", (int)length, draft->config.name);

	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '-' || *c == '.'))
			*c = '_';
	return name;
}

static void add_options(const struct container_section *container, struct strings *args)
{
	for (size_t i = 0; i < container->options.count; i++) {
		const struct pair *option = &container->options.items[i];

		if (option->value)
			strings_format(args, "%s=%s", option->name, option->value);
		else
			strings_add(args, option->name);
	}
	if (container->user || container->group)
		strings_format(args, "--user=%s%s%s", container->user ? container->user : "0",
			       container->group ? ":" : "",
			       container->group ? container->group : "");
}

static bool has_type(const struct unit_draft *draft, enum service_type type)
{
	return draft->type.given && draft->type.value == type;
}

static struct execution_command *add_docker(struct unit_draft *draft, enum execution_phase phase,
					    const char *verb)
{
	struct execution_command *command =
		record_list_add(&execution_command_type, &draft->plan.commands[phase]);

	command->path = str_dup(DOCKER);
	strings_add(&command->args, DOCKER);
	strings_add(&command->args, verb);
	return command;
}

/* One in the foreground ends with its client, and that is to be as the container wants: many first processes take
 * no SIGTERM.  One without a client is ended by the engine. */
static void add_stop(struct unit_draft *draft, const char *name)
{
	if (draft->plan.commands[EXECUTION_STOP].count || !has_type(draft, SERVICE_ONESHOT))
		return;
	struct execution_command *command = add_docker(draft, EXECUTION_STOP, "stop");
	strings_add(&command->args, name);
	command->ignore_failure = true; /* it may be over */
}

/* Who writes Type=notify means that Podman tells when the container runs. */
static void leave_container(struct unit_draft *draft, struct strings *args)
{
	if (has_type(draft, SERVICE_ONESHOT))
		return;
	strings_add(args, "--detach");
	if (!pairs_get(&draft->container.options, "--log-driver"))
		strings_add(args, "--log-driver=journal");
	if (draft->type.given && !has_type(draft, SERVICE_NOTIFY))
		return;
	draft->type.given = true;
	draft->type.value = SERVICE_FORKING;
}

/* ---- without a client ---- */

/* What the client's own surroundings would decide: its user, its daemon, its variables, its files. */
static bool has_surroundings(const struct execution_context *context)
{
	const struct pairs *environment = &context->environment;

	for (size_t i = 0; i < environment->count; i++)
		if (str_starts_with(environment->items[i].name, "DOCKER_"))
			return true;
	return context->user || context->group || context->root_folder ||
	       context->environment_files.count || context->pass_environment.count;
}

/* --env NAME is a variable of the client's. */
static bool is_of_client(const struct pair *option)
{
	if (str_equal(option->name, "--env"))
		return !option->value || !strchr(option->value, '=');
	return str_equal(option->name, "--env-file") ||
	       str_starts_with(option->name, "--security-opt=seccomp=") ||
	       (str_equal(option->name, "--pull") && str_equal(option->value, "always"));
}

static bool may_do_without_client(const struct unit_draft *draft,
				  const struct execution_command *command)
{
	const struct pairs *options = &draft->container.options;

	if (draft->type.value != SERVICE_FORKING || draft->container.has_arguments ||
	    has_surroundings(&draft->plan.context))
		return false;
	for (size_t i = 0; i < options->count; i++)
		if (is_of_client(&options->items[i]))
			return false;
	for (size_t i = 0; i < command->args.count; i++)
		if (strchr(command->args.items[i], '$')) /* a variable, maybe */
			return false;
	return true;
}

void unit_draft_add_container(struct unit_draft *draft)
{
	struct record_list *starts = &draft->plan.commands[EXECUTION_START];
	const struct container_section *container = &draft->container;
	scoped_free char *own_name = default_name(draft);
	const char *name = container->name ? container->name : own_name;

	if (starts->count) {
		unit_draft_refuse(draft, "a [Container] and ExecStart= cannot stand together");
		return;
	}
	if (!container->image) {
		unit_draft_refuse(draft, "a [Container] needs Image=");
		return;
	}
	struct execution_command *command = add_docker(draft, EXECUTION_START, "run");
	draft->config.has_container = true;
	strings_add(&command->args, "--rm");
	strings_format(&command->args, "--name=%s", name);
	strings_format(&command->args, "--label=" UNIT_LABEL "=%s", draft->config.name);
	leave_container(draft, &command->args);
	add_options(container, &command->args);
	strings_add(&command->args, container->image);
	for (size_t i = 0; i < container->command.count; i++)
		strings_add(&command->args, container->command.items[i]);
	draft->plan.asks_for_container = may_do_without_client(draft, command);
	add_stop(draft, name);
}

#define OPTION(name, parse, option)                                                                \
	{                                                                                          \
		name, IN_CONTAINER, parse, 0, 0, option                                            \
	}
#define FIELD(name, parse, member) UNIT_KEY(name, IN_CONTAINER, parse, container.member)
#define NOT_HERE(name)                                                                             \
	{                                                                                          \
		name, IN_CONTAINER, key_not_here                                                   \
	}

static const struct unit_key keys[] = {
	FIELD("Image", key_text, image),
	FIELD("ContainerName", key_text, name),
	FIELD("User", key_text, user),
	FIELD("Group", key_text, group),
	FIELD("Exec", key_command, command),

	OPTION("AddCapability", key_items, "--cap-add"),
	OPTION("AddDevice", key_items, "--device"),
	OPTION("AddHost", key_items, "--add-host"),
	OPTION("Annotation", key_items, "--annotation"),
	OPTION("DNS", key_items, "--dns"),
	OPTION("DNSOption", key_items, "--dns-option"),
	OPTION("DNSSearch", key_items, "--dns-search"),
	OPTION("DropCapability", key_items, "--cap-drop"),
	OPTION("Entrypoint", key_value, "--entrypoint"),
	OPTION("Environment", key_items, "--env"),
	OPTION("EnvironmentFile", key_env_file, "--env-file"),
	OPTION("ExposeHostPort", key_items, "--expose"),
	OPTION("GroupAdd", key_items, "--group-add"),
	OPTION("HealthCmd", key_value, "--health-cmd"),
	OPTION("HealthInterval", key_value, "--health-interval"),
	OPTION("HealthOnFailure", key_unhealthy, NULL),
	OPTION("HealthRetries", key_value, "--health-retries"),
	OPTION("HealthStartPeriod", key_value, "--health-start-period"),
	OPTION("HealthTimeout", key_value, "--health-timeout"),
	OPTION("HostName", key_value, "--hostname"),
	OPTION("IP", key_value, "--ip"),
	OPTION("IP6", key_value, "--ip6"),
	OPTION("Label", key_items, "--label"),
	OPTION("LogDriver", key_value, "--log-driver"),
	OPTION("LogOpt", key_items, "--log-opt"),
	OPTION("Memory", key_value, "--memory"),
	OPTION("Mount", key_item, "--mount"),
	OPTION("Network", key_network, "--network"),
	OPTION("NetworkAlias", key_items, "--network-alias"),
	OPTION("NoNewPrivileges", key_switch, "--security-opt=no-new-privileges"),
	OPTION("PidsLimit", key_value, "--pids-limit"),
	OPTION("PodmanArgs", key_arguments, NULL),
	OPTION("PublishPort", key_items, "--publish"),
	OPTION("Pull", key_pull, "--pull"),
	OPTION("ReadOnly", key_switch, "--read-only"),
	OPTION("RunInit", key_switch, "--init"),
	OPTION("SeccompProfile", key_seccomp, NULL),
	OPTION("ShmSize", key_value, "--shm-size"),
	OPTION("StopSignal", key_value, "--stop-signal"),
	OPTION("StopTimeout", key_value, "--stop-timeout"),
	OPTION("Sysctl", key_items, "--sysctl"),
	OPTION("Tmpfs", key_items, "--tmpfs"),
	OPTION("Ulimit", key_items, "--ulimit"),
	OPTION("Volume", key_volume, "--volume"),
	OPTION("WorkingDir", key_value, "--workdir"),

	NOT_HERE("AutoUpdate"),
	NOT_HERE("CgroupsMode"),
	NOT_HERE("ContainersConfModule"),
	NOT_HERE("EnvironmentHost"),
	NOT_HERE("GIDMap"),
	NOT_HERE("GlobalArgs"),
	NOT_HERE("HealthLogDestination"),
	NOT_HERE("HealthMaxLogCount"),
	NOT_HERE("HealthMaxLogSize"),
	NOT_HERE("HealthStartupCmd"),
	NOT_HERE("HealthStartupInterval"),
	NOT_HERE("HealthStartupRetries"),
	NOT_HERE("HealthStartupSuccess"),
	NOT_HERE("HealthStartupTimeout"),
	NOT_HERE("Mask"),
	NOT_HERE("Notify"),
	NOT_HERE("Pod"),
	NOT_HERE("ReadOnlyTmpfs"),
	NOT_HERE("ReloadCmd"),
	NOT_HERE("ReloadSignal"),
	NOT_HERE("Retry"),
	NOT_HERE("RetryDelay"),
	NOT_HERE("Rootfs"),
	NOT_HERE("Secret"),
	NOT_HERE("SecurityLabelDisable"),
	NOT_HERE("SecurityLabelFileType"),
	NOT_HERE("SecurityLabelLevel"),
	NOT_HERE("SecurityLabelNested"),
	NOT_HERE("SecurityLabelType"),
	NOT_HERE("StartWithPod"),
	NOT_HERE("SubGIDMap"),
	NOT_HERE("SubUIDMap"),
	NOT_HERE("Timezone"),
	NOT_HERE("UIDMap"),
	NOT_HERE("Unmask"),
	NOT_HERE("UserNS"),
};
const struct unit_key_table unit_keys_of_container = {keys, array_length(keys)};
