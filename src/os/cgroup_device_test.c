#include "os/cgroup_device.h"

#include "base/test.h"
#include "base/text.h"

/* Enough of a BPF machine for the instructions that device programs have. */
static uint32_t run(const struct bpf_insn *program, size_t length,
		    const struct bpf_cgroup_dev_ctx *context)
{
	uint32_t r[11] = {0};

	for (size_t pc = 0; pc < length; pc++) {
		const struct bpf_insn *in = &program[pc];
		uint32_t *to = &r[in->dst_reg];

		switch (in->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			memcpy(to, (const char *)context + in->off, sizeof(*to));
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			*to = (uint32_t)in->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*to = r[in->src_reg];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to &= (uint32_t)in->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to >>= in->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			if (*to != (uint32_t)in->imm)
				pc += (size_t)in->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("unknown instruction %x", in->code);
		}
	}
	fail_msg("the program runs over its end");
	return 0;
}

static const struct device_rule rules[] = {
	{.type = 'c', .major = -1, .minor = -1, .make = true},
	{.type = 'c', .major = 1, .minor = 3, .read = true, .write = true, .make = true},
	{.type = 'b', .major = 8, .minor = -1, .read = true},
	{.type = 'a', .major = 7, .minor = 7, .write = true},
};

enum { MKNOD = BPF_DEVCG_ACC_MKNOD, READ = BPF_DEVCG_ACC_READ, WRITE = BPF_DEVCG_ACC_WRITE };
enum { BLOCK = BPF_DEVCG_DEV_BLOCK, CHAR = BPF_DEVCG_DEV_CHAR };

static void the_program_allows_what_a_rule_allows(void **state)
{
	static const struct {
		uint32_t type, access, major, minor, allowed;
	} cases[] = {
		{CHAR, MKNOD, 99, 99, 1},	 {CHAR, READ, 99, 99, 0},
		{CHAR, READ | WRITE, 1, 3, 1},	 {CHAR, READ, 1, 4, 0},
		{BLOCK, READ, 1, 3, 0},		 {BLOCK, READ, 8, 17, 1},
		{BLOCK, READ | WRITE, 8, 17, 0}, {BLOCK, MKNOD, 8, 17, 0},
		{CHAR, WRITE, 7, 7, 1},		 {BLOCK, WRITE, 7, 7, 1},
		{BLOCK, WRITE, 7, 8, 0},	 {CHAR, READ | WRITE | MKNOD, 1, 3, 1},
	};
	size_t length;
	scoped_free struct bpf_insn *program =
		device_program_new(rules, array_length(rules), &length);

	for (size_t i = 0; i < array_length(cases); i++) {
		struct bpf_cgroup_dev_ctx context = {cases[i].access << 16 | cases[i].type,
						     cases[i].major, cases[i].minor};

		assert_int_equal(run(program, length, &context), cases[i].allowed);
	}
}

static void no_rules_allow_nothing(void **state)
{
	struct bpf_cgroup_dev_ctx context = {READ << 16 | CHAR, 1, 3};
	size_t length;
	scoped_free struct bpf_insn *program = device_program_new(NULL, 0, &length);

	assert_int_equal(run(program, length, &context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_allows_what_a_rule_allows),
		cmocka_unit_test(no_rules_allow_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
