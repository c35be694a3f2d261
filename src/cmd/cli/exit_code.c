#include "cmd/cli/exit_code.h"

#include "base/text.h"

int exit_code_of_start(const char *text)
{
	static const struct {
		const char *words;
		int code;
	} meanings[] = {
		{"executable file not found", 127},
		{"no such file or directory", 127},
		{"system cannot find the file specified", 127},
		{"permission denied", 126},
		{"is a directory", 126},
	};

	for (size_t i = 0; i < array_length(meanings); i++)
		if (strstr(text, meanings[i].words))
			return meanings[i].code;
	return 125;
}
