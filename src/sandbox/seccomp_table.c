#include "sandbox/seccomp_table.h"

#include <linux/seccomp.h>
#include <stddef.h>

struct code {
	struct sock_filter *items;
	size_t count, capacity;
};

#define STATEMENT(op, value)	 ((struct sock_filter)BPF_STMT(op, value))
#define JUMP(op, value, yes, no) ((struct sock_filter)BPF_JUMP(op, value, yes, no))

static void add(struct code *c, struct sock_filter instruction)
{
	vector_add(c, instruction);
}

static void append(struct code *c, const struct code *more)
{
	for (size_t i = 0; i < more->count; i++)
		add(c, more->items[i]);
}

static void load(struct code *c, size_t offset)
{
	add(c, STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void give(struct code *c, uint32_t action)
{
	add(c, STATEMENT(BPF_RET | BPF_K, action));
}

/* ---- arguments ----
 *
 * An argument of 64 bits is two words, the low one first on the machines that we know.  Where a jump
 * leads is written as FITS (behind this argument's tests) or FAILS (behind the branch), and put right
 * when both are known. */

enum { FITS = 254, FAILS = 255 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arguments are read low word first");

static void load_word(struct code *c, uint32_t index, bool high)
{
	load(c, offsetof(struct seccomp_data, args) + 8 * index + (high ? 4 : 0));
}

static void test_masked(struct code *c, const struct seccomp_argument *a, bool wide)
{
	uint32_t mask_high = (uint32_t)(a->value >> 32), other_high = (uint32_t)(a->other >> 32);

	if (wide) {
		load_word(c, a->index, true);
		add(c, STATEMENT(BPF_ALU | BPF_AND | BPF_K, mask_high));
		add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, other_high, 0, FAILS));
	}
	load_word(c, a->index, false);
	add(c, STATEMENT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)a->value));
	add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)a->other, 0, FAILS));
}

static void test_equal(struct code *c, const struct seccomp_argument *a, bool wide, bool equal)
{
	if (wide) {
		load_word(c, a->index, true);
		add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(a->value >> 32), 0,
			    equal ? FAILS : FITS));
	}
	load_word(c, a->index, false);
	add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)a->value, equal ? FITS : FAILS,
		    equal ? FAILS : FITS));
}

/* argument > value, or >= with `or_equal`; `expected` false: the opposite. */
static void test_greater(struct code *c, const struct seccomp_argument *a, bool wide, bool or_equal,
			 bool expected)
{
	uint32_t high = (uint32_t)(a->value >> 32), low = (uint32_t)a->value;
	uint8_t yes = expected ? FITS : FAILS, no = expected ? FAILS : FITS;

	if (wide) {
		load_word(c, a->index, true);
		add(c, JUMP(BPF_JMP | BPF_JGT | BPF_K, high, yes, 0));
		add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, no));
	}
	load_word(c, a->index, false);
	add(c, JUMP(BPF_JMP | (or_equal ? BPF_JGE : BPF_JGT) | BPF_K, low, yes, no));
}

static void test_argument(struct code *c, const struct seccomp_argument *a, bool wide)
{
	switch ((enum seccomp_operator)a->operator) {
	case SECCOMP_NOT_EQUAL:
		return test_equal(c, a, wide, false);
	case SECCOMP_NOT_EQUAL_INT:
		return test_equal(c, a, false, false);
	case SECCOMP_EQUAL:
		return test_equal(c, a, wide, true);
	case SECCOMP_MASKED_EQUAL:
		return test_masked(c, a, wide);
	case SECCOMP_LESS:
		return test_greater(c, a, wide, true, false);
	case SECCOMP_LESS_OR_EQUAL:
		return test_greater(c, a, wide, false, false);
	case SECCOMP_GREATER:
		return test_greater(c, a, wide, false, true);
	case SECCOMP_GREATER_OR_EQUAL:
		return test_greater(c, a, wide, true, true);
	}
}

/* Jumps of items[from..to) that lead to `mark` now lead to `target`. */
static void settle(struct code *c, size_t from, uint8_t mark, size_t target)
{
	for (size_t i = from; i < c->count; i++) {
		struct sock_filter *in = &c->items[i];

		if (BPF_CLASS(in->code) != BPF_JMP)
			continue;
		if (in->jt == mark)
			in->jt = (uint8_t)(target - i - 1);
		if (in->jf == mark)
			in->jf = (uint8_t)(target - i - 1);
	}
}

/* At most six arguments of seven instructions: no jump comes near the marks. */
static void add_branch(struct code *c, const struct seccomp_branch *branch, bool wide)
{
	struct code tests = {0};

	for (size_t i = 0; i < branch->argument_count; i++) {
		size_t from = tests.count;

		test_argument(&tests, &branch->arguments[i], wide);
		settle(&tests, from, FITS, tests.count);
	}
	give(&tests, branch->action);
	settle(&tests, 0, FAILS, tests.count);
	append(c, &tests);
	vector_fini(&tests);
}

/* ---- ranges ---- */

/* From `start` to the next one's start. */
struct range {
	uint32_t start;
	uint32_t action;		     /* without a choice of several */
	const struct seccomp_choice *choice; /* NULL: always `action` */
	bool wide;
};

struct ranges {
	struct range *items;
	size_t count, capacity;
};

static void add_range(struct ranges *r, struct range range)
{
	const struct range *last = r->count ? &r->items[r->count - 1] : NULL;

	if (last && last->start == range.start)
		r->count--; /* the one before was empty */
	last = r->count ? &r->items[r->count - 1] : NULL;
	if (last && !last->choice && !range.choice && last->action == range.action)
		return;
	vector_add(r, range);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct seccomp_choice *)a)->number;
	uint32_t y = ((const struct seccomp_choice *)b)->number;

	return (x > y) - (x < y);
}

/* Branches that end as the rule without arguments does are no branches. */
static bool is_plain(const struct seccomp_choice *choice)
{
	for (size_t i = 0; i < choice->count; i++)
		if (!choice->has_action || choice->branches[i].action != choice->action)
			return false;
	return true;
}

static void add_ranges_of(struct ranges *r, struct seccomp_machine *m,
			  const struct seccomp_table *t)
{
	uint32_t next = m->first;

	if (m->choices.count > 0)
		qsort(m->choices.items, m->choices.count, sizeof(*m->choices.items), by_number);
	for (size_t i = 0; i < m->choices.count; i++) {
		struct seccomp_choice *choice = &m->choices.items[i];

		if (!choice->has_action)
			choice->action = t->otherwise;
		if (choice->number > next)
			add_range(r, (struct range){next, t->otherwise, NULL, m->wide});
		add_range(r, (struct range){choice->number, choice->action,
					    is_plain(choice) ? NULL : choice, m->wide});
		next = choice->number + 1;
	}
	add_range(r, (struct range){next, t->newer, NULL, m->wide});
}

static void add_leaf(struct code *c, const struct range *range)
{
	for (size_t i = 0; range->choice && i < range->choice->count; i++)
		add_branch(c, &range->choice->branches[i], range->wide);
	give(c, range->action);
}

/* Is the number in the upper half?  Then skip the code of the lower one; a conditional jump reaches 255
 * instructions, so a longer skip is a jump of its own. */
static void add_bisection(struct code *c, const struct range *ranges, size_t count)
{
	struct code lower = {0};
	size_t half = count / 2;

	if (count == 1) {
		add_leaf(c, ranges);
		return;
	}
	add_bisection(&lower, ranges, half);
	if (lower.count <= 255) {
		add(c,
		    JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].start, (uint8_t)lower.count, 0));
	} else {
		add(c, JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].start, 0, 1));
		add(c, STATEMENT(BPF_JMP | BPF_JA, (uint32_t)lower.count));
	}
	append(c, &lower);
	vector_fini(&lower);
	add_bisection(c, ranges + half, count - half);
}

/* ---- the program ---- */

static size_t same_audit(const struct seccomp_table *t, size_t from)
{
	size_t end = from + 1;

	while (end < t->machines.count &&
	       t->machines.items[end].audit == t->machines.items[from].audit)
		end++;
	return end;
}

static void add_machines(struct code *c, struct seccomp_table *t, size_t from, size_t end)
{
	struct ranges ranges = {0};
	struct code body = {0};

	for (size_t i = from; i < end; i++)
		add_ranges_of(&ranges, &t->machines.items[i], t);
	load(&body, offsetof(struct seccomp_data, nr));
	add_bisection(&body, ranges.items, ranges.count);
	add(c, JUMP(BPF_JMP | BPF_JEQ | BPF_K, t->machines.items[from].audit, 1, 0));
	add(c, STATEMENT(BPF_JMP | BPF_JA, (uint32_t)body.count));
	append(c, &body);
	vector_fini(&body);
	vector_fini(&ranges);
}

struct sock_filter *seccomp_program_new(struct seccomp_table *table, size_t *length,
					struct error *err)
{
	struct code code = {0};

	load(&code, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < table->machines.count;) {
		size_t end = same_audit(table, i);

		add_machines(&code, table, i, end);
		i = end;
	}
	give(&code, table->foreign);
	if (code.count > BPF_MAXINSNS) {
		error_set(err, ERROR_INVALID,
			  "the seccomp profile needs %zu instructions, %d are the limit",
			  code.count, BPF_MAXINSNS);
		vector_fini(&code);
		return NULL;
	}
	*length = code.count;
	return code.items;
}

/* ---- filling ---- */

static struct seccomp_choice *choice_of(struct seccomp_machine *m, uint32_t number)
{
	for (size_t i = 0; i < m->choices.count; i++)
		if (m->choices.items[i].number == number)
			return &m->choices.items[i];
	vector_add(&m->choices, ((struct seccomp_choice){.number = number}));
	return &m->choices.items[m->choices.count - 1];
}

void seccomp_machine_add(struct seccomp_machine *machine, uint32_t number,
			 const struct seccomp_rule *rule)
{
	struct seccomp_choice *choice = choice_of(machine, number);
	struct {
		struct seccomp_branch *items;
		size_t count, capacity;
	} branches = {choice->branches, choice->count, choice->capacity};
	struct seccomp_branch branch = {.argument_count = rule->argument_count,
					.action = rule->action};

	if (rule->argument_count == 0) {
		choice->action = choice->has_action ? choice->action : rule->action;
		choice->has_action = true;
		return;
	}
	memcpy(branch.arguments, rule->arguments, sizeof(branch.arguments));
	vector_add(&branches, branch);
	choice->branches = branches.items;
	choice->count = branches.count;
	choice->capacity = branches.capacity;
}

void seccomp_table_fini(struct seccomp_table *table)
{
	for (size_t m = 0; m < table->machines.count; m++) {
		struct seccomp_machine *machine = &table->machines.items[m];

		for (size_t i = 0; i < machine->choices.count; i++)
			free(machine->choices.items[i].branches);
		vector_fini(&machine->choices);
	}
	vector_fini(&table->machines);
}
