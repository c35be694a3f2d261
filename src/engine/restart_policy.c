/* 100 ms, doubling up to a minute, and from the beginning again after a run of 10 s: a service that
 * dies at once costs nothing after a while, one that dies now and then is back at once. */
#include "engine/restart_policy.h"

#include "base/time.h"

#define FIRST_DELAY_MS 100
#define MOST_DELAY_MS  60000
#define GOOD_RUN_MS    10000

struct rule {
	const char *name;
	bool (*wants)(const struct restart_question *question);
};

static bool never(const struct restart_question *question)
{
	(void)question;
	return false;
}

/* A stop by hand rests the policy, but only as long as this daemon lives. */
static bool always(const struct restart_question *question)
{
	return question->daemon_start || !question->stopped_by_hand;
}

static bool unless_stopped(const struct restart_question *question)
{
	return !question->stopped_by_hand;
}

bool restart_counts_anew(const struct restart_question *question)
{
	const struct optional_i64 *window = question->own ? &question->own->window_ns : NULL;

	return window && window->given && question->ran_ms >= window->value / NS_PER_MS;
}

static bool on_failure(const struct restart_question *question)
{
	int64_t most = question->policy->maximum_retry_count;
	int64_t tried = restart_counts_anew(question) ? 0 : question->restart_count;

	return !question->stopped_by_hand && question->exit_code != 0 &&
	       (question->was_running || !question->daemon_start) && (most == 0 || tried < most);
}

static const struct rule rules[] = {
	{"", never},
	{"no", never},
	{"always", always},
	{"unless-stopped", unless_stopped},
	{"on-failure", on_failure},
};

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < array_length(rules); i++)
		if (str_equal(rules[i].name, name ? name : ""))
			return &rules[i];
	return NULL;
}

static int64_t next_delay(const struct restart_question *question)
{
	if (question->own && question->own->delay_ns.given)
		return question->own->delay_ns.value / NS_PER_MS;
	if (question->last_delay_ms == 0 || question->ran_ms >= GOOD_RUN_MS)
		return FIRST_DELAY_MS;
	if (question->last_delay_ms >= MOST_DELAY_MS / 2)
		return MOST_DELAY_MS;
	return 2 * question->last_delay_ms;
}

struct restart_answer restart_decide(const struct restart_question *question)
{
	const struct rule *rule = find_rule(question->policy->name);

	bool wanted = question->wanted && !question->stopped_by_hand;

	if (!rule || question->failed_to_start || !(wanted || rule->wants(question)))
		return (struct restart_answer){false, 0};
	if (question->daemon_start)
		return (struct restart_answer){true, 0};
	return (struct restart_answer){true, next_delay(question)};
}

int64_t restart_pause_left(int64_t delay_ms, int64_t passed_ms)
{
	if (passed_ms < 0)
		return delay_ms;
	return passed_ms < delay_ms ? delay_ms - passed_ms : 0;
}

bool restart_policy_is_set(const struct restart_policy *policy)
{
	return !str_is_empty(policy->name) && !str_equal(policy->name, "no");
}

bool restart_policy_check(const struct restart_policy *policy, struct error *err)
{
	if (!find_rule(policy->name))
		return error_set(err, ERROR_INVALID,
				 "invalid restart policy: unknown policy '%s'; use one of 'no', "
				 "'always', 'on-failure', or 'unless-stopped'",
				 policy->name);
	if (policy->maximum_retry_count != 0 && !str_equal(policy->name, "on-failure"))
		return error_set(
			err, ERROR_INVALID,
			"invalid restart policy: maximum retry count can only be used with "
			"'on-failure'");
	if (policy->maximum_retry_count < 0)
		return error_set(err, ERROR_INVALID,
				 "invalid restart policy: maximum retry count cannot be negative");
	return true;
}
