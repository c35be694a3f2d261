/* What the folders of the search path hold: names of files, where links lead, what is in NAME.d/, NAME.wants/ and
 * NAME.requires/.  For this folder. */
#pragma once

#include "unit/load.h"

enum listing_kind { LISTING_FILE, LISTING_LINK, LISTING_FOLDER };

struct listing_member {
	char *name;
	bool is_null; /* a link to /dev/null: hides the same name elsewhere */
};

struct listing_entry {
	struct listing_entry *next; /* of the same name, in a worse folder */
	size_t folder;
	enum listing_kind kind;
	char *target;	     /* LINK: the clean absolute path it names */
	ptrdiff_t target_at; /* LINK: the folder of the search path where that is, or -1 */
	struct listing_member *members; /* FOLDER: owned */
	size_t member_count;
};

/* The best of that name, or NULL. */
const struct listing_entry *unit_listing_find(const struct unit_listing *listing, const char *name);
const char *unit_listing_folder(const struct unit_listing *listing, size_t folder);
bool unit_listing_is_own(const struct unit_listing *listing, size_t folder);

/* All entries, in no order, until one call returns false. */
bool unit_listing_each(const struct unit_listing *listing,
		       bool (*each)(void *data, const char *key, const struct listing_entry *entry,
				    struct error *err),
		       void *data, struct error *err);

/* A folder as a bit; far behind, they share one. */
static inline uint64_t listing_bit(size_t folder)
{
	return UINT64_C(1) << (folder < 63 ? folder : 63);
}

/* In which folders, as bits, a NAME.wants/ or NAME.requires/ has this name; the second: an instance of it. */
uint64_t unit_listing_links(const struct unit_listing *listing, const char *name);
uint64_t unit_listing_instance_links(const struct unit_listing *listing, const char *template);

/* Where a unit comes from. */
struct unit_source {
	char *name; /* owned: the unit's own name, where an alias was asked for */
	char *path; /* owned; NULL: there is no file */
	char *link; /* owned; NULL, or the link in a folder of the search path that led to `path` outside it */
	size_t folder;	   /* where the entry stands that was found last */
	bool is_masked;	   /* by a link to /dev/null; an empty file is seen when it is read */
	bool is_container; /* a .container file: [Container] and [Service] */
	bool is_alias;
	bool is_loop; /* aliases that lead to each other */
};
void unit_source_find(const struct unit_listing *listing, const char *name,
		      struct unit_source *out);
void unit_source_fini(struct unit_source *source);

/* Other names of a unit, without itself; borrowed, NULL: none. */
const struct strings *unit_listing_aliases(const struct unit_listing *listing, const char *name);

/* Files of NAME<suffix>/ ("name.d/") of a unit and its aliases, of its template, of the prefixes of its name and of
 * its type: sorted by file name, each name once, from the most specific folder and of these the best.  `own`:
 * of our own folders alone. */
struct listing_file {
	const char *name; /* borrowed */
	char *path;	  /* owned */
};
struct listing_files {
	struct listing_file *items; /* owned */
	size_t count, capacity;
};
void unit_listing_files(const struct unit_listing *listing, const char *name, const char *suffix,
			bool own, struct listing_files *out);
void listing_files_fini(struct listing_files *files);
