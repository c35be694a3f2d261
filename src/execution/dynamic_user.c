#include "execution/dynamic_user.h"

#include "execution/start.h"
#include "format/sha256.h"
#include "format/unit_name.h"
#include "os/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCKS "/run/systemd/dynamic-uid"

enum {
	NUMBERS = DYNAMIC_USER_LAST - DYNAMIC_USER_FIRST + 1,
	NAMES_LIMIT = 8 << 20,
	NAME_LENGTH = 31,
};

/* ---- numbers ---- */

uid_t dynamic_user_candidate(const char *name, uint32_t n)
{
	uint8_t hash[SHA256_SIZE];
	uint32_t first;

	sha256(name, strlen(name), hash);
	memcpy(&first, hash, sizeof(first));
	return DYNAMIC_USER_FIRST + (first % NUMBERS + n) % NUMBERS;
}

static bool is_in_range(uid_t uid)
{
	return uid >= DYNAMIC_USER_FIRST && uid <= DYNAMIC_USER_LAST;
}

/* ---- names ---- */

bool dynamic_user_is_name(const char *name)
{
	if (!islower((unsigned char)*name) && *name != '_')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name) &&
	       strlen(name) <= NAME_LENGTH;
}

char *dynamic_user_name(const char *unit)
{
	char *prefix = unit_name_prefix(unit);
	uint8_t hash[SHA256_SIZE];
	uint64_t number;

	if (dynamic_user_is_name(prefix))
		return prefix;
	sha256(prefix, strlen(prefix), hash);
	memcpy(&number, hash, sizeof(number));
	free(prefix);
	return str_format("_du%016llx", (unsigned long long)number);
}

/* "web:x:61200:..." */
static bool line_has_number(const char *line, const char *end, uint32_t number)
{
	char text[12];
	int length = snprintf(text, sizeof(text), "%u", number);

	for (int fields = 0; fields < 2; fields++) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line)
			return false;
		line++;
	}
	return end - line >= length && memcmp(line, text, (size_t)length) == 0 &&
	       (line + length == end || line[length] == ':');
}

bool names_have_number(const char *text, size_t size, uint32_t number)
{
	const char *end = size ? text + size : text;

	for (const char *line = text; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		if (line_has_number(line, next ? next : end, number))
			return true;
		line = next ? next + 1 : end;
	}
	return false;
}

static bool read_names(const char *path, struct buffer *out, struct error *err)
{
	return file_read(AT_FDCWD, path, NAMES_LIMIT, out, err) || err->kind == ERROR_NOT_FOUND;
}

/* ---- locks ---- */

enum lock_result { LOCK_TAKEN, LOCK_HELD, LOCK_ERROR };

/* Who had it may remove the file between our opening and our lock: then it is another file. */
static enum lock_result lock_number(int folder, uid_t uid, int *lock, struct error *err)
{
	char name[12];
	struct stat st;

	snprintf(name, sizeof(name), "%u", uid);
	for (;;) {
		scoped_fd int fd = openat(
			folder, name, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);

		if (fd < 0) {
			error_errno(err, "cannot open '" LOCKS "/%s'", name);
			return LOCK_ERROR;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return LOCK_TAKEN;
		if (fstat(fd, &st) == 0 && st.st_nlink > 0) {
			*lock = take_fd(fd);
			return LOCK_HELD;
		}
	}
}

/* systemd writes down there whose it is; a file that says nothing does as well. */
static void write_name(int lock, const char *name)
{
	if (ftruncate(lock, 0) == 0)
		dprintf(lock, "%s\n", name);
}

struct search {
	int folder;
	const char *name;
	struct buffer passwd, group;
};

static bool is_known(const struct search *search, uid_t uid)
{
	return names_have_number(search->passwd.data, search->passwd.size, uid) ||
	       names_have_number(search->group.data, search->group.size, uid);
}

static enum lock_result try(const struct search *search, uid_t uid, struct dynamic_user *user,
			    struct error *err)
{
	enum lock_result result;

	if (!is_in_range(uid) || is_known(search, uid))
		return LOCK_TAKEN;
	result = lock_number(search->folder, uid, &user->lock, err);
	if (result != LOCK_HELD)
		return result;
	user->uid = uid;
	write_name(user->lock, search->name);
	return LOCK_HELD;
}

static bool try_all(const struct search *search, uid_t wanted, struct dynamic_user *user,
		    struct error *err)
{
	enum lock_result result = try(search, wanted, user, err);

	for (uint32_t n = 0; n < NUMBERS && result == LOCK_TAKEN; n++)
		result = try(search, dynamic_user_candidate(search->name, n), user, err);
	if (result == LOCK_TAKEN)
		return error_set(err, ERROR_UNAVAILABLE,
				 "all numbers for dynamic users are in use");
	return result == LOCK_HELD;
}

bool dynamic_user_take(const struct execution_plan *plan, struct dynamic_user *user,
		       struct error *err)
{
	const struct execution_context *c = &plan->context;
	struct search search = {.folder = -1, .name = c->user};
	uid_t uid;
	gid_t gid;
	bool good;

	if (!c->dynamic_user || user->uid || start_find_owner(c->user, NULL, &uid, &gid, err))
		return true;
	good = folder_make(AT_FDCWD, LOCKS, 0755, err) &&
	       (search.folder = folder_open(AT_FDCWD, LOCKS, err)) >= 0 &&
	       read_names("/etc/passwd", &search.passwd, err) &&
	       read_names("/etc/group", &search.group, err) &&
	       try_all(&search, start_folders_owner(plan), user, err);
	close_fd(&search.folder);
	buffer_fini(&search.passwd);
	buffer_fini(&search.group);
	return good || error_prefix(err, "DynamicUser=");
}

/* ---- what it leaves ---- */

static void remove_files_of(const char *path, uid_t uid)
{
	DIR *dir = opendir(path);
	struct error ignored;
	struct stat st;

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..") &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_uid == uid)
			tree_remove(dirfd(dir), entry->d_name, &ignored);
	if (dir)
		closedir(dir);
}

static struct strings split_words(const char *line)
{
	struct strings words = {0};

	for (line += strspn(line, " \t"); *line; line += strspn(line, " \t")) {
		size_t length = strcspn(line, " \t");

		strings_take(&words, str_dup_n(line, length));
		line += length;
	}
	return words;
}

/* Which column of the table has the uid of the owner. */
static int uid_column(const char *header)
{
	scoped_strings struct strings names = split_words(header);

	for (size_t i = 0; i < names.count; i++)
		if (str_equal(names.items[i], "uid"))
			return (int)i;
	return -1;
}

/* Columns: key, id ... */
static void remove_ids_of(const char *path, uid_t uid, void (*remove)(int id))
{
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	if (!file_read(AT_FDCWD, path, NAMES_LIMIT, &text, &ignored) || !text.data)
		return;
	scoped_strings struct strings lines = strings_split(text.data, '\n');
	int column = lines.count ? uid_column(lines.items[0]) : -1;
	for (size_t i = 1; column > 1 && i < lines.count; i++) {
		scoped_strings struct strings words = split_words(lines.items[i]);
		int64_t id, owner;

		if ((int)words.count > column && parse_i64(words.items[1], &id) &&
		    parse_i64(words.items[column], &owner) && owner == (int64_t)uid)
			remove((int)id);
	}
}

static void remove_memory(int id)
{
	shmctl(id, IPC_RMID, NULL);
}

static void remove_queue(int id)
{
	msgctl(id, IPC_RMID, NULL);
}

static void remove_semaphores(int id)
{
	semctl(id, 0, IPC_RMID);
}

void dynamic_user_leave(struct dynamic_user *user)
{
	char path[sizeof(LOCKS) + 16];

	if (!user->uid)
		return;
	remove_files_of("/dev/shm", user->uid);
	remove_files_of("/dev/mqueue", user->uid);
	remove_ids_of("/proc/sysvipc/shm", user->uid, remove_memory);
	remove_ids_of("/proc/sysvipc/msg", user->uid, remove_queue);
	remove_ids_of("/proc/sysvipc/sem", user->uid, remove_semaphores);
	snprintf(path, sizeof(path), LOCKS "/%u", user->uid);
	unlink(path);
	close_fd(&user->lock);
	user->uid = 0;
}
