/* A store over SQLite in a folder of its own, and what a test does in that folder beside it. */
#ifndef DEDIT_TESTS_STORE_ROOT_H
#define DEDIT_TESTS_STORE_ROOT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store_suite.h"

extern char root[64]; /* the folder, as make_root() made it */
void make_root(void);
void remove_root(void);
void remove_folder(const char *path);

/* Each test begins in an empty folder. */
int root_setup(void **state);
int root_teardown(void **state);
#define FILES(f) {#f, f, root_setup, root_teardown, NULL}

/* Files are written with each commit; soon after; not before a flush. */
extern const struct store_options at_once, quick, slow;
struct store *open_root(const struct store_options *o);

/* Files below the folder. */
char *path_of(const char *rel); /* the caller frees it */
bool exists(const char *rel);
void write_file(const char *rel, const char *text);
void append_file(const char *rel, const char *text);
void unlink_file(const char *rel);
/* out is emptied first. */
void read_file(const char *rel, struct buf *out);

/* An object whose UID is its name. */
void put_body(struct store *s, store_id c, const char *name, const char *body);
void assert_body(struct store *s, store_id c, const char *name, const char *expected);
/* What store_scan() finds, as "name=body " (nothing after "=": it is gone). */
void assert_scan(struct store *s, store_id c, const char *expected);
/* A visitor: a line each into the struct buf. */
int note_problem(const char *line, void *arg);
/* What a deep check says; out is emptied first. */
void check_problems(struct store *s, struct buf *out);
/* For rebuilds. "UID:x" at the beginning; everything else can't be parsed. */
int parse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out, struct err *e);
/* Of the folder; ends the test if it fails. */
void rebuild(struct buf *problems);

#endif
