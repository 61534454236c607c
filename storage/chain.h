/*
 * The ledger's chain and its lines on disk (doc/architecture.md 15.23). Each entry's `self`
 * covers its number, the entry before it and the digest of its text, so that a text can be
 * blanked (one client's data erased) and the chain still verifies. Pure functions.
 *
 * A line: seq TAB prev TAB self TAB digest TAB text TAB when TAB slot TAB incident TAB kind TAB
 * ref TAB client TAB uid. The last seven are the index's columns and not covered by the chain.
 */
#ifndef DEDIT_STORAGE_CHAIN_H
#define DEDIT_STORAGE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "storage/store.h"

/* What the first entry of an owner names as the one before: 32 zero bytes in base64url. */
#define CHAIN_START "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

enum { CHAIN_LOG_NAME_SIZE = 24 };

/* Sets prev, digest and self; row->seq and text are set. */
void chain_link(struct ledger_row *row, const char *prev);
/* NULL if the row follows prev and nothing in it was changed; else what is wrong. */
const char *chain_problem(const struct ledger_row *row, const char *prev);

void chain_write_line(struct buf *out, const struct ledger_row *row);
/* Splits in place: the row's strings point into line (without its LF). owner isn't set. */
int chain_parse_line(char *line, struct ledger_row *out, struct err *e);

/* The file beside the logs with the signed heads, a line each. */
#define CHAIN_HEADS "heads"

int head_sign(struct signed_head *h, const struct signature_key *k, struct err *e);
/* owner, seq, self, when: are they what the key's owner signed? */
bool head_holds(const struct signed_head *h, const struct signature_key *k);
void head_write_line(struct buf *out, const struct signed_head *h);
/* Splits in place: owner points into line (without its LF). */
int head_parse_line(char *line, struct signed_head *out, struct err *e);

/* "<yyyy-mm>.log", the file that holds the entries of that time. */
void chain_log_name(int64_t when, char out[CHAIN_LOG_NAME_SIZE]);

#endif
