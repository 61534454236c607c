#include "storage/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "storage/names.h"
#include "storage/record.h"

enum { LINE_FIELDS = 12, SECONDS_PER_DAY = 86400 };

static void compute_self(uint64_t seq, const char *prev, const char *digest, char out[CHAIN_SIZE])
{
	char text[2 * CHAIN_SIZE + 24];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\t%s\t%s", seq, prev, digest);

	digest_chain(text, (size_t)len, out);
}

void chain_link(struct ledger_row *row, const char *prev)
{
	memmove(row->prev, prev, strlen(prev) + 1);
	digest_chain(row->text, strlen(row->text), row->digest);
	compute_self(row->seq, row->prev, row->digest, row->self);
}

const char *chain_problem(const struct ledger_row *row, const char *prev)
{
	char expected[CHAIN_SIZE];

	if (strcmp(row->prev, prev) != 0)
		return "does not follow the entry before it";
	compute_self(row->seq, row->prev, row->digest, expected);
	if (strcmp(row->self, expected) != 0)
		return "number, link or digest was changed";
	digest_chain(row->text, strlen(row->text), expected);
	if (row->text[0] != '\0' && strcmp(row->digest, expected) != 0)
		return "text was changed";
	return NULL;
}

void chain_write_line(struct buf *out, const struct ledger_row *row)
{
	const char *tail[] = {row->kind, row->ref, row->client, row->uid};

	buf_printf(out, "%" PRIu64 "\t%s\t%s\t%s\t", row->seq, row->prev, row->self, row->digest);
	/* JSON as it is: the digest is of these bytes. The store takes no control characters in it. */
	buf_adds(out, row->text);
	buf_printf(out, "\t%" PRId64 "\t%" PRId64 "\t%d", row->when, row->slot, row->incident);
	for (size_t i = 0; i < ARRAY_SIZE(tail); i++) {
		buf_addc(out, '\t');
		record_escape(out, tail[i]);
	}
	buf_addc(out, '\n');
}

/* The text's field is cut out first, since it alone isn't escaped. */
static char *cut_text(char *line)
{
	char *at = line;

	for (int i = 0; i < 4 && at != NULL; i++) {
		at = strchr(at, '\t');
		at = at == NULL ? NULL : at + 1;
	}
	return at;
}

/* Nothing in it can stand for a line end or a tab when it is written again. */
static int copy_link(char to[CHAIN_SIZE], const char *from)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (strlen(from) != CHAIN_SIZE - 1 || from[strspn(from, alphabet)] != '\0')
		return -1;
	memcpy(to, from, CHAIN_SIZE);
	return 0;
}

static int read_head(char *head, struct ledger_row *row, struct err *e)
{
	const char *field[RECORD_FIELDS];
	size_t n;

	if (record_split(head, field, &n, e) < 0)
		return -1;
	if (parse_u64(field[0], 1, INT64_MAX, &row->seq) < 0 || copy_link(row->prev, field[1]) < 0 ||
		copy_link(row->self, field[2]) < 0 || copy_link(row->digest, field[3]) < 0)
		return err_set(e, ERR_SYNTAX, "number or links are malformed");
	return 0;
}

static int read_tail(char *tail, struct ledger_row *row, struct err *e)
{
	const char *field[RECORD_FIELDS];
	uint64_t incident;
	size_t n;

	if (record_split(tail, field, &n, e) < 0)
		return -1;
	if (n != LINE_FIELDS - 5 || parse_i64(field[0], INT64_MIN, INT64_MAX, &row->when) < 0 ||
		parse_i64(field[1], INT64_MIN, INT64_MAX, &row->slot) < 0 ||
		parse_u64(field[2], 0, 1, &incident) < 0)
		return err_set(e, ERR_SYNTAX, "time, slot or kind are malformed");
	row->incident = incident == 1;
	row->kind = field[3];
	row->ref = field[4];
	row->client = field[5];
	row->uid = field[6];
	return 0;
}

int chain_parse_line(char *line, struct ledger_row *out, struct err *e)
{
	struct ledger_row row = {0};
	char *text = cut_text(line);
	char *tail = text == NULL ? NULL : strchr(text, '\t');

	if (tail == NULL)
		return err_set(e, ERR_SYNTAX, "the line is cut off");
	text[-1] = '\0';
	*tail++ = '\0';
	if (read_head(line, &row, e) < 0 || read_tail(tail, &row, e) < 0)
		return -1;
	row.text = text;
	*out = row;
	return 0;
}

/* ---- signed heads ---- */

enum { STATEMENT_SIZE = 256, HEAD_FIELDS = 6 };

/* A sentence of its own, so that nothing else that the key may sign one day can stand for it. */
static int head_statement(const struct signed_head *h, char out[STATEMENT_SIZE])
{
	char when[ISO_DATE_SIZE];

	iso_date(h->when, when);
	return snprintf(out, STATEMENT_SIZE, "dedit ledger head\n%s %" PRIu64 " %s %s\n", h->owner, h->seq,
		when, h->self);
}

int head_sign(struct signed_head *h, const struct signature_key *k, struct err *e)
{
	char text[STATEMENT_SIZE];
	int len = head_statement(h, text);

	signature_key_name(k, h->key);
	return signature_make(k, text, (size_t)len, h->signature, e);
}

bool head_holds(const struct signed_head *h, const struct signature_key *k)
{
	char text[STATEMENT_SIZE];
	int len = head_statement(h, text);

	return signature_holds(k, text, (size_t)len, h->signature);
}

void head_write_line(struct buf *out, const struct signed_head *h)
{
	char when[ISO_DATE_SIZE];

	iso_date(h->when, when);
	buf_printf(out, "%s %" PRIu64 " %s %s %s %s\n", h->owner, h->seq, when, h->self, h->key,
		h->signature);
}

int head_parse_line(char *line, struct signed_head *out, struct err *e)
{
	struct signed_head h = {0};
	char *field[HEAD_FIELDS] = {0}, *next = line;

	for (size_t i = 0; i < HEAD_FIELDS && next != NULL; i++) {
		field[i] = next;
		next = strchr(next, ' ');
		if (next != NULL && i + 1 < HEAD_FIELDS)
			*next++ = '\0';
	}
	if (field[HEAD_FIELDS - 1] == NULL || next != NULL || !name_owner_valid(field[0]) ||
		parse_u64(field[1], 1, INT64_MAX, &h.seq) < 0 || iso_date_parse(field[2], &h.when) < 0 ||
		copy_link(h.self, field[3]) < 0 || strlen(field[4]) != base64url_size(16) - 1 ||
		strlen(field[5]) != SIGNATURE_SIZE - 1)
		return err_set(e, ERR_SYNTAX, "no signed head");
	memcpy(h.key, field[4], strlen(field[4]) + 1);
	memcpy(h.signature, field[5], sizeof(h.signature));
	h.owner = field[0];
	*out = h;
	return 0;
}

void chain_log_name(int64_t when, char out[CHAIN_LOG_NAME_SIZE])
{
	int64_t year, days = when / SECONDS_PER_DAY - (when % SECONDS_PER_DAY < 0);
	int month, day;

	civil_from_days(days, &year, &month, &day);
	snprintf(out, CHAIN_LOG_NAME_SIZE, "%04d-%02d.log", (int)year, month);
}
