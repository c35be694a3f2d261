/* Two tables of keys and values in WAL mode: records, and (since schema 2) documents.  A commit
 * appends to the log and, where a power cut must not undo it, syncs the log once for the whole
 * group.  The log is moved into the file outside of anybody's transaction, because that costs two
 * syncs.
 *
 * locking_mode=EXCLUSIVE keeps a second daemon out (the lock dies with its process) and spares the
 * shared-memory file. */
#include "store/state_file.h"

#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define APPLICATION_ID 0x57525259 /* "WRRY" */

#define ADVICE "put back a copy, or move the whole data root away to start anew"

/* Pages in the log before it is moved into the file: when nobody waits, and in any case. */
#define LOG_PAGES_IDLE 500
#define LOG_PAGES_MOST 4000

/* Free room that must be there before the reserve is made again. */
#define RESERVE_AGAIN (8 * (uint64_t)STATE_RESERVE_SIZE)

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	PUT,
	DELETE,
	PUT_DOCUMENT,
	DELETE_DOCUMENT,
	READ_DOCUMENT,
	STATEMENTS
};

static const char *const statement_texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[PUT] = ("INSERT INTO record (key, value) VALUES (?1, ?2) "
		 "ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
	[DELETE] = "DELETE FROM record WHERE key = ?1",
	[PUT_DOCUMENT] = ("INSERT INTO document (key, value) VALUES (?1, ?2) "
			  "ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
	[DELETE_DOCUMENT] = "DELETE FROM document WHERE key = ?1",
	[READ_DOCUMENT] = "SELECT value FROM document WHERE key = ?1",
};

struct state_file {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	char *path;
	int folder;		    /* descriptor */
	enum store_promise promise; /* what PRAGMA synchronous is set for */
	int log_pages;
	bool has_reserve;
};

/* ---- errors ---- */

/* What SQLite has just refused, in our words and kinds. */
static bool fail(struct state_file *file, struct error *err, const char *what)
{
	int code = sqlite3_errcode(file->db);
	int os = sqlite3_system_errno(file->db);

	if (code == SQLITE_FULL || (code == SQLITE_IOERR && os == ENOSPC)) {
		error_set(err, ERROR_UNAVAILABLE, "cannot %s '%s'", what, file->path);
		err->os = ENOSPC;
		return false;
	}
	if (code == SQLITE_BUSY)
		return error_set(err, ERROR_CONFLICT, "'%s' is in use by another daemon",
				 file->path);
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return error_set(err, ERROR_SYSTEM, "'%s' is corrupt (%s): " ADVICE, file->path,
				 sqlite3_errmsg(file->db));
	if (code == SQLITE_READONLY || os == EROFS || os == EACCES) {
		error_set(err, ERROR_SYSTEM, "cannot write '%s'", file->path);
		err->os = os ? os : EROFS;
		return false;
	}
	error_set(err, ERROR_SYSTEM, "cannot %s '%s': %s", what, file->path,
		  sqlite3_errmsg(file->db));
	return false;
}

/* ---- opening ---- */

static bool execute(struct state_file *file, const char *sql, struct error *err)
{
	if (sqlite3_exec(file->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return fail(file, err, "open");
}

static int take_number(void *out, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	return !values[0] || !parse_i64(values[0], out);
}

static bool query_number(struct state_file *file, const char *sql, int64_t *out, struct error *err)
{
	if (sqlite3_exec(file->db, sql, take_number, out, NULL) == SQLITE_OK)
		return true;
	return fail(file, err, "read");
}

static int keep_first_line(void *out, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	if (!*(char **)out)
		*(char **)out = str_dup(values[0] ? values[0] : "");
	return 0;
}

/* Everything is read at start anyway, so looking at every page costs little more. */
static bool check_pages(struct state_file *file, struct error *err)
{
	scoped_free char *verdict = NULL;

	if (sqlite3_exec(file->db, "PRAGMA quick_check(1)", keep_first_line, &verdict, NULL) !=
	    SQLITE_OK)
		return fail(file, err, "read");
	if (str_equal(verdict, "ok"))
		return true;
	return error_set(err, ERROR_SYSTEM, "'%s' is corrupt (%.100s): " ADVICE, file->path,
			 verdict ? verdict : "no answer");
}

static bool holds_something(int parent, const char *name)
{
	int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = folder >= 0 ? fdopendir(folder) : NULL;
	int entries = 0;

	if (!dir) {
		close_fd(&folder);
		return false;
	}
	while (entries <= 2 && readdir(dir)) /* "." and ".." are two */
		entries++;
	closedir(dir);
	return entries > 2;
}

/* What has no record is removed when the daemon comes up.  Records that are lost, and not only absent
 * as at the first start, must not take all of it along. */
static bool may_begin(struct state_file *file, struct error *err)
{
	static const char *const recorded[] = {"containers", "layers", "volumes"};

	for (size_t i = 0; i < array_length(recorded); i++)
		if (holds_something(file->folder, recorded[i]))
			return error_set(
				err, ERROR_SYSTEM,
				"'%s' is missing or empty, but '%s' beside it is not: " ADVICE,
				file->path, recorded[i]);
	return true;
}

/* What each schema has that the one before it has not.  A file is brought up to date in one transaction,
 * from whatever schema it has; a new one has 0. */
static const char *const schema_changes[STATE_SCHEMA] = {
	"CREATE TABLE record (key TEXT PRIMARY KEY, value BLOB NOT NULL);",
	"CREATE TABLE document (key TEXT PRIMARY KEY, value BLOB NOT NULL);",
};

static bool change_schema(struct state_file *file, int64_t from, struct error *err)
{
	scoped_buffer struct buffer sql = {0};

	if (from == STATE_SCHEMA)
		return true;
	buffer_add_text(&sql, "BEGIN IMMEDIATE;");
	for (int64_t i = from; i < STATE_SCHEMA; i++)
		buffer_add_text(&sql, schema_changes[i]);
	buffer_format(&sql,
		      "PRAGMA application_id = %d;"
		      "PRAGMA user_version = %d;"
		      "COMMIT",
		      APPLICATION_ID, STATE_SCHEMA);
	return execute(file, sql.data, err);
}

static bool check_schema(struct state_file *file, struct error *err)
{
	int64_t tables = 0, application = 0, version = 0;

	if (!query_number(file, "SELECT count(*) FROM sqlite_schema", &tables, err) ||
	    !query_number(file, "PRAGMA application_id", &application, err) ||
	    !query_number(file, "PRAGMA user_version", &version, err))
		return false;
	if (tables == 0)
		return may_begin(file, err) && change_schema(file, 0, err);
	if (application != APPLICATION_ID)
		return error_set(err, ERROR_SYSTEM, "'%s' is some other program's database",
				 file->path);
	if (version > STATE_SCHEMA)
		return error_set(
			err, ERROR_SYSTEM,
			"'%s' was written by a newer version (schema %lld, this one knows %d): "
			"install that version again, or move the whole data root away to start "
			"anew",
			file->path, (long long)version, STATE_SCHEMA);
	if (version < 1)
		return error_set(err, ERROR_SYSTEM, "'%s' is corrupt (schema %lld): " ADVICE,
				 file->path, (long long)version);
	return change_schema(file, version, err);
}

static int note_log_size(void *data, sqlite3 *db, const char *name, int pages)
{
	struct state_file *file = data;

	(void)db;
	(void)name;
	file->log_pages = pages;
	return SQLITE_OK;
}

static bool set_up(struct state_file *file, struct error *err)
{
	/* The lock comes with the first access, so "in use" is found before anything else. */
	if (!execute(file, "PRAGMA locking_mode = EXCLUSIVE", err) ||
	    !execute(file, "PRAGMA journal_mode = WAL", err) ||
	    !execute(file,
		     "PRAGMA cache_size = -256; PRAGMA temp_store = MEMORY;"
		     "PRAGMA journal_size_limit = 4194304; PRAGMA synchronous = FULL",
		     err))
		return false;
	if (sqlite3_db_readonly(file->db, "main") == 1) {
		error_set(err, ERROR_SYSTEM, "cannot write '%s'", file->path);
		err->os = EROFS;
		return false;
	}
	file->promise = STORE_SURVIVES_POWER_CUT;
	sqlite3_wal_hook(file->db, note_log_size, file); /* instead of SQLite's own moving */
	return check_schema(file, err) && check_pages(file, err);
}

static bool prepare(struct state_file *file, struct error *err)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(file->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &file->statements[i], NULL) != SQLITE_OK)
			return fail(file, err, "use");
	return true;
}

/* A container's start and exit write here: nobody else has any business in it. */
static bool make_private(struct state_file *file, struct error *err)
{
	scoped_fd int fd = openat(file->folder, STATE_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", file->path);
	return true;
}

static void make_reserve(struct state_file *file);

struct state_file *state_file_open(const char *folder, struct error *err)
{
	struct state_file *file = mem_new(struct state_file);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	/* Pages are allocated one by one, so that those which are given back are no memory of the process; by
	 * default it is twenty of them for ever.  Heeded before SQLite's first use in the process. */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	file->path = str_format("%s/" STATE_FILE, folder);
	file->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->folder < 0)
		error_errno(err, "cannot open '%s'", folder);
	else if (make_private(file, err)) {
		if (sqlite3_open_v2(file->path, &file->db, flags, NULL) != SQLITE_OK)
			fail(file, err, "open");
		else if (set_up(file, err) && prepare(file, err)) {
			make_reserve(file);
			return file;
		}
	}
	state_file_close(file);
	return NULL;
}

void state_file_close(struct state_file *file)
{
	if (!file)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(file->statements[i]);
	sqlite3_close(file->db);
	close_fd(&file->folder);
	free(file->path);
	free(file);
}

/* ---- reading ---- */

static bool visit_rows(struct state_file *file, sqlite3_stmt *rows, state_visit *visit, void *data,
		       struct error *err)
{
	int code;

	while ((code = sqlite3_step(rows)) == SQLITE_ROW)
		if (!visit(data, (const char *)sqlite3_column_text(rows, 0),
			   sqlite3_column_blob(rows, 1), (size_t)sqlite3_column_bytes(rows, 1)))
			return true;
	return code == SQLITE_DONE || fail(file, err, "read");
}

bool state_file_each(struct state_file *file, const char *prefix, state_visit *visit, void *data,
		     struct error *err)
{
	static const char sql[] =
		"SELECT key, value FROM record WHERE key >= ?1 AND key < ?1 || x'ff' ORDER BY key";
	sqlite3_stmt *rows = NULL;
	bool ok;

	if (sqlite3_prepare_v2(file->db, sql, -1, &rows, NULL) != SQLITE_OK)
		return fail(file, err, "read");
	sqlite3_bind_text(rows, 1, prefix, -1, SQLITE_STATIC);
	ok = visit_rows(file, rows, visit, data, err);
	sqlite3_finalize(rows);
	sqlite3_db_release_memory(file->db); /* what was read once at the start stays in no cache */
	return ok;
}

bool state_file_read(struct state_file *file, const char *key, struct buffer *out, bool *found,
		     struct error *err)
{
	sqlite3_stmt *row = file->statements[READ_DOCUMENT];
	int code;

	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	code = sqlite3_step(row);
	*found = code == SQLITE_ROW;
	if (*found)
		buffer_add(out, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
	else if (code != SQLITE_DONE)
		fail(file, err, "read");
	sqlite3_reset(row);
	return *found || code == SQLITE_DONE;
}

/* ---- writing ---- */

static bool run(struct state_file *file, enum statement which)
{
	sqlite3_stmt *statement = file->statements[which];
	int code = sqlite3_step(statement);

	if (code != SQLITE_DONE)
		return false; /* not reset yet: that would take the error's words away */
	sqlite3_reset(statement);
	return true;
}

static bool roll_back(struct state_file *file, enum statement failed, struct error *err)
{
	fail(file, err, "write");
	sqlite3_reset(file->statements[failed]);
	if (!sqlite3_get_autocommit(file->db)) /* some failures have rolled back by themselves */
		run(file, ROLLBACK);
	sqlite3_reset(file->statements[ROLLBACK]);
	return false;
}

/* The pragma works while it is prepared, so it cannot be kept prepared; it changes rarely. */
static bool set_promise(struct state_file *file, enum store_promise promise, struct error *err)
{
	bool durable = promise == STORE_SURVIVES_POWER_CUT;

	if (file->promise == promise)
		return true;
	if (sqlite3_exec(file->db,
			 durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
			 NULL, NULL, NULL) != SQLITE_OK)
		return fail(file, err, "write");
	file->promise = promise;
	return true;
}

bool state_file_begin(struct state_file *file, enum store_promise promise, struct error *err)
{
	if (!set_promise(file, promise, err))
		return false;
	return run(file, BEGIN) || roll_back(file, BEGIN, err);
}

bool state_file_change(struct state_file *file, const struct store_change *change,
		       struct error *err)
{
	enum statement which = change->document ? (change->value ? PUT_DOCUMENT : DELETE_DOCUMENT)
						: (change->value ? PUT : DELETE);
	sqlite3_stmt *statement = file->statements[which];

	sqlite3_bind_text(statement, 1, change->key, -1, SQLITE_STATIC);
	if (change->value)
		sqlite3_bind_blob64(statement, 2, change->value, change->size, SQLITE_STATIC);
	return run(file, which) || roll_back(file, which, err);
}

bool state_file_commit(struct state_file *file, struct error *err)
{
	return run(file, COMMIT) || roll_back(file, COMMIT, err);
}

/* ---- the reserve and the log ---- */

/* Written, not only sized: on a full disk its blocks must be real ones. */
static void make_reserve(struct state_file *file)
{
	scoped_fd int fd = openat(file->folder, STATE_RESERVE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	file->has_reserve = fd >= 0 && posix_fallocate(fd, 0, STATE_RESERVE_SIZE) == 0;
	if (!file->has_reserve)
		unlinkat(file->folder, STATE_RESERVE, 0); /* half a reserve helps nobody */
}

bool state_file_release_reserve(struct state_file *file)
{
	if (!file->has_reserve)
		return false;
	file->has_reserve = false;
	return unlinkat(file->folder, STATE_RESERVE, 0) == 0;
}

bool state_file_has_reserve(const struct state_file *file)
{
	return file->has_reserve;
}

bool state_file_has_room(const struct state_file *file)
{
	struct statvfs room;

	return fstatvfs(file->folder, &room) == 0 &&
	       (uint64_t)room.f_bavail * room.f_frsize >= RESERVE_AGAIN;
}

void state_file_tidy(struct state_file *file, bool idle)
{
	if (file->log_pages >= (idle ? LOG_PAGES_IDLE : LOG_PAGES_MOST)) {
		sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		file->log_pages = 0;
	}
	if (idle && !file->has_reserve && state_file_has_room(file))
		make_reserve(file);
}
