#include "unit/name_pool.h"

#include "base/map.h"
#include "base/text.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map names = {.borrows_keys = true}; /* name -> the same text */

const char *name_pool_get(const char *text)
{
	pthread_mutex_lock(&lock);
	char *name = map_get(&names, text);
	if (!name) {
		name = str_dup(text);
		map_put(&names, name, name);
	}
	pthread_mutex_unlock(&lock);
	return name;
}
