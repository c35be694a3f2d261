#include "sandbox/seccomp_profile.h"

static bool lists(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at && *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strncmp(at, word, length) == 0 && (at[length] == ' ' || !at[length]))
			return true;
	}
	return false;
}

const char *seccomp_host_machine(void)
{
#if defined(__aarch64__)
	return "SCMP_ARCH_AARCH64";
#else
	return "SCMP_ARCH_X86_64";
#endif
}

bool seccomp_rule_applies(const struct seccomp_rule *rule, const struct seccomp_target *target)
{
	return (target->capabilities & rule->needs) == rule->needs &&
	       !(target->capabilities & rule->without) && target->kernel >= rule->kernel &&
	       (!rule->machines || lists(rule->machines, target->machine)) &&
	       !lists(rule->not_machines, target->machine);
}

void seccomp_profile_fini(struct seccomp_profile *profile)
{
	for (size_t i = 0; profile->owned && i < profile->rule_count; i++) {
		free((char *)(uintptr_t)profile->owned[i].names);
		free((char *)(uintptr_t)profile->owned[i].machines);
		free((char *)(uintptr_t)profile->owned[i].not_machines);
	}
	free(profile->owned);
	strings_fini(&profile->machines);
	*profile = (struct seccomp_profile){0};
}
