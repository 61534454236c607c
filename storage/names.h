/*
 * Names of resources and the files that hold them (doc/architecture.md 15.14).
 *
 * Bytes outside [A-Za-z0-9._@-] and a leading dot become =XX; a name without ".ics" gets
 * "=.ics"; what would pass 250 bytes becomes "=~<digest of the name>.ics", and its name
 * stands in the calendar's .props. Pure functions.
 */
#ifndef DEDIT_STORAGE_NAMES_H
#define DEDIT_STORAGE_NAMES_H

#include <stdbool.h>

enum {
	NAME_LONGEST = 200,  /* bytes of a resource's or calendar's name */
	OWNER_LONGEST = 64,
	NAME_FILE_SIZE = 256, /* a file name, NUL included */
};

/* A resource or calendar: UTF-8 without control characters and '/', neither "." nor "..". */
bool name_valid(const char *name);
/* A user (15.15): [a-z0-9][a-z0-9._@-]*, lower case. */
bool name_owner_valid(const char *name);
/* The same as people type it, in any case. */
bool name_typed_valid(const char *name);

/* false: the name can't be read back from the file's name. */
bool name_to_file(const char *name, char out[NAME_FILE_SIZE]);
/* The same for a calendar's folder, which needs no ".ics". */
bool name_to_folder(const char *name, char out[NAME_FILE_SIZE]);

/* Understands every spelling, also those that name_to_file doesn't write. -1: not an event's file
 * (hidden, no ".ics", a digest), or no valid name. */
int name_from_file(const char *file, char out[NAME_FILE_SIZE]);
int name_from_folder(const char *folder, char out[NAME_FILE_SIZE]);

#endif
