/* What a rule of the host may do, read to the safe side (host_rules.h).  For those who copy and judge. */
#pragma once

#include "network/host_rules.h"

/* Could a new connection to a published port meet it at this hook at all? */
bool host_rule_is_possible(const struct host_rule *rule, enum host_hook hook);

/* A rule that names addresses is about their family alone; false: no packet of this one fits. */
bool host_rule_fits_family(const struct host_rule *rule, int family);

/* What the rule does to a packet of which all is known but what the rule asks for besides. */
enum host_verdict host_rule_verdict(const struct host_table *table, const struct host_rule *rule,
				    enum host_hook hook);

/* The chains that it jumps to, and these jump to: `reached` has a place for each of the table. */
void host_table_mark_reached(const struct host_table *table, const struct host_chain *chain,
			     bool *reached);
