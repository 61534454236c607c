/*
 * Passwords of accounts: what may be one, and what is kept of it. A hash takes some 20 ms and 16 MiB by
 * intention: nothing for a thread that others wait for.
 */
#ifndef DEDIT_BASE_PASSWORD_H
#define DEDIT_BASE_PASSWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

enum { PASSWORD_MAX = 511, PASSWORD_SHORT = 8 /* guessed soon below that */ };

/* 1 to PASSWORD_MAX bytes of UTF-8, else ERR_LIMIT. NULL is none. */
int password_check(const char *password, struct err *e);
/* A good one: 80 random bits, in groups that are read out and typed easily. */
enum { PASSWORD_MADE_SIZE = 20 };
void password_make(char out[PASSWORD_MADE_SIZE]);
/* As crypt(5) text (yescrypt), in mem. */
int password_hash(const char *password, struct arena *mem, char **out, struct err *e);
/* Is it the one that was hashed? In constant time of the hash. */
bool password_matches(const char *hash, const char *password);

#endif
