#include <stdio.h>

int main(int count, char **words)
{
	printf("%s: hello, %s\n", VERSION, count > 1 ? words[1] : "nobody");
	return 0;
}
