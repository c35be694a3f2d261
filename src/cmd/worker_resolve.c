/* `wherry-worker resolve HOST`: the addresses of a name, one a line, for a shim, which is static and
 * cannot ask as the host does. */
#include "cmd/worker.h"

#include <netdb.h>
#include <stdio.h>

bool worker_resolve(int argc, char **argv, struct error *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char text[NI_MAXHOST];
	int code;

	if (argc != 2)
		return error_set(err, ERROR_INVALID, "it wants one name");
	code = getaddrinfo(argv[1], NULL, &hints, &found);
	if (code)
		return error_set(err, ERROR_NOT_FOUND, "cannot look '%s' up: %s", argv[1],
				 gai_strerror(code));
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) == 0)
			printf("%s\n", text);
	freeaddrinfo(found);
	return true;
}
