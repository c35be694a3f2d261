/* Running a template: nodes write, pipelines yield values.  Variables live on a stack that shrinks
 * back at the end of the block that declared them. */
#include "cmd/cli/template_tree.h"

struct variable {
	const char *name; /* borrowed from the tree */
	struct value value;
};

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_FAILED };

struct run {
	const struct template *template;
	const struct template_data *data;
	struct buffer *out;
	struct error *err;
	struct {
		struct variable *items;
		size_t count, capacity;
	} variables;
};

static struct value root_of(const struct template_data *data)
{
	return (struct value){(json_t *)data->root, data->row_type ? SHAPE_ROW : SHAPE_PLAIN};
}

static struct value share(const struct value *value)
{
	return (struct value){json_incref(value->json), value->shape};
}

/* ---- errors ---- */

/* "template: :1:8: executing "" at <.State.Foo>: ..." for the piece start..end of the source. */
static bool fail(struct run *run, size_t position, size_t start, size_t end, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));

static bool fail(struct run *run, size_t position, size_t start, size_t end, const char *format,
		 ...)
{
	const char *source = run->template->source;
	size_t line = 1, line_start = 0, shown = end - start;
	scoped_buffer struct buffer text = {0};
	va_list args;

	for (size_t i = 0; i < position; i++)
		if (source[i] == '\n') {
			line++;
			line_start = i + 1;
		}
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	return error_set(run->err, ERROR_INVALID,
			 "template: :%zu:%zu: executing \"\" at <%.*s%s>: %s", line,
			 position - line_start, shown > 20 ? 20 : (int)shown, source + start,
			 shown > 20 ? "..." : "", text.data);
}

static bool fail_at(struct run *run, const struct operand *operand, const char *text)
{
	return fail(run, operand->position, operand->start, operand->end, "%s", text);
}

/* ---- members ---- */

/* The zero value of an absent member, as far as its shape tells. */
static json_t *zero_of_shape(enum shape shape)
{
	switch (shape) {
	case SHAPE_TEXT:
		return json_string("");
	case SHAPE_NUMBER:
		return json_integer(0);
	case SHAPE_BOOL:
		return json_false();
	case SHAPE_PLAIN:
	case SHAPE_MAP:
	case SHAPE_LIST:
	case SHAPE_POINTER:
	case SHAPE_ROW:
		break;
	}
	return json_null();
}

static bool fail_member(struct run *run, const struct operand *operand, const char *name,
			const struct value *of)
{
	char text[400];

	if (run->data->row_type)
		snprintf(text, sizeof(text), "can't evaluate field %s in type %s", name,
			 run->data->row_type);
	else if (json_is_object(of->json))
		snprintf(text, sizeof(text), "map has no entry for key \"%s\"", name);
	else if (!of->json || json_is_null(of->json))
		snprintf(text, sizeof(text), "nil data; no entry for key \"%s\"", name);
	else
		snprintf(text, sizeof(text), "can't evaluate field %s in type interface {}", name);
	return fail_at(run, operand, text);
}

static bool get_absent(struct run *run, const struct operand *operand, const char *name,
		       const struct value *of, struct value *result)
{
	enum shape shape = shape_of_member(name);

	if (of->shape == SHAPE_MAP && !run->data->row_type)
		*result = (struct value){0};
	else if (value_is_struct(of) && member_is_optional(name))
		*result = (struct value){zero_of_shape(shape), shape};
	else
		return fail_member(run, operand, name, of);
	return true;
}

static bool get_member(struct run *run, const struct operand *operand, const char *name,
		       const struct value *of, struct value *result)
{
	json_t *member = json_object_get(of->json, name);

	if (!member && run->data->call) {
		json_t *called = run->data->call(of->json, name, NULL);

		*result = (struct value){called, SHAPE_PLAIN};
		if (called)
			return true;
	}
	const char *spelled = member || !value_is_struct(of) ? name : member_of_field(name);
	member = json_object_get(of->json, spelled);
	if (!member)
		return get_absent(run, operand, name, of, result);
	*result = (struct value){json_incref(member), shape_of_member(spelled)};
	return true;
}

/* Replace *value by what the members lead to. */
static bool walk(struct run *run, const struct operand *operand, size_t members,
		 struct value *value)
{
	for (size_t i = 0; i < members; i++) {
		struct value inner;

		if (!get_member(run, operand, operand->members.items[i], value, &inner))
			return false;
		value_fini(value);
		*value = inner;
	}
	return true;
}

/* ---- operands and calls ---- */

static struct variable *find_variable(struct run *run, const char *name)
{
	for (size_t i = run->variables.count; i-- > 0;)
		if (strcmp(run->variables.items[i].name, name) == 0)
			return &run->variables.items[i];
	return NULL; /* the parser has seen it declared, so: $ */
}

static bool evaluate(struct run *run, const struct pipeline *pipeline, const struct value *dot,
		     struct value *result);

/* What stands before the members. */
static bool get_base(struct run *run, const struct operand *operand, const struct value *dot,
		     struct value *result)
{
	const struct variable *variable;
	struct value root = root_of(run->data);

	switch (operand->kind) {
	case OPERAND_DOT:
		*result = share(dot);
		return true;
	case OPERAND_VARIABLE:
		variable = find_variable(run, operand->name);
		*result = share(variable ? &variable->value : &root);
		return true;
	case OPERAND_CONSTANT:
		*result = (struct value){json_incref(operand->constant), SHAPE_PLAIN};
		return true;
	case OPERAND_NIL:
		*result = (struct value){json_null(), SHAPE_PLAIN};
		return true;
	case OPERAND_GROUP:
		return evaluate(run, operand->group, dot, result);
	case OPERAND_FUNCTION:
		break;
	}
	return false; /* call_function's */
}

struct arguments {
	struct value *items;
	size_t count, capacity;
};

static void arguments_fini(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		value_fini(&arguments->items[i]);
	vector_fini(arguments);
}

#define scoped_arguments scoped_with(arguments_fini)

static bool get_operand(struct run *run, const struct operand *operand, const struct value *dot,
			struct value *result);

static bool stops(const struct function *function, const struct value *value)
{
	return function && function->laziness &&
	       value_is_true(value) == (function->laziness == STOPS_AT_TRUE);
}

/* The operands behind the first, and what the pipeline carries; and/or evaluate no more than they
 * need. */
static bool get_arguments(struct run *run, const struct call *call, const struct function *function,
			  const struct value *dot, const struct value *carried,
			  struct arguments *arguments)
{
	for (size_t i = 1; i < call->count; i++) {
		struct value value = {0};

		if (!get_operand(run, &call->items[i], dot, &value)) {
			value_fini(&value);
			return false;
		}
		vector_add(arguments, value);
		if (stops(function, &value))
			return true;
	}
	if (carried)
		vector_add(arguments, share(carried));
	return true;
}

static bool call_function(struct run *run, const struct call *call, const struct value *dot,
			  const struct value *carried, struct value *result)
{
	const struct operand *name = &call->items[0];
	const struct function *function = function_find(name->name);
	scoped_arguments struct arguments arguments = {0};
	struct error cause;

	if (!get_arguments(run, call, function, dot, carried, &arguments))
		return false;
	if (arguments.count < function->least || arguments.count > function->most)
		return fail(run, name->position, name->start, name->end,
			    "wrong number of args for %s: want %s%zu got %zu", function->name,
			    function->most == FUNCTION_ANY ? "at least " : "", function->least,
			    arguments.count);
	if (run->data->headers && function->of_docker) {
		*result = share(&arguments.items[0]);
		return true;
	}
	if (function->run(arguments.items, arguments.count, result, &cause))
		return true;
	return fail(run, name->position, call->start, call->end, "error calling %s: %s",
		    function->name, cause.text);
}

/* .Label "key": a member with arguments. */
static bool call_member(struct run *run, const struct call *call, const struct value *dot,
			const struct value *carried, struct value *result)
{
	const struct operand *operand = &call->items[0];
	size_t last = operand->members.count - 1;
	scoped_arguments struct arguments arguments = {0};
	scoped_value struct value object = {0};

	if (!get_base(run, operand, dot, &object) || !walk(run, operand, last, &object) ||
	    !get_arguments(run, call, NULL, dot, carried, &arguments))
		return false;
	json_t *given = json_array();
	for (size_t i = 0; i < arguments.count; i++)
		json_array_append_new(given, arguments.items[i].json
						     ? json_incref(arguments.items[i].json)
						     : json_null());
	json_t *answer = run->data->call
				 ? run->data->call(object.json, operand->members.items[last], given)
				 : NULL;
	json_decref(given);
	if (!answer)
		return fail(run, operand->position, operand->start, operand->end,
			    "%s is not a method but has arguments", operand->members.items[last]);
	*result = (struct value){answer, SHAPE_PLAIN};
	return true;
}

static bool run_call(struct run *run, const struct call *call, const struct value *dot,
		     const struct value *carried, struct value *result)
{
	const struct operand *first = &call->items[0];

	if (first->kind == OPERAND_FUNCTION) {
		return call_function(run, call, dot, carried, result) &&
		       walk(run, first, first->members.count, result);
	}
	if (call->count == 1 && !carried)
		return get_operand(run, first, dot, result);
	if (first->members.count)
		return call_member(run, call, dot, carried, result);
	return fail_at(run, first, "can't give argument to non-function");
}

static bool get_operand(struct run *run, const struct operand *operand, const struct value *dot,
			struct value *result)
{
	if (operand->kind == OPERAND_FUNCTION) {
		struct call call = {(struct operand *)operand, 1, 1, operand->start, operand->end};

		return run_call(run, &call, dot, NULL, result);
	}
	return get_base(run, operand, dot, result) &&
	       walk(run, operand, operand->members.count, result);
}

static void assign(struct run *run, const struct pipeline *pipeline, const struct value *value)
{
	const char *name = pipeline->variables[0];

	if (pipeline->assigns) {
		struct variable *variable = find_variable(run, name);

		if (!variable)
			return;
		value_fini(&variable->value);
		variable->value = share(value);
	} else {
		struct variable variable = {name, share(value)};

		vector_add(&run->variables, variable);
	}
}

/* The value, which the caller frees also after a failure. */
static bool evaluate(struct run *run, const struct pipeline *pipeline, const struct value *dot,
		     struct value *result)
{
	*result = (struct value){0};
	for (size_t i = 0; i < pipeline->calls.count; i++) {
		struct value value = {0};
		bool called =
			run_call(run, &pipeline->calls.items[i], dot, i ? result : NULL, &value);

		value_fini(result);
		*result = value;
		if (!called)
			return false;
	}
	return true;
}

/* ---- nodes ---- */

static enum flow run_nodes(struct run *run, const struct nodes *nodes, const struct value *dot);

static void forget_variables(struct run *run, size_t count)
{
	while (run->variables.count > count)
		value_fini(&run->variables.items[--run->variables.count].value);
}

static enum flow run_action(struct run *run, const struct node *node, const struct value *dot)
{
	scoped_value struct value value = {0};

	if (!evaluate(run, node->pipeline, dot, &value))
		return FLOW_FAILED;
	if (node->pipeline->variable_count)
		assign(run, node->pipeline, &value);
	else
		value_print(&value, run->out);
	return FLOW_ON;
}

static enum flow run_choice(struct run *run, const struct node *node, const struct value *dot)
{
	size_t variables = run->variables.count;
	scoped_value struct value value = {0};

	if (!evaluate(run, node->pipeline, dot, &value))
		return FLOW_FAILED;
	if (node->pipeline->variable_count)
		assign(run, node->pipeline, &value);
	bool chosen = value_is_true(&value);
	enum flow flow = run_nodes(run, chosen ? &node->body : &node->otherwise,
				   chosen && node->kind == NODE_WITH ? &value : dot);
	forget_variables(run, variables);
	return flow;
}

/* One round of a range: its variables are the key and the item, or the item alone. */
static enum flow run_round(struct run *run, const struct node *node, const struct value *key,
			   const struct value *item)
{
	const struct pipeline *pipeline = node->pipeline;
	size_t variables = run->variables.count;

	for (size_t i = 0; i < pipeline->variable_count; i++) {
		bool is_key = i == 0 && pipeline->variable_count == 2;
		struct pipeline one = {.variables = {pipeline->variables[i]},
				       .assigns = pipeline->assigns};

		assign(run, &one, is_key ? key : item);
	}
	enum flow flow = run_nodes(run, &node->body, item);
	forget_variables(run, variables);
	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

static enum flow range_object(struct run *run, const struct node *node, const struct value *over)
{
	scoped_strings struct strings names = value_names(over, true);
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < names.count && flow == FLOW_ON; i++) {
		scoped_value struct value key = {json_string(names.items[i]), SHAPE_PLAIN};
		struct value item = value_member(over, names.items[i]);

		flow = run_round(run, node, &key, &item);
	}
	return flow;
}

static enum flow range_array(struct run *run, const struct node *node, const struct value *over)
{
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < json_array_size(over->json) && flow == FLOW_ON; i++) {
		scoped_value struct value key = {json_integer((json_int_t)i), SHAPE_PLAIN};
		struct value item = {json_array_get(over->json, i), SHAPE_PLAIN};

		flow = run_round(run, node, &key, &item);
	}
	return flow;
}

/* Go 1.22's range over a number. */
static enum flow range_number(struct run *run, const struct node *node, const struct value *over)
{
	enum flow flow = FLOW_ON;

	for (json_int_t i = 0; i < json_integer_value(over->json) && flow == FLOW_ON; i++) {
		scoped_value struct value key = {json_integer(i), SHAPE_PLAIN};

		flow = run_round(run, node, &key, &key);
	}
	return flow;
}

static enum flow range_value(struct run *run, const struct node *node, const struct value *dot,
			     const struct value *over)
{
	const struct operand *first = &node->pipeline->calls.items[0].items[0];

	if (!value_is_true(over) && !json_is_string(over->json) && !json_is_boolean(over->json))
		return run_nodes(run, &node->otherwise, dot);
	if (json_is_object(over->json))
		return range_object(run, node, over);
	if (json_is_array(over->json))
		return range_array(run, node, over);
	if (json_is_integer(over->json))
		return range_number(run, node, over);
	fail_at(run, first, "range can't iterate over this value");
	return FLOW_FAILED;
}

static enum flow run_range(struct run *run, const struct node *node, const struct value *dot)
{
	scoped_value struct value over = {0};

	if (!evaluate(run, node->pipeline, dot, &over))
		return FLOW_FAILED;
	enum flow flow = range_value(run, node, dot, &over);
	return flow == FLOW_BREAK ? FLOW_ON : flow;
}

static enum flow run_node(struct run *run, const struct node *node, const struct value *dot)
{
	switch (node->kind) {
	case NODE_TEXT:
		buffer_add_text(run->out, node->text);
		return FLOW_ON;
	case NODE_ACTION:
		return run_action(run, node, dot);
	case NODE_IF:
	case NODE_WITH:
		return run_choice(run, node, dot);
	case NODE_RANGE:
		return run_range(run, node, dot);
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	}
	return FLOW_ON;
}

static enum flow run_nodes(struct run *run, const struct nodes *nodes, const struct value *dot)
{
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < nodes->count && flow == FLOW_ON; i++)
		flow = run_node(run, &nodes->items[i], dot);
	return flow;
}

bool template_execute(const struct template *t, const struct template_data *data,
		      struct buffer *out, struct error *err)
{
	struct run run = {.template = t, .data = data, .out = out, .err = err};
	struct value dot = root_of(data);
	enum flow flow = run_nodes(&run, &t->nodes, &dot);

	forget_variables(&run, 0);
	vector_fini(&run.variables);
	return flow != FLOW_FAILED;
}
