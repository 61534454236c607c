/*
 * Logins that were refused lately, for administrators; in memory alone. What is typed into the field of a
 * name may be a password, so the only names kept are those that accounts have. Equal ones are one row, so
 * that a guesser doesn't push all others out. Fixed memory; thread-safe.
 */
#ifndef DEDIT_HTTP_REFUSED_H
#define DEDIT_HTTP_REFUSED_H

#include <stddef.h>
#include <stdint.h>

enum refused_why {
	REFUSED_PASSWORD, /* the account's, but not its password */
	REFUSED_UNKNOWN,  /* no account has the name */
	REFUSED_CLOSED,   /* the account was removed */
	REFUSED_WAITING,  /* not looked at: braked */
	REFUSED_TOKEN,    /* a bearer token that no account has */
};
enum { REFUSED_MOST = 256, REFUSED_ADDRESS_SIZE = 64, REFUSED_NAME_SIZE = 65 };

struct refused_login {
	enum refused_why why;
	char address[REFUSED_ADDRESS_SIZE];
	char name[REFUSED_NAME_SIZE];   /* of an account; "": of none */
	int64_t first, last;            /* UTC seconds */
	uint64_t times;
};

struct refused;

struct refused *refused_create(void);
void refused_destroy(struct refused *r); /* accepts NULL */
/* name: of an account that there is or was; NULL: of none. */
void refused_add(struct refused *r, enum refused_why why, const char *address, const char *name, int64_t now);
/* The latest first. How many there are. */
size_t refused_list(struct refused *r, struct refused_login out[REFUSED_MOST]);

#endif
