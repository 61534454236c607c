/* The table of system zones, and what can be asked of a zone. */
#include "ical/zone.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fsio.h"
#include "base/util.h"
#include "ical/zonetab.h"

enum {
	FILE_MAX = 256 << 10,
	NAMES_MAX = 10000,
	DEPTH_MAX = 4,
	INDEX_MAX = 4 << 20,
	VERSION_MAX = 32,
	ALIAS_STEPS = 4, /* an alias of an alias is none by itself */
};

#define SYSTEM_FOLDER "/usr/share/zoneinfo"
#define INDEX_FILE "tzdata.zi"
#define TIME_MAX (INT64_MAX / 4)

struct entry {
	char *name;
	const struct entry *alias_of;
	_Atomic(const struct zone *) zone; /* NULL: not loaded yet; &unusable: not to be had */
};

static const struct zone utc_zone = { .name = "UTC" };
static const struct zone unusable;

/* Made by zone_init(); after that only the entries' zones change, each once. */
static struct {
	char *folder;
	struct entry *entries;
	size_t count, size;
	char version[VERSION_MAX];
	int64_t modified;
} table;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* ---- the table ---- */

static void close_dir(DIR **d)
{
	if (*d) {
		closedir(*d);
	}
}

static bool is_tzif(int dir, const char *name)
{
	char magic[4];
	cleanup_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, "TZif", 4);
}

static void add_name(const char *prefix, const char *name)
{
	if (table.count == table.size) {
		table.size = table.size ? table.size * 2 : 512;
		table.entries = xreallocarray(table.entries, table.size, sizeof(*table.entries));
	}
	struct entry *e = &table.entries[table.count++];
	e->name = xasprintf("%s%s", prefix, name);
	e->alias_of = NULL;
	atomic_init(&e->zone, NULL);
}

/* posix/ and right/ hold the same zones again, right/ with leap seconds; the two files are the
 * administrator's choice for the machine, no names of zones. */
static bool skipped(const char *prefix, const char *name)
{
	static const char *const top[] = { "posix", "right", "posixrules", "localtime" };

	for (size_t i = 0; !*prefix && i < ARRAY_SIZE(top); i++) {
		if (!strcmp(name, top[i])) {
			return true;
		}
	}
	return *name == '.';
}

/* Closes fd. Symbolic links are followed: Debian's aliases are some, and the folder is the system's. */
static int walk(int fd, const char *prefix, unsigned depth, struct err *e)
{
	__attribute__((cleanup(close_dir))) DIR *d = fdopendir(fd);
	const struct dirent *entry;
	struct stat st;

	if (!d) {
		close(fd);
		return err_errno(e, ERR_IO, "zones: '%s'", prefix);
	}
	while ((entry = readdir(d)) != NULL && table.count < NAMES_MAX) {
		const char *name = entry->d_name;

		if (skipped(prefix, name) || fstatat(fd, name, &st, 0)) {
			continue;
		}
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			cleanup_free char *below = xasprintf("%s%s/", prefix, name);
			int sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (sub >= 0 && walk(sub, below, depth + 1, e)) {
				return -1;
			}
		} else if (S_ISREG(st.st_mode) && is_tzif(fd, name)) {
			add_name(prefix, name);
		}
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct entry *find_entry(const char *name)
{
	struct entry key = { .name = (char *)name };

	return table.count ? bsearch(&key, table.entries, table.count, sizeof(key), by_name) : NULL;
}

/* ---- versions and aliases ---- */

/* "L <zone> <alias>", the blanks already NULs: alias is what stands behind the second one. */
static void read_link(const char *target, const char *alias)
{
	struct entry *entry = find_entry(alias);
	const struct entry *of = find_entry(target);

	if (entry && of && entry != of) {
		entry->alias_of = of;
	}
}

static void read_index_line(char *line)
{
	static const char version[] = "# version ";
	char *alias = str_starts(line, "L ") ? strchr(line + 2, ' ') : NULL;

	if (alias) {
		*alias = '\0';
		read_link(line + 2, alias + 1);
	} else if (str_starts(line, version)) {
		snprintf(table.version, sizeof(table.version), "%s", line + strlen(version));
	}
}

/* The text that the zones were compiled from, as most systems install it. Without it there are no aliases. */
static void read_index(int folder)
{
	cleanup_buf struct buf text;
	struct stat st;

	buf_init(&text, INDEX_MAX);
	table.modified = fstat(folder, &st) == 0 ? st.st_mtime : 0;
	snprintf(table.version, sizeof(table.version), "unknown");
	if (fs_read(folder, INDEX_FILE, &text, NULL) < 0) {
		return;
	}
	if (fstatat(folder, INDEX_FILE, &st, 0) == 0) {
		table.modified = st.st_mtime;
	}
	for (char *line = text.data, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end) {
			*end++ = '\0';
		}
		read_index_line(line);
	}
}

int zone_init(const char *folder, struct err *e)
{
	zone_finish();
	table.folder = xstrdup(folder ? folder : SYSTEM_FOLDER);
	int fd = open(table.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return err_errno(e, ERR_IO, "time zones: '%s'", table.folder);
	}
	cleanup_fd int again = dup(fd);
	if (walk(fd, "", 0, e)) {
		return -1;
	}
	if (!table.count) {
		return err_set(e, ERR_NOT_FOUND, "no time zones in '%s'", table.folder);
	}
	qsort(table.entries, table.count, sizeof(*table.entries), by_name);
	read_index(again);
	return 0;
}

static void free_zone(const struct zone *z)
{
	if (z && z != &unusable) {
		free(z->changes);
		free(z->names);
		free((void *)z);
	}
}

void zone_finish(void)
{
	for (size_t i = 0; i < table.count; i++) {
		free_zone(atomic_load(&table.entries[i].zone));
		free(table.entries[i].name);
	}
	free(table.entries);
	free(table.folder);
	table.folder = NULL;
	table.entries = NULL;
	table.count = table.size = 0;
}

/* -1: not to be read now; size: too large. The name is one of the table's. */
static ssize_t read_file(const char *name, unsigned char *bytes, size_t size)
{
	cleanup_free char *path = xasprintf("%s/%s", table.folder, name);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < size) {
		n = read(fd, bytes + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -1 : (ssize_t)len;
}

/* NULL: not to be had now, for want of files perhaps, so that the next one asks again. */
static const struct zone *load(const struct entry *entry)
{
	cleanup_free unsigned char *bytes = xmalloc(FILE_MAX);
	ssize_t len = read_file(entry->name, bytes, FILE_MAX);
	struct zone made;

	if (len < 0) {
		return NULL;
	}
	if (len == FILE_MAX || zone_read_tzif(bytes, (size_t)len, &made)) {
		return &unusable;
	}
	struct zone *z = xmalloc(sizeof(*z));
	*z = made;
	z->name = entry->name;
	return z;
}

const struct zone *zone_find(const char *name)
{
	struct entry *entry = find_entry(name);

	if (!entry) {
		return NULL;
	}
	const struct zone *z = atomic_load_explicit(&entry->zone, memory_order_acquire);
	if (!z) {
		pthread_mutex_lock(&loading);
		z = atomic_load_explicit(&entry->zone, memory_order_relaxed);
		if (!z) {
			z = load(entry);
			atomic_store_explicit(&entry->zone, z, memory_order_release);
		}
		pthread_mutex_unlock(&loading);
	}
	return z == &unusable ? NULL : z;
}

const struct zone *zone_utc(void)
{
	return &utc_zone;
}

const char *zone_name(const struct zone *z)
{
	return z->name;
}

size_t zone_count(void)
{
	return table.count;
}

struct zone_entry zone_at(size_t i)
{
	const struct entry *of = &table.entries[i];

	for (int steps = 0; of->alias_of && steps < ALIAS_STEPS; steps++) {
		of = of->alias_of;
	}
	return (struct zone_entry){ .name = table.entries[i].name,
		.alias_of = of != &table.entries[i] ? of->name : NULL };
}

bool zone_entry_find(const char *name, struct zone_entry *out)
{
	const struct entry *entry = find_entry(name);

	if (!entry) {
		return false;
	}
	*out = zone_at((size_t)(entry - table.entries));
	return true;
}

const char *zone_version(void)
{
	return table.version;
}

int64_t zone_modified(void)
{
	return table.modified;
}

/* ---- questions ---- */

/* Seconds to take off utc so that it falls into the years the table is written out for. */
static int64_t cycles(const struct zone *z, int64_t utc)
{
	if (!z->repeats || utc < z->cycle + CYCLE_SECONDS) {
		return 0;
	}
	return (utc - z->cycle) / CYCLE_SECONDS * CYCLE_SECONDS;
}

/* How many changes lie at or before utc. */
static size_t changes_until(const struct zone *z, int64_t utc)
{
	size_t low = 0, high = z->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->changes[mid].at <= utc) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static int32_t offset_behind(const struct zone *z, size_t changes)
{
	return changes ? z->changes[changes - 1].offset : z->first;
}

static int64_t bounded(int64_t utc)
{
	return utc > TIME_MAX ? TIME_MAX : utc < -TIME_MAX ? -TIME_MAX : utc;
}

int32_t zone_offset(const struct zone *z, int64_t utc)
{
	utc = bounded(utc);
	return offset_behind(z, changes_until(z, utc - cycles(z, utc)));
}

/*
 * RFC 5545 3.3.5. A local time in a gap is read with the offset before the gap, one that exists
 * twice means the first, which has the offset before the change as well. So the first change
 * that, read with the offset before it, still lies ahead of the time settles it; a change whose
 * gap holds the time, too.
 */
int64_t zone_from_local(const struct zone *z, int64_t local)
{
	int64_t shift = cycles(z, local - ZONE_OFFSET_MAX), here = local - shift;
	size_t i = changes_until(z, here - ZONE_OFFSET_MAX);

	for (; i < z->count; i++) {
		const struct zone_change *c = &z->changes[i];

		if (here - offset_behind(z, i) < c->at || here - c->offset < c->at) {
			break;
		}
	}
	return local - offset_behind(z, i);
}

int64_t zone_to_utc(const struct zone *z, const struct wall *w)
{
	return zone_from_local(z, wall_seconds(w));
}

int64_t zone_day_begin(const struct zone *z, int64_t day)
{
	return zone_from_local(z, day * 86400);
}

void zone_from_utc(const struct zone *z, int64_t utc, struct wall *out)
{
	utc = bounded(utc);
	wall_from_seconds(utc + zone_offset(z, utc), out);
}
