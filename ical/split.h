/*
 * A file with many events cut into the objects that a calendar stores: one for each UID
 * (RFC 4791 4.1). Reads forward once and keeps places, not text: some 100 bytes a component.
 */
#ifndef DEDIT_ICAL_SPLIT_H
#define DEDIT_ICAL_SPLIT_H

#include "ical/ical.h"

struct ical_split;

/* Appends len bytes from offset on; -1 with e. */
typedef int (*ical_read_fn)(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e);

/*
 * Reads the whole file: VCALENDARs one behind the other, components in any order. Components
 * without UID become objects of their own. What is no iCalendar at all is ERR_SYNTAX with the
 * line's number; what is wrong within a component shows when its object is read. Lives in mem.
 */
int ical_split_open(ical_read_fn read, void *arg, struct arena *mem, struct ical_split **out,
	struct err *e);
size_t ical_split_count(const struct ical_split *s);

struct ical_piece {
	uint64_t line;   /* of its first component in the file */
	const char *body;
	size_t len;
	const struct ical_split_map *map;
};
/*
 * The n-th object as a VCALENDAR of its own with the time zones it needs. A missing UID (made of
 * the component's bytes, so that it is the same next time, and `host`) and DTSTAMP (`now`) are
 * written into it. In mem, not the split's if objects are read in threads. ERR_LARGE above
 * limits->bytes; out->line is set anyway.
 */
int ical_split_read(const struct ical_split *s, size_t n, const struct ical_limits *limits,
	const char *host, int64_t now, struct arena *mem, struct ical_piece *out, struct err *e);
/* The line of the file that line `number` of its body came from. */
uint64_t ical_piece_line(const struct ical_piece *p, unsigned number);

#endif
