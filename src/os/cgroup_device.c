#include "os/cgroup_device.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- v1: "c 1:3 rwm" ---- */

static void format_number(int64_t number, char out[static 24])
{
	if (number < 0)
		memcpy(out, "*", 2);
	else
		snprintf(out, 24, "%" PRId64, number);
}

static void format_rule(const struct device_rule *rule, char out[static 80])
{
	char major[24], minor[24];

	format_number(rule->major, major);
	format_number(rule->minor, minor);
	snprintf(out, 80, "%c %s:%s %s%s%s", rule->type, major, minor, rule->read ? "r" : "",
		 rule->write ? "w" : "", rule->make ? "m" : "");
}

static bool set_v1(const struct cgroup *cgroup, const struct device_rule *rules, size_t count,
		   struct error *err)
{
	int folder = cgroup->dir[CGROUP_DEVICES];
	scoped_fd int allow = openat(folder, "devices.allow", O_WRONLY | O_CLOEXEC);

	if (allow < 0)
		return error_errno(err, "cannot open 'devices.allow'");
	if (!cgroup_write(cgroup, CGROUP_DEVICES, "devices.deny", "a", err))
		return false;
	for (size_t i = 0; i < count; i++) {
		char text[80];

		format_rule(&rules[i], text);
		if (write(allow, text, strlen(text)) < 0)
			return error_errno(err, "cannot allow device '%s'", text);
	}
	return true;
}

/* ---- v2: a program that the kernel asks for each open and mknod ----
 *
 * The context holds {u32 access << 16 | type, u32 major, u32 minor}.  Each rule is a run of tests
 * that jump behind it when they fail; at its end the answer is "yes". */

enum { TYPE = BPF_REG_2, ACCESS = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };
enum { RULE_LENGTH = 7, HEAD_LENGTH = 6 };

static struct bpf_insn load(uint8_t reg, size_t offset)
{
	return (struct bpf_insn){.code = BPF_LDX | BPF_W | BPF_MEM,
				 .dst_reg = reg & 15,
				 .src_reg = BPF_REG_1,
				 .off = (int16_t)offset};
}

static struct bpf_insn with_constant(uint8_t operation, uint8_t reg, int32_t value)
{
	return (struct bpf_insn){
		.code = BPF_ALU | operation | BPF_K, .dst_reg = reg & 15, .imm = value};
}

static struct bpf_insn copy(uint8_t to, uint8_t from)
{
	return (struct bpf_insn){
		.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = to & 15, .src_reg = from & 15};
}

static struct bpf_insn finish(void)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
}

/* The distance is filled in when the rule's end is known. */
static struct bpf_insn leave_unless_equal(uint8_t reg, int64_t value)
{
	return (struct bpf_insn){.code = BPF_JMP32 | BPF_JNE | BPF_K,
				 .dst_reg = reg & 15,
				 .imm = (int32_t)(uint32_t)value};
}

static size_t add_rule(struct bpf_insn *out, const struct device_rule *rule)
{
	int32_t allowed = (rule->make ? BPF_DEVCG_ACC_MKNOD : 0) |
			  (rule->read ? BPF_DEVCG_ACC_READ : 0) |
			  (rule->write ? BPF_DEVCG_ACC_WRITE : 0);
	size_t n = 0;

	if (rule->type != 'a')
		out[n++] = leave_unless_equal(TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK
								      : BPF_DEVCG_DEV_CHAR);
	out[n++] = copy(BPF_REG_1, ACCESS);
	out[n++] = with_constant(BPF_AND, BPF_REG_1, 7 & ~allowed);
	out[n++] = leave_unless_equal(BPF_REG_1, 0);
	if (rule->major >= 0)
		out[n++] = leave_unless_equal(MAJOR, rule->major);
	if (rule->minor >= 0)
		out[n++] = leave_unless_equal(MINOR, rule->minor);
	out[n++] = with_constant(BPF_MOV, BPF_REG_0, 1);
	out[n++] = finish();
	for (size_t i = 0; i < n; i++)
		if (out[i].code == (BPF_JMP32 | BPF_JNE | BPF_K))
			out[i].off = (int16_t)(n - i - 1);
	return n;
}

struct bpf_insn *device_program_new(const struct device_rule *rules, size_t count, size_t *length)
{
	struct bpf_insn *program =
		mem_zeroed(HEAD_LENGTH + count * (RULE_LENGTH + 1) + 2, sizeof(*program));
	size_t n = 0;

	program[n++] = load(ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	program[n++] = copy(TYPE, ACCESS);
	program[n++] = with_constant(BPF_AND, TYPE, 0xffff);
	program[n++] = with_constant(BPF_RSH, ACCESS, 16);
	program[n++] = load(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	program[n++] = load(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < count; i++)
		n += add_rule(program + n, &rules[i]);
	program[n++] = with_constant(BPF_MOV, BPF_REG_0, 0);
	program[n++] = finish();
	*length = n;
	return program;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(const struct device_rule *rules, size_t count)
{
	static const char license[] = "Apache-2.0";
	size_t length;
	scoped_free struct bpf_insn *program = device_program_new(rules, count, &length);
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
			       .insns = (uintptr_t)program,
			       .insn_cnt = (uint32_t)length,
			       .license = (uintptr_t)license,
			       .prog_name = "wherry_devices"};

	return bpf(BPF_PROG_LOAD, &attr);
}

/* The program that sits on the cgroup itself; -1: none.  An update puts the new one in its place,
 * so that there is no instant without rules. */
static int present_program(int folder)
{
	uint32_t ids[64];
	union bpf_attr query = {.query = {.target_fd = (uint32_t)folder,
					  .attach_type = BPF_CGROUP_DEVICE,
					  .prog_ids = (uintptr_t)ids,
					  .prog_cnt = array_length(ids)}};
	union bpf_attr by_id = {0};

	if (bpf(BPF_PROG_QUERY, &query) < 0 || query.query.prog_cnt == 0)
		return -1;
	by_id.prog_id = ids[0];
	return bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
}

static bool set_v2(int folder, const struct device_rule *rules, size_t count, struct error *err)
{
	scoped_fd int program = load_program(rules, count);
	scoped_fd int old = present_program(folder);
	union bpf_attr attach = {.target_fd = (uint32_t)folder,
				 .attach_bpf_fd = (uint32_t)program,
				 .attach_type = BPF_CGROUP_DEVICE,
				 .attach_flags = BPF_F_ALLOW_MULTI};

	if (program < 0)
		return error_errno(err, "the kernel refuses the program of device rules");
	if (old >= 0) {
		attach.attach_flags |= BPF_F_REPLACE;
		attach.replace_bpf_fd = (uint32_t)old;
	}
	if (bpf(BPF_PROG_ATTACH, &attach) < 0)
		return error_errno(err, "cannot attach the device rules");
	return true;
}

bool cgroup_set_devices(const struct cgroup *cgroup, const struct device_rule *rules, size_t count,
			struct error *err)
{
	if (count > DEVICE_RULES_LIMIT)
		return error_set(err, ERROR_INVALID, "%zu device rules are too many", count);
	if (cgroup->dir[CGROUP_DEVICES] >= 0)
		return set_v1(cgroup, rules, count, err);
	if (cgroup->dir[CGROUP_UNIFIED] >= 0)
		return set_v2(cgroup->dir[CGROUP_UNIFIED], rules, count, err);
	return error_set(err, ERROR_UNSUPPORTED, "this host cannot limit devices");
}
