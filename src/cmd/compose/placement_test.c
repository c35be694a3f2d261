#include "cmd/compose/placement.h"

#include "base/test.h"
#include "format/json.h"

static const char host[] =
	"{\"Name\": \"here\", \"OSType\": \"linux\", \"Architecture\": \"x86_64\", "
	"\"Labels\": [\"disk=fast\", \"diskless=no\"], \"Swarm\": {\"NodeID\": \"\"}}";

static void a_constraint_holds_or_says_why_not(void **state)
{
	static const struct {
		const char *constraint, *error; /* NULL: it holds */
	} cases[] = {
		{"node.role == manager", NULL},
		{"node.role==worker", "does not hold for this host: node.role is \"manager\""},
		{"node.role!=worker", NULL},
		{"node.hostname == here", NULL},
		{"node.hostname!=here", "does not hold for this host: node.hostname is \"here\""},
		{"node.platform.os==linux", NULL},
		{"node.platform.arch==amd64", NULL},
		{"node.platform.arch == x86_64", NULL},
		{"node.platform.arch==arm64",
		 "does not hold for this host: node.platform.arch is \"x86_64\""},
		{"node.labels.zone==a", "does not hold for this host: node.labels.zone is \"\""},
		{"node.labels.zone != a", NULL},
		{"engine.labels.disk==fast", NULL},
		{"engine.labels.disk==slow",
		 "does not hold for this host: engine.labels.disk is \"fast\""},
		{"node.id==x", "does not hold for this host: node.id is \"\""},
		{"node.colour==red", "\"node.colour\" is nothing that a host has"},
		{"node.role", "\"node.role\" is no constraint: NAME==VALUE or NAME!=VALUE"},
		{"node.role=manager",
		 "\"node.role=manager\" is no constraint: NAME==VALUE or NAME!=VALUE"},
		{"==x", "\"==x\" is no constraint: NAME==VALUE or NAME!=VALUE"},
		{"", "\"\" is no constraint: NAME==VALUE or NAME!=VALUE"},
	};
	scoped_json json_t *info = json_loads(host, 0, NULL);

	assert_non_null(info);
	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};
		bool holds = placement_holds(cases[i].constraint, info, &err);

		assert_string_equal(holds ? "" : err.text, cases[i].error ? cases[i].error : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_constraint_holds_or_says_why_not)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
