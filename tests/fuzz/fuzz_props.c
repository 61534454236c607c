/* .props, account files and ledger lines: whatever they hold is read or refused. */
#include "storage/chain.h"
#include "storage/props.h"
#include "tests/fuzz/fuzz.h"

/* What was read can be written, and reads as the same again. */
static void write_and_read(const struct props *p, struct arena *mem)
{
	struct buf text cleanup_buf;
	struct props again;
	struct err e;

	buf_init(&text, 1 << 24);
	props_write_head(&text, &(struct collection){.name = p->calendar == NULL ? "" : p->calendar,
		.components = p->components, .flags = p->flags, .created = p->created});
	for (size_t i = 0; i < p->rows; i++) {
		props_write_row(&text, &p->row[i]);
	}
	for (size_t i = 0; i < p->shares; i++) {
		props_write_share(&text, p->share[i].user, p->share[i].access);
	}
	if (props_parse(text.data, text.len, mem, &again, &e) < 0)
		abort();
	if (again.rows != p->rows || again.shares != p->shares || again.created != p->created)
		abort();
	for (size_t i = 0; i < p->rows; i++) {
		if (strcmp(again.row[i].xml, p->row[i].xml) != 0 ||
			strcmp(again.row[i].user, p->row[i].user) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem cleanup_arena = arena_create();
	struct ledger_row row;
	struct account account;
	struct delegates acting;
	struct props props;
	struct err e;

	if (props_parse((const char *)data, size, mem, &props, &e) == 0) {
		write_and_read(&props, mem);
	}
	if (account_parse((const char *)data, size, mem, &account, &acting, &e) == 0) {
		struct buf text cleanup_buf;
		buf_init(&text, 1 << 24);
		account_write(&text, &account);
		for (size_t i = 0; i < acting.n; i++) {
			account_write_delegate(&text, acting.row[i].user, acting.row[i].access);
		}
		if (account_parse(text.data, text.len, mem, &account, &acting, &e) < 0)
			abort();
	}
	chain_parse_line(arena_strndup(mem, (const char *)data, size), &row, &e);
	return 0;
}
