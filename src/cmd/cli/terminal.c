#include "cmd/cli/terminal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int raw_fd = -1;
static struct termios mode_before;

bool terminal_size(int fd, unsigned *rows, unsigned *columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return false;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return true;
}

size_t terminal_width(int fd, size_t otherwise)
{
	unsigned rows, columns;

	return terminal_size(fd, &rows, &columns) && columns >= 40 ? columns : otherwise;
}

void terminal_restore(void)
{
	if (raw_fd >= 0)
		tcsetattr(raw_fd, TCSANOW, &mode_before);
	raw_fd = -1;
}

bool terminal_raw(int fd, struct error *err)
{
	if (tcgetattr(fd, &mode_before) < 0)
		return error_errno(err, "cannot read the terminal's mode");
	struct termios raw = mode_before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return error_errno(err, "cannot set the terminal to raw mode");
	raw_fd = fd;
	atexit(terminal_restore);
	return true;
}

char *terminal_secret(const char *prompt)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	char *line = NULL;
	size_t size = 0;

	fputs(prompt, stderr);
	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSANOW, &silent);
	}
	ssize_t length = getline(&line, &size, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
		fputc('\n', stderr);
	}
	if (length < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}
