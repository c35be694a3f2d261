#include "cmd/cli/each.h"

#include <pthread.h>
#include <stdio.h>

#define AT_ONCE	   32
#define STACK_SIZE (256 * 1024)

struct turn {
	struct cli *cli;
	const char *name;
	each_act *act;
	const void *options;
	pthread_t thread;
	bool started, good;
	struct error err;
};

static bool act_apart(struct turn *turn)
{
	struct http_client *client = api_connect(turn->cli, &turn->err);
	bool good = client && turn->act(turn->cli, client, turn->name, turn->options, &turn->err);

	http_client_free(client);
	return good;
}

static void *run_turn(void *data)
{
	struct turn *turn = data;

	turn->good = act_apart(turn);
	return NULL;
}

static void start(struct turn *turn)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	turn->started = pthread_create(&turn->thread, &attributes, run_turn, turn) == 0;
	pthread_attr_destroy(&attributes);
	if (!turn->started)
		run_turn(turn);
}

static int finish(struct turn *turn)
{
	if (turn->started)
		pthread_join(turn->thread, NULL);
	if (!turn->good) {
		cli_complain(&turn->err);
		return turn->err.kind != ERROR_UNCHANGED;
	}
	printf("%s\n", turn->name);
	fflush(stdout);
	return 0;
}

static int run_many(struct turn *turns, size_t count)
{
	int status = 0;
	size_t started = 0;

	for (size_t done = 0; done < count; done++) {
		for (; started < count && started < done + AT_ONCE; started++)
			start(&turns[started]);
		status |= finish(&turns[done]);
	}
	return status;
}

int each_run(struct cli *cli, const struct strings *names, each_act *act, const void *options)
{
	struct error err;
	int status;

	if (!api_open(cli, &err)) /* the version is agreed on before the threads begin */
		return cli_fail(cli, &err);
	struct turn *turns = mem_zeroed(names->count, sizeof(*turns));
	for (size_t i = 0; i < names->count; i++)
		turns[i] = (struct turn){
			.cli = cli, .name = names->items[i], .act = act, .options = options};
	if (names->count == 1) {
		turns->good = act(cli, NULL, turns->name, options, &turns->err);
		status = finish(turns);
	} else {
		status = run_many(turns, names->count);
	}
	free(turns);
	return status;
}
