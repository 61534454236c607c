/*
 * A ledger's files: lines of entries, and of signed heads. What is read is written the same, an
 * entry that was changed doesn't pass, and the text of one that does is an incident again or
 * nothing.
 */
#include "base/util.h"
#include "policy/ledger.h"
#include "storage/audit.h"
#include "storage/chain.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 1 << 20, SEEN_MAX = 64 };

static bool same_row(const struct ledger_row *a, const struct ledger_row *b)
{
	return a->seq == b->seq && a->when == b->when && a->slot == b->slot && a->incident == b->incident
		&& strcmp(a->kind, b->kind) == 0 && strcmp(a->ref, b->ref) == 0 && strcmp(a->client, b->client) == 0
		&& strcmp(a->uid, b->uid) == 0 && strcmp(a->text, b->text) == 0 && strcmp(a->prev, b->prev) == 0
		&& strcmp(a->digest, b->digest) == 0 && strcmp(a->self, b->self) == 0;
}

static void check_written(const struct ledger_row *row, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL };
	struct ledger_row again;

	buf_init(&out, OUT_MAX);
	chain_write_line(&out, row);
	must(out.len > 0 && out.data[out.len - 1] == '\n' && strchr(out.data, '\n') == out.data + out.len - 1);
	char *line = arena_strndup(mem, out.data, out.len - 1);
	must(chain_parse_line(line, &again, NULL) == 0 && same_row(row, &again));
}

/* Linked behind prev it holds; with another number, text or predecessor it doesn't. */
static void check_link(struct ledger_row row, const char *prev)
{
	if (row.seq == 0)
		return;
	chain_link(&row, prev);
	must(chain_problem(&row, prev) == NULL);
	row.seq++;
	must(chain_problem(&row, prev) != NULL);
	row.seq--;
	must(chain_problem(&row, row.self) != NULL);
}

static void check_meaning(const struct ledger_row *row, struct arena *mem)
{
	struct entry_list list = { 0 };
	struct ledger_row again;

	ledger_row_problem(row);
	must(ledger_read_row(row, mem, &list) == 0 && list.count <= 1);
	if (list.count == 1 && ledger_row(&list.entries[0], row->when, mem, &again, NULL) == 0)
		must(utf8_valid(again.text, strlen(again.text)));
}

static void check_head(const char *text, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL };
	struct signed_head h, again;

	if (head_parse_line(arena_strdup(mem, text), &h, NULL) < 0)
		return;
	buf_init(&out, OUT_MAX);
	head_write_line(&out, &h);
	must(head_parse_line(arena_strndup(mem, out.data, out.len - 1), &again, NULL) == 0);
	must(again.seq == h.seq && again.when == h.when && strcmp(again.owner, h.owner) == 0
		&& strcmp(again.self, h.self) == 0 && strcmp(again.signature, h.signature) == 0);
}

/* The audit passes what forms a chain from the first entry on, and nothing behind the first
 * fault. */
static void audit(struct ledger_audit *a, const struct ledger_row *row, bool *broken)
{
	if (*broken)
		return;
	*broken = audit_entry(a, row) != NULL;
	must(*broken || a->seq == row->seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ledger_verify verify = { .owner = "anna" };
	cleanup_arena struct arena *mem = arena_create();
	cleanup_free char *text = xstrndup((const char *)data, size);
	char *at = text, *end = text + strlen(text), *line;
	struct ledger_audit a;
	bool broken = false;

	audit_init(&a, &verify);
	for (int n = 0; n < SEEN_MAX && (line = cut_line(&at, end)) != NULL; n++) {
		struct ledger_row row;

		check_head(line, mem);
		if (chain_parse_line(line, &row, NULL) < 0)
			continue;
		row.owner = "anna";
		check_written(&row, mem);
		check_link(row, CHAIN_START);
		check_meaning(&row, mem);
		audit(&a, &row, &broken);
	}
	audit_finish(&a);
	return 0;
}
