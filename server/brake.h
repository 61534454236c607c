/*
 * Slows guessing down: failed logins are counted by address and by (address, account),
 * never by account alone, so that nobody can lock another out (architecture.md 15.29).
 * Fixed memory. Thread-safe.
 */
#ifndef DEDIT_SERVER_BRAKE_H
#define DEDIT_SERVER_BRAKE_H

#include <stdint.h>

struct brake;

struct brake *brake_create(void);
void brake_destroy(struct brake *b); /* accepts NULL */

/*
 * attempts: failures that are free for one account from one address (an address as a whole
 * has four times as many); each further one doubles the delay, from delay_ms to 5 minutes.
 * An IPv6 address counts by its /64 network. now_ms is monotonic.
 */
struct brake_rule { unsigned attempts; int64_t delay_ms; };

/* Milliseconds that must pass before another attempt is looked at; 0: go on. */
int64_t brake_wait(struct brake *b, const char *address, const char *account, int64_t now_ms);
void brake_failed(struct brake *b, const struct brake_rule *rule, const char *address,
	const char *account, int64_t now_ms);
/* A success forgives the account its failures from there; the address keeps its own. */
void brake_passed(struct brake *b, const char *address, const char *account);

#endif
