#include "storage/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "storage/chain.h"

enum { ENTRIES_MOST = 1 << 24 };

void audit_init(struct ledger_audit *a, const struct ledger_verify *v)
{
	*a = (struct ledger_audit){.v = v};
	buf_init(&a->links, (size_t)ENTRIES_MOST * CHAIN_SIZE);
}

void audit_finish(struct ledger_audit *a)
{
	buf_finish(&a->links);
}

static const char *link_of(const struct ledger_audit *a, uint64_t seq)
{
	return seq == 0 ? CHAIN_START : a->links.data + (seq - 1) * CHAIN_SIZE;
}

const char *audit_entry(struct ledger_audit *a, const struct ledger_row *row)
{
	const char *why = row->seq != a->seq + 1 ? "does not follow the entry before it"
		: chain_problem(row, link_of(a, a->seq));

	if (why == NULL && a->v->check != NULL)
		why = a->v->check(row, a->v->arg);
	if (why != NULL)
		return why;
	if (buf_add(&a->links, row->self, CHAIN_SIZE) < 0)
		return "there are more entries than can be verified";
	a->seq = row->seq;
	return NULL;
}

__attribute__((format(printf, 2, 3)))
static const char *say(char why[AUDIT_WHY_SIZE], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, AUDIT_WHY_SIZE, fmt, args);
	va_end(args);
	return why;
}

const char *audit_head(const struct ledger_audit *a, const struct signed_head *h,
	const struct signature_key *key, char why[AUDIT_WHY_SIZE])
{
	char name[DIGEST_SIZE] = "";

	if (strcmp(h->owner, a->v->owner) != 0)
		return say(why, "the signed head is of %s", h->owner);
	if (key == NULL)
		return say(why, "ledger.key, which signed the head of entry %" PRIu64 ", is missing", h->seq);
	signature_key_name(key, name);
	if (strcmp(h->key, name) != 0)
		return say(why, "the head of entry %" PRIu64 " is signed with another key than ledger.key",
			h->seq);
	if (!head_holds(h, key))
		return say(why, "the signature of the head of entry %" PRIu64 " is forged", h->seq);
	if (h->seq > a->seq)
		return say(why, "entry %" PRIu64 " was signed, but the ledger ends with entry %" PRIu64, h->seq,
			a->seq);
	if (strcmp(h->self, link_of(a, h->seq)) != 0)
		return say(why, "entry %" PRIu64 " is not the one that was signed", h->seq);
	return NULL;
}
