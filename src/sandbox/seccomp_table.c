/* Jumps of BPF lead forward only, and conditional ones at most 255 instructions far.  So the program is
 * written from its end: whoever wants to jump somewhere has the place already, outcomes that are within
 * reach are shared, and each piece of code is a function from where to go on to where it begins. */
#include "sandbox/seccomp_table.h"

#include <linux/seccomp.h>
#include <stddef.h>

/* Backwards: items[0] is the last instruction.  A place is an index in it. */
struct code {
	struct sock_filter *items;
	size_t count, capacity;
};

enum { REACH = 255 };

#define STATEMENT(op, value) ((struct sock_filter)BPF_STMT(op, value))

static size_t put(struct code *c, struct sock_filter instruction)
{
	vector_add(c, instruction);
	return c->count - 1;
}

static size_t distance(const struct code *c, size_t place)
{
	return c->count - place - 1;
}

static size_t go(struct code *c, size_t place)
{
	return put(c, STATEMENT(BPF_JMP | BPF_JA, (uint32_t)distance(c, place)));
}

/* What falls through to `next` must stand right before it. */
static size_t then(struct code *c, struct sock_filter instruction, size_t next)
{
	if (distance(c, next) != 0)
		go(c, next);
	return put(c, instruction);
}

static size_t load(struct code *c, size_t offset, size_t next)
{
	return then(c, STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset), next);
}

/* One more for the jump itself and one for a step in between. */
static size_t within_reach(struct code *c, size_t place)
{
	return distance(c, place) + 1 > REACH ? go(c, place) : place;
}

static size_t choose(struct code *c, uint16_t condition, uint32_t value, size_t yes, size_t no)
{
	yes = within_reach(c, yes);
	no = within_reach(c, no);
	return put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | condition, value,
						   (uint8_t)distance(c, yes),
						   (uint8_t)distance(c, no)));
}

/* An outcome: one that is near, or a new one. */
static size_t give(struct code *c, uint32_t action)
{
	size_t first = c->count > REACH / 2 ? c->count - REACH / 2 : 0;

	for (size_t i = c->count; i-- > first;)
		if (c->items[i].code == (BPF_RET | BPF_K) && c->items[i].k == action)
			return i;
	return put(c, STATEMENT(BPF_RET | BPF_K, action));
}

/* ---- arguments: two words of 32 bits, the low one first on the machines that we know ---- */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arguments are read low word first");

static size_t load_low(struct code *c, uint32_t index, size_t next)
{
	return load(c, offsetof(struct seccomp_data, args) + 8 * index, next);
}

static size_t load_high(struct code *c, uint32_t index, size_t next)
{
	return load(c, offsetof(struct seccomp_data, args) + 8 * index + 4, next);
}

static size_t test_equal(struct code *c, const struct seccomp_argument *a, bool wide, size_t yes,
			 size_t no)
{
	size_t low = load_low(c, a->index, choose(c, BPF_JEQ, (uint32_t)a->value, yes, no));

	if (!wide)
		return low;
	return load_high(c, a->index, choose(c, BPF_JEQ, (uint32_t)(a->value >> 32), low, no));
}

static size_t mask(struct code *c, uint64_t bits, size_t next)
{
	return then(c, STATEMENT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)bits), next);
}

static size_t test_masked(struct code *c, const struct seccomp_argument *a, bool wide, size_t yes,
			  size_t no)
{
	size_t low = choose(c, BPF_JEQ, (uint32_t)a->other, yes, no), high;

	low = load_low(c, a->index, mask(c, a->value, low));
	if (!wide || (a->value >> 32 == 0 && a->other >> 32 == 0))
		return low;
	high = choose(c, BPF_JEQ, (uint32_t)(a->other >> 32), low, no);
	return load_high(c, a->index, mask(c, a->value >> 32, high));
}

/* > with BPF_JGT, >= with BPF_JGE. */
static size_t test_greater(struct code *c, const struct seccomp_argument *a, bool wide,
			   uint16_t condition, size_t yes, size_t no)
{
	uint32_t high = (uint32_t)(a->value >> 32);
	size_t low = load_low(c, a->index, choose(c, condition, (uint32_t)a->value, yes, no));

	if (!wide)
		return low;
	low = choose(c, BPF_JEQ, high, low, no);
	return load_high(c, a->index, choose(c, BPF_JGT, high, yes, low));
}

static size_t test_argument(struct code *c, const struct seccomp_argument *a, bool wide, size_t yes,
			    size_t no)
{
	switch ((enum seccomp_operator)a->operator) {
	case SECCOMP_NOT_EQUAL:
		return test_equal(c, a, wide, no, yes);
	case SECCOMP_NOT_EQUAL_INT:
		return test_equal(c, a, false, no, yes);
	case SECCOMP_EQUAL:
		return test_equal(c, a, wide, yes, no);
	case SECCOMP_MASKED_EQUAL:
		return test_masked(c, a, wide, yes, no);
	case SECCOMP_LESS:
		return test_greater(c, a, wide, BPF_JGE, no, yes);
	case SECCOMP_LESS_OR_EQUAL:
		return test_greater(c, a, wide, BPF_JGT, no, yes);
	case SECCOMP_GREATER:
		return test_greater(c, a, wide, BPF_JGT, yes, no);
	case SECCOMP_GREATER_OR_EQUAL:
		return test_greater(c, a, wide, BPF_JGE, yes, no);
	}
	return no;
}

static size_t add_branch(struct code *c, const struct seccomp_branch *branch, bool wide, size_t no)
{
	size_t place = give(c, branch->action);

	for (size_t i = branch->argument_count; i-- > 0;)
		place = test_argument(c, &branch->arguments[i], wide, place, no);
	return place;
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

static size_t add_leaf(struct code *c, const struct range *range)
{
	size_t place = give(c, range->action);

	for (size_t i = range->choice ? range->choice->count : 0; i-- > 0;)
		place = add_branch(c, &range->choice->branches[i], range->wide, place);
	return place;
}

static size_t add_bisection(struct code *c, const struct range *ranges, size_t count)
{
	size_t half = count / 2, upper, lower;

	if (count == 1)
		return add_leaf(c, ranges);
	upper = add_bisection(c, ranges + half, count - half);
	lower = add_bisection(c, ranges, half);
	return choose(c, BPF_JGE, ranges[half].start, upper, lower);
}

/* ---- the program ---- */

static size_t first_of_audit(const struct seccomp_table *t, size_t last)
{
	size_t first = last;

	while (first > 0 && t->machines.items[first - 1].audit == t->machines.items[last].audit)
		first--;
	return first;
}

/* The machines from `first` to `last`, which have one audit number; `no` is for the others. */
static size_t add_machines(struct code *c, struct seccomp_table *t, size_t first, size_t last,
			   size_t no)
{
	struct ranges ranges = {0};
	size_t place;

	for (size_t i = first; i <= last; i++)
		add_ranges_of(&ranges, &t->machines.items[i], t);
	place = add_bisection(c, ranges.items, ranges.count);
	place = load(c, offsetof(struct seccomp_data, nr), place);
	vector_fini(&ranges);
	return choose(c, BPF_JEQ, t->machines.items[first].audit, place, no);
}

static void reverse(struct code *c)
{
	for (size_t i = 0; i < c->count / 2; i++) {
		struct sock_filter first = c->items[i];

		c->items[i] = c->items[c->count - 1 - i];
		c->items[c->count - 1 - i] = first;
	}
}

struct sock_filter *seccomp_program_new(struct seccomp_table *table, size_t *length,
					struct error *err)
{
	struct code code = {0};
	size_t place = give(&code, table->foreign);

	for (size_t last = table->machines.count; last-- > 0;) {
		size_t first = first_of_audit(table, last);

		place = add_machines(&code, table, first, last, place);
		last = first;
	}
	load(&code, offsetof(struct seccomp_data, arch), place);
	if (code.count > BPF_MAXINSNS) {
		error_set(err, ERROR_INVALID,
			  "the seccomp profile needs %zu instructions, %d are the limit",
			  code.count, BPF_MAXINSNS);
		vector_fini(&code);
		return NULL;
	}
	reverse(&code);
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
