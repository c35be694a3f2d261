/* From text to nodes.  The source is cut into text and actions; a keyword in front of an action
 * opens, divides or closes a block, anything else is a pipeline.  Blocks and parentheses nest to a
 * limit, so that neither reading nor running can exhaust the stack. */
#include "cmd/cli/template_tree.h"

#include <ctype.h>

#define NESTING_LIMIT 100

struct parser {
	const char *source;
	size_t at;	    /* in the source */
	size_t end;	    /* of the action */
	struct token token; /* the next one of the action */
	int depth;
	int loops;		  /* ranges around */
	struct strings variables; /* in scope */
};

/* ---- freeing ---- */

static void operand_fini(struct operand *operand)
{
	free(operand->name);
	json_decref(operand->constant);
	pipeline_free(operand->group);
	strings_fini(&operand->members);
}

static void call_fini(struct call *call)
{
	for (size_t i = 0; i < call->count; i++)
		operand_fini(&call->items[i]);
	vector_fini(call);
}

void pipeline_free(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	for (size_t i = 0; i < pipeline->calls.count; i++)
		call_fini(&pipeline->calls.items[i]);
	vector_fini(&pipeline->calls);
	free(pipeline->variables[0]);
	free(pipeline->variables[1]);
	free(pipeline);
}
scoped_define(pipeline);

static void node_fini(struct node *node)
{
	free(node->text);
	pipeline_free(node->pipeline);
	nodes_fini(&node->body);
	nodes_fini(&node->otherwise);
}

void nodes_fini(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++)
		node_fini(&nodes->items[i]);
	vector_fini(nodes);
}

void template_free(struct template *t)
{
	if (!t)
		return;
	nodes_fini(&t->nodes);
	free(t->source);
	free(t);
}

/* ---- errors and tokens ---- */

static unsigned line_of(const struct parser *p, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += p->source[i] == '\n';
	return line;
}

/* Every syntax error begins "template: :LINE: ". */
static bool fail(const struct parser *p, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(const struct parser *p, struct error *err, const char *format, ...)
{
	va_list args;
	scoped_buffer struct buffer text = {0};

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	return error_set(err, ERROR_INVALID, "template: :%u: %s", line_of(p, p->at), text.data);
}

static bool next(struct parser *p, struct error *err)
{
	struct error cause;

	token_fini(&p->token);
	if (token_read(p->source, &p->at, p->end, &p->token, &cause))
		return true;
	return fail(p, err, "%s", cause.text);
}

static bool unexpected(const struct parser *p, const char *where, struct error *err)
{
	if (p->token.kind == TOKEN_END)
		return fail(p, err, "missing value for %s", where);
	return fail(p, err, "unexpected <%.*s> in %s", (int)(p->token.end - p->token.start),
		    p->source + p->token.start, where);
}

static bool is_name(const struct parser *p, const char *name)
{
	return p->token.kind == TOKEN_NAME && strcmp(p->token.text, name) == 0;
}

static bool deeper(struct parser *p, struct error *err)
{
	if (++p->depth <= NESTING_LIMIT)
		return true;
	return fail(p, err, "nested deeper than %d levels", NESTING_LIMIT);
}

/* ---- operands ---- */

static bool parse_pipeline(struct parser *p, const char *where, enum token_kind closing,
			   struct pipeline **out, struct error *err);

static bool parse_name(struct parser *p, struct operand *operand, struct error *err)
{
	operand->kind = OPERAND_CONSTANT;
	if (is_name(p, "true") || is_name(p, "false")) {
		operand->constant = json_boolean(is_name(p, "true"));
	} else if (is_name(p, "nil")) {
		operand->kind = OPERAND_NIL;
	} else {
		operand->kind = OPERAND_FUNCTION;
		if (!function_find(p->token.text))
			return fail(p, err, "function \"%s\" not defined", p->token.text);
		operand->name = take(p->token.text);
	}
	return next(p, err);
}

static bool parse_variable(struct parser *p, struct operand *operand, struct error *err)
{
	operand->kind = OPERAND_VARIABLE;
	if (strcmp(p->token.text, "$") != 0 && !strings_contain(&p->variables, p->token.text))
		return fail(p, err, "undefined variable \"%s\"", p->token.text);
	operand->name = take(p->token.text);
	return next(p, err);
}

static bool parse_group(struct parser *p, struct operand *operand, struct error *err)
{
	operand->kind = OPERAND_GROUP;
	if (!deeper(p, err) || !next(p, err) ||
	    !parse_pipeline(p, "parenthesized pipeline", TOKEN_CLOSE, &operand->group, err))
		return false;
	p->depth--;
	operand->end = p->token.end;
	return next(p, err);
}

/* What members can follow; .Name alone is the dot with a member. */
static bool parse_base(struct parser *p, struct operand *operand, struct error *err)
{
	switch (p->token.kind) {
	case TOKEN_MEMBER:
		operand->kind = OPERAND_DOT;
		strings_take(&operand->members, take(p->token.text));
		return next(p, err);
	case TOKEN_DOT:
		operand->kind = OPERAND_DOT;
		return next(p, err);
	case TOKEN_CONSTANT:
		operand->kind = OPERAND_CONSTANT;
		operand->constant = take(p->token.constant);
		return next(p, err);
	case TOKEN_VARIABLE:
		return parse_variable(p, operand, err);
	case TOKEN_NAME:
		return parse_name(p, operand, err);
	case TOKEN_OPEN:
		return parse_group(p, operand, err);
	case TOKEN_END:
	case TOKEN_CLOSE:
	case TOKEN_PIPE:
	case TOKEN_COMMA:
	case TOKEN_DECLARE:
	case TOKEN_ASSIGN:
		break;
	}
	return unexpected(p, "operand", err);
}

static bool parse_operand(struct parser *p, struct operand *operand, struct error *err)
{
	operand->start = operand->position = p->token.start;
	operand->end = p->token.end;
	if (!parse_base(p, operand, err))
		return false;
	while (p->token.kind == TOKEN_MEMBER && !p->token.spaced) {
		if (operand->kind == OPERAND_CONSTANT || operand->kind == OPERAND_NIL)
			return fail(p, err, "unexpected . after term \"%.*s\"",
				    (int)(operand->end - operand->start),
				    p->source + operand->start);
		if (operand->position == operand->start)
			operand->position = p->token.start;
		operand->end = p->token.end;
		strings_take(&operand->members, take(p->token.text));
		if (!next(p, err))
			return false;
	}
	return true;
}

/* ---- pipelines ---- */

static bool ends_call(const struct parser *p)
{
	return p->token.kind == TOKEN_END || p->token.kind == TOKEN_PIPE ||
	       p->token.kind == TOKEN_CLOSE;
}

static bool parse_call(struct parser *p, struct pipeline *pipeline, struct error *err)
{
	struct call call = {.start = p->token.start};
	bool parsed = true;

	while (parsed && !ends_call(p)) {
		struct operand operand = {0};

		if (call.count && !p->token.spaced && p->token.kind != TOKEN_OPEN)
			parsed = unexpected(p, "operand", err);
		else
			parsed = parse_operand(p, &operand, err);
		call.end = operand.end;
		vector_add(&call, operand);
	}
	vector_add(&pipeline->calls, call);
	return parsed;
}

/* Later calls get the value of the one before as their last argument, so they must be callable. */
static bool check_calls(const struct parser *p, const struct pipeline *pipeline, const char *where,
			struct error *err)
{
	for (size_t i = 0; i < pipeline->calls.count; i++) {
		const struct call *call = &pipeline->calls.items[i];

		if (!call->count)
			return i || pipeline->calls.count > 1
				       ? fail(p, err, "missing value for command")
				       : fail(p, err, "missing value for %s", where);
		if (i && (call->items[0].kind == OPERAND_CONSTANT ||
			  (call->items[0].kind == OPERAND_DOT && !call->items[0].members.count)))
			return fail(p, err, "non executable command in pipeline stage %zu", i + 1);
	}
	return true;
}

/* A variable in front of := or =, or of a comma in range.  When none of these follows it, the
 * parser goes back: the variable is an operand. */
static bool parse_declaration(struct parser *p, struct pipeline *pipeline, bool in_range,
			      struct error *err)
{
	size_t start = p->token.start;
	scoped_free char *name = take(p->token.text);

	if (!next(p, err))
		return false;
	bool declares = p->token.kind == TOKEN_DECLARE || p->token.kind == TOKEN_ASSIGN;
	if (declares || (in_range && p->token.kind == TOKEN_COMMA && !pipeline->variable_count)) {
		pipeline->assigns = p->token.kind == TOKEN_ASSIGN;
		pipeline->variables[pipeline->variable_count++] = take(name);
		bool more = !declares;
		if (!next(p, err))
			return false;
		if (!more)
			return true;
		return p->token.kind == TOKEN_VARIABLE
			       ? parse_declaration(p, pipeline, true, err)
			       : fail(p, err, "range can only initialize variables");
	}
	if (pipeline->variable_count)
		return unexpected(p, "range", err);
	p->at = start;
	return next(p, err);
}

static bool declare_variables(struct parser *p, const struct pipeline *pipeline, struct error *err)
{
	for (size_t i = 0; i < pipeline->variable_count; i++) {
		const char *name = pipeline->variables[i];

		if (!pipeline->assigns)
			strings_add(&p->variables, name);
		else if (!strings_contain(&p->variables, name))
			return fail(p, err, "undefined variable \"%s\"", name);
	}
	return true;
}

static bool parse_calls(struct parser *p, struct pipeline *pipeline, enum token_kind closing,
			const char *where, struct error *err)
{
	for (;;) {
		if (!parse_call(p, pipeline, err))
			return false;
		if (p->token.kind != TOKEN_PIPE)
			break;
		if (!next(p, err))
			return false;
	}
	if (p->token.kind != closing)
		return p->token.kind == TOKEN_END ? fail(p, err, "unclosed left paren")
						  : fail(p, err, "unexpected right paren");
	return check_calls(p, pipeline, where, err);
}

static bool parse_pipeline(struct parser *p, const char *where, enum token_kind closing,
			   struct pipeline **out, struct error *err)
{
	scoped(pipeline) struct pipeline *pipeline = mem_new(struct pipeline);

	if (p->token.kind == TOKEN_VARIABLE &&
	    !parse_declaration(p, pipeline, strcmp(where, "range") == 0, err))
		return false;
	if (!parse_calls(p, pipeline, closing, where, err) || !declare_variables(p, pipeline, err))
		return false;
	*out = take(pipeline);
	return true;
}

/* ---- blocks ---- */

static bool parse_nodes(struct parser *p, struct nodes *nodes, bool nested, struct error *err);

static void forget_variables(struct parser *p, size_t count)
{
	while (p->variables.count > count)
		free(p->variables.items[--p->variables.count]);
	if (p->variables.items)
		p->variables.items[count] = NULL;
}

static bool expect_end_of_action(struct parser *p, const char *where, struct error *err)
{
	return next(p, err) && (p->token.kind == TOKEN_END || unexpected(p, where, err));
}

/* Behind the body of a block stands {{end}}, {{else}} or {{else if ...}}; the parser is at the
 * word. */
static bool parse_block(struct parser *p, struct node *node, const char *where, struct error *err);

static bool parse_else(struct parser *p, struct node *node, struct error *err)
{
	if (!next(p, err))
		return false;
	bool is_if = is_name(p, "if"), is_with = is_name(p, "with");
	if ((is_if && node->kind == NODE_IF) || (is_with && node->kind == NODE_WITH)) {
		struct node inner = {.kind = node->kind};
		bool parsed = parse_block(p, &inner, is_if ? "if" : "with", err);

		vector_add(&node->otherwise, inner);
		return parsed; /* the inner block took the {{end}} */
	}
	if (p->token.kind != TOKEN_END)
		return unexpected(p, "else", err);
	if (!parse_nodes(p, &node->otherwise, true, err))
		return false;
	return is_name(p, "end") ? expect_end_of_action(p, "end", err)
				 : fail(p, err, "expected end; found {{else}}");
}

static bool parse_block(struct parser *p, struct node *node, const char *where, struct error *err)
{
	size_t variables = p->variables.count;
	bool loops = node->kind == NODE_RANGE;

	if (!deeper(p, err) || !next(p, err) ||
	    !parse_pipeline(p, where, TOKEN_END, &node->pipeline, err))
		return false;
	p->loops += loops;
	if (!parse_nodes(p, &node->body, true, err))
		return false;
	p->loops -= loops;
	bool parsed =
		is_name(p, "else") ? parse_else(p, node, err) : expect_end_of_action(p, "end", err);
	forget_variables(p, variables);
	p->depth--;
	return parsed;
}

static bool parse_jump(struct parser *p, const char *where, struct error *err)
{
	if (!p->loops)
		return fail(p, err, "{{%s}} outside {{range}}", where);
	return expect_end_of_action(p, where, err);
}

static const struct keyword {
	const char *name;
	enum node_kind kind;
} keywords[] = {
	{"if", NODE_IF},       {"with", NODE_WITH},	    {"range", NODE_RANGE},
	{"break", NODE_BREAK}, {"continue", NODE_CONTINUE},
};

static bool parse_action(struct parser *p, struct node *node, struct error *err)
{
	for (size_t i = 0; i < array_length(keywords); i++) {
		if (!is_name(p, keywords[i].name))
			continue;
		node->kind = keywords[i].kind;
		return node->kind == NODE_BREAK || node->kind == NODE_CONTINUE
			       ? parse_jump(p, keywords[i].name, err)
			       : parse_block(p, node, keywords[i].name, err);
	}
	if (is_name(p, "define") || is_name(p, "template") || is_name(p, "block"))
		return fail(p, err, "{{%s}} is not supported", p->token.text);
	node->kind = NODE_ACTION;
	return parse_pipeline(p, "command", TOKEN_END, &node->pipeline, err);
}

/* ---- cutting the source ---- */

/* Where the }} of the action whose inside begins at `at` stands, past quotes; NULL: nowhere. */
static const char *find_action_end(const char *at)
{
	char quote = '\0';

	for (; *at; at++) {
		if (quote && *at == '\\' && quote != '`' && at[1])
			at++;
		else if (quote)
			quote = *at == quote ? '\0' : quote;
		else if (strchr("\"'`", *at))
			quote = *at;
		else if (at[0] == '}' && at[1] == '}')
			return at;
	}
	return NULL;
}

/* "{{- " eats the blanks before it. */
static bool trims_left(const char *inside)
{
	return inside[0] == '-' && inside[1] && isspace((unsigned char)inside[1]);
}

static void add_text(struct parser *p, struct nodes *nodes, size_t end)
{
	const char *from = p->source + p->at, *to = p->source + end;

	if (*to && trims_left(to + 2))
		while (to > from && isspace((unsigned char)to[-1]))
			to--;
	if (to > from) {
		struct node node = {NODE_TEXT, .text = str_dup_n(from, (size_t)(to - from))};

		vector_add(nodes, node);
	}
	p->at = end;
}

/* Behind the action: over "}}", and over the blanks that " -}}" eats. */
static void leave_action(struct parser *p, const char *end)
{
	bool trims = end[-1] == '-' && isspace((unsigned char)end[-2]);

	p->at = (size_t)(end - p->source) + 2;
	while (trims && isspace((unsigned char)p->source[p->at]))
		p->at++;
}

/* A comment that begins at `inside`: the parser moves behind its action. */
static bool skip_comment(struct parser *p, const char *inside, struct error *err)
{
	const char *stop = strstr(inside + 2, "*/");

	if (!stop)
		return fail(p, err, "unclosed comment");
	stop += 2;
	const char *end = stop;
	while (isspace((unsigned char)*end))
		end++;
	end += end > stop && *end == '-';
	if (strncmp(end, "}}", 2) != 0 || (end > stop && end[-1] != '-'))
		return fail(p, err, "comment ends before closing delimiter");
	leave_action(p, end);
	return true;
}

/* The first token of the action at p->at; `*after` is where its }} stands. */
static bool enter_action(struct parser *p, const char **after, struct error *err)
{
	const char *inside = p->source + p->at + 2;

	if (trims_left(inside))
		inside += 2;
	if (strncmp(inside, "/*", 2) == 0) {
		*after = NULL;
		return skip_comment(p, inside, err);
	}
	const char *end = find_action_end(inside);
	if (!end)
		return fail(p, err, "unclosed action");
	*after = end;
	p->at = (size_t)(inside - p->source);
	p->end = (size_t)(end - p->source);
	if (end - inside >= 2 && end[-1] == '-' && isspace((unsigned char)end[-2]))
		p->end--;
	return next(p, err);
}

/* Nodes up to the end of the source, or, inside a block, up to its {{else}} or {{end}}, whose word
 * is then the parser's token. */
static bool parse_nodes(struct parser *p, struct nodes *nodes, bool nested, struct error *err)
{
	const char *after = nested ? p->source + p->end : NULL;

	for (;;) {
		if (after)
			leave_action(p, find_action_end(after));
		const char *action = strstr(p->source + p->at, "{{");
		add_text(p, nodes, action ? (size_t)(action - p->source) : strlen(p->source));
		if (!action)
			return !nested || fail(p, err, "unexpected EOF");
		if (!enter_action(p, &after, err))
			return false;
		if (!after)
			continue;
		if (is_name(p, "end") || is_name(p, "else"))
			return nested || fail(p, err, "unexpected {{%s}}", p->token.text);
		struct node node = {0};
		bool parsed = parse_action(p, &node, err);
		vector_add(nodes, node);
		if (!parsed)
			return false;
		after = p->source + p->end;
	}
}

struct template *template_parse(const char *text, struct error *err)
{
	scoped(template) struct template *t = mem_new(struct template);
	struct parser p = {.source = text};

	t->source = str_dup(text);
	bool parsed = parse_nodes(&p, &t->nodes, false, err);
	token_fini(&p.token);
	strings_fini(&p.variables);
	return parsed ? take(t) : NULL;
}

/* ---- what a template reads ---- */

static bool nodes_use(const struct nodes *nodes, const char *member);

static bool pipeline_uses(const struct pipeline *pipeline, const char *member)
{
	for (size_t i = 0; pipeline && i < pipeline->calls.count; i++)
		for (size_t j = 0; j < pipeline->calls.items[i].count; j++) {
			const struct operand *operand = &pipeline->calls.items[i].items[j];

			if (strings_contain(&operand->members, member) ||
			    pipeline_uses(operand->group, member))
				return true;
		}
	return false;
}

static bool nodes_use(const struct nodes *nodes, const char *member)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->items[i];

		if (pipeline_uses(node->pipeline, member) || nodes_use(&node->body, member) ||
		    nodes_use(&node->otherwise, member))
			return true;
	}
	return false;
}

bool template_uses(const struct template *t, const char *member)
{
	return nodes_use(&t->nodes, member);
}

bool template_is_whole(const struct template *t)
{
	const struct pipeline *pipeline = t->nodes.count == 1 ? t->nodes.items[0].pipeline : NULL;
	const struct call *call =
		pipeline && pipeline->calls.count == 1 ? pipeline->calls.items : NULL;

	return call && call->count == 2 && call->items[0].kind == OPERAND_FUNCTION &&
	       strcmp(call->items[0].name, "json") == 0 && call->items[1].kind == OPERAND_DOT &&
	       !call->items[1].members.count;
}
