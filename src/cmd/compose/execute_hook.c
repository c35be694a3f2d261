/* Hooks: commands inside a container after its start, or before compose stops it. */
#include "cmd/compose/execution.h"

#include "cmd/compose/log_lines.h"
#include "format/json.h"

struct hooks {
	const struct node *list;
	size_t next;
	char *exec; /* owned: of the one that runs */
	char *output;
};

static void end(struct work *work, const struct error *err)
{
	struct hooks *hooks = take(work->state_of_kind);

	free(hooks->exec);
	free(hooks->output);
	free(hooks);
	if (err)
		work_fail(work, err);
	else
		work_done(work);
}

static void run_next(struct work *work);

/* ---- what is asked for ---- */

static json_t *command_of(const struct node *hook)
{
	json_t *list = json_array();

	node_each (word, node_get(hook, "command"))
		json_array_append_new(list, json_string(word->value->text));
	return list;
}

static json_t *environment_of(const struct node *hook)
{
	json_t *list = json_array();

	node_each (member, node_get(hook, "environment")) {
		scoped_free char *text = str_format("%s=%s", member->key, member->value->text);

		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *body_of(const struct node *hook)
{
	json_t *body = json_pack("{s:b, s:b, s:o, s:o, s:b}", "AttachStdout", 1, "AttachStderr", 1,
				 "Cmd", command_of(hook), "Env", environment_of(hook), "Privileged",
				 (int)node_get_bool(hook, "privileged", false));

	if (node_get_text(hook, "user", NULL))
		doc_set_text(body, "User", node_get_text(hook, "user", ""));
	if (node_get_text(hook, "working_dir", NULL))
		doc_set_text(body, "WorkingDir", node_get_text(hook, "working_dir", ""));
	return body;
}

/* ---- its requests ---- */

static void on_inspected(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct hooks *hooks = work->state_of_kind;
	struct error failure;
	int64_t code = doc_number(answer, "ExitCode");

	if (!err && !code) {
		run_next(work);
		return;
	}
	if (!err) {
		if (!str_is_empty(hooks->output))
			progress_explain(work->run->progress, hooks->output);
		error_set(&failure, ERROR_SYSTEM, "%s hook of %s exited with status code %lld",
			  work->step->kind == STEP_PRE_STOP ? "pre_stop" : "post_start",
			  work->step->name, (long long)code);
		err = &failure;
	}
	end(work, err);
}

static void on_ran(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct hooks *hooks = work->state_of_kind;
	scoped_target struct target target = target_format("/exec/%s/json", hooks->exec);

	if (err) {
		end(work, err);
		return;
	}
	free(hooks->output);
	hooks->output = log_text(requests_text(work->run->requests));
	requests_send(work->run->requests, "GET", &target, NULL, on_inspected, work);
}

static void on_made(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct hooks *hooks = work->state_of_kind;
	scoped_json json_t *body = json_pack("{s:b, s:b}", "Detach", 0, "Tty", 0);

	if (err) {
		end(work, err);
		return;
	}
	str_replace(&hooks->exec, doc_text(answer, "Id"));
	scoped_target struct target target = target_format("/exec/%s/start", hooks->exec);
	requests_send(work->run->requests, "POST", &target, body, on_ran, work);
}

static void run_next(struct work *work)
{
	struct hooks *hooks = work->state_of_kind;

	if (!hooks->list || hooks->next == hooks->list->count) {
		end(work, NULL);
		return;
	}
	scoped_json json_t *body = body_of(hooks->list->members[hooks->next++].value);
	scoped_target struct target target =
		target_format("/containers/%s/exec", work_container(work));
	requests_send(work->run->requests, "POST", &target, body, on_made, work);
}

static void begin_hooks(struct work *work, const char *attribute)
{
	const struct project *project = work->run->compose->project;
	const struct service *service = project && work->step->service
						? project_service(project, work->step->service)
						: NULL;
	struct hooks *hooks = mem_new(struct hooks);

	work->state_of_kind = hooks;
	hooks->list = service ? node_get(service->node, attribute) : NULL;
	run_next(work);
}

void begin_post_start(struct work *work)
{
	begin_hooks(work, "post_start");
}

void begin_pre_stop(struct work *work)
{
	begin_hooks(work, "pre_stop");
}
