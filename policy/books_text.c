/* Transactions as hledger, ledger and beancount read them (doc/policy.md 5.3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/books.h"
#include "policy/plain_name.h"

enum { ACCOUNT_WIDTH = 40, AMOUNT_WIDTH = 13, DATE_SIZE = 16 };

/* Behind those that are a client's comes the client's own part. */
static const struct { const char *group, *name; bool of_client; } accounts[] = {
	[BOOK_RECEIVABLE] = { "assets", "receivable", true },
	[BOOK_DISPUTED] = { "assets", "disputed", true },
	[BOOK_PAYMENTS] = { "assets", "payments received", false },
	[BOOK_DEPOSITS] = { "liabilities", "deposits", true },
	[BOOK_CREDITS] = { "liabilities", "credits", true },
	[BOOK_TAX] = { "liabilities", "tax", false },
	[BOOK_INCOME] = { "income", "cancellation fees", false },
	[BOOK_EXPENSE] = { "expenses", "credits to clients", false },
};

struct writer {
	const struct books *books;
	enum books_format format;
	int64_t from, to;
	struct arena *mem;
	struct buf *out;
};

static bool is_in(const struct writer *w, const struct transaction *t)
{
	return t->day >= w->from && t->day < w->to;
}

static const char *date_text(int64_t day, char out[DATE_SIZE])
{
	int64_t year;
	int month, d;

	civil_from_days(day, &year, &month, &d);
	snprintf(out, DATE_SIZE, "%04d-%02d-%02d", (int)year, month, d);
	return out;
}

static const char *account_name(const struct writer *w, enum book_account a, const struct transaction *t)
{
	const char *group = accounts[a].group, *name = accounts[a].name, *client = t->account;

	if (w->format == BOOKS_BEANCOUNT) {
		group = plain_component(group, w->mem);
		name = plain_component(name, w->mem);
		client = t->component;
	}
	return arena_printf(w->mem, "%s:%s%s%s", group, name, accounts[a].of_client ? ":" : "",
		accounts[a].of_client ? client : "");
}

/* ---- what the transactions use ---- */

struct used { const char *name; int64_t day; };

static int by_name(const void *a, const void *b)
{
	const struct used *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->day > y->day) - (x->day < y->day);
}

/* Each once, with the first day of its use. */
static size_t unique(struct used *list, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(list, count, sizeof(*list), by_name);
	for (size_t n = 0; n < count; n++) {
		if (kept == 0 || strcmp(list[kept - 1].name, list[n].name) != 0)
			list[kept++] = list[n];
	}
	return kept;
}

static size_t used_accounts(const struct writer *w, struct used **out)
{
	struct used *list = arena_array(w->mem, w->books->count * TRANSACTION_PARTS * BOOK_ACCOUNTS, sizeof(*list));
	size_t count = 0;

	for (size_t n = 0; n < w->books->count; n++) {
		const struct transaction *t = &w->books->transactions[n];

		for (size_t k = 0; is_in(w, t) && k < t->parts * BOOK_ACCOUNTS; k++) {
			if (t->part[k / BOOK_ACCOUNTS].minor[k % BOOK_ACCOUNTS] != 0)
				list[count++] = (struct used){ .day = t->day,
					.name = account_name(w, (enum book_account)(k % BOOK_ACCOUNTS), t) };
		}
	}
	*out = list;
	return unique(list, count);
}

static size_t used_currencies(const struct writer *w, struct used **out)
{
	struct used *list = arena_array(w->mem, w->books->count * TRANSACTION_PARTS, sizeof(*list));
	size_t count = 0;

	for (size_t n = 0; n < w->books->count; n++) {
		const struct transaction *t = &w->books->transactions[n];

		for (size_t k = 0; is_in(w, t) && k < t->parts; k++)
			list[count++] = (struct used){ .day = t->day, .name = t->part[k].currency };
	}
	*out = list;
	return unique(list, count);
}

/* ---- declarations ---- */

static void declare_currency(const struct writer *w, const struct used *u)
{
	int decimals = money_decimals(u->name);
	char date[DATE_SIZE];

	if (w->format == BOOKS_BEANCOUNT) {
		buf_printf(w->out, "%s commodity %s\n", date_text(u->day, date), u->name);
		return;
	}
	/* hledger wants to see which character is the decimal mark. */
	buf_printf(w->out, "commodity %s\n    format 1000%s%.*s %s\n", u->name,
		decimals > 0 || w->format == BOOKS_HLEDGER ? "." : "", decimals, "0000", u->name);
}

static void declare_account(const struct writer *w, const struct used *u)
{
	char date[DATE_SIZE];

	if (w->format == BOOKS_BEANCOUNT)
		buf_printf(w->out, "%s open %s\n", date_text(u->day, date), u->name);
	else
		buf_printf(w->out, "account %s\n", u->name);
}

static void declare(const struct writer *w)
{
	struct used *list;
	size_t count = used_currencies(w, &list);

	for (size_t n = 0; n < count; n++)
		declare_currency(w, &list[n]);
	buf_adds(w->out, count > 0 ? "\n" : "");
	if (w->format == BOOKS_LEDGER)
		buf_adds(w->out, "tag ref\n\n");
	count = used_accounts(w, &list);
	for (size_t n = 0; n < count; n++)
		declare_account(w, &list[n]);
}

/* ---- transactions ---- */

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static void write_heading(const struct writer *w, const struct transaction *t)
{
	const char *date = date_text(t->day, (char[DATE_SIZE]){ 0 });
	const char *blank = *t->version ? " " : "";

	if (w->format == BOOKS_BEANCOUNT) {
		buf_printf(w->out, "\n%s * \"%s\" \"%s\"%s%s\n", date, t->payee, t->what, *t->ref ? " ^" : "",
			t->ref);
		buf_printf(w->out, "  policy: \"%s%s%s\"\n", t->policy, blank, t->version);
		return;
	}
	buf_printf(w->out, "\n%s * %s | %s  ; ref: %s, policy: %s%s%s\n", date, t->what, t->payee, t->ref,
		t->policy, blank, t->version);
}

static void write_posting(const struct writer *w, const struct transaction *t, const struct book_position *p,
	enum book_account a)
{
	const char *name = account_name(w, a, t);
	size_t width = characters(name);
	char amount[MONEY_SIZE];

	if (p->minor[a] == 0)
		return;
	money_format(p->minor[a], p->currency, amount, sizeof(amount));
	/* Two blanks end the name of an account. */
	buf_printf(w->out, "%s%s%*s  %*s %s\n", w->format == BOOKS_BEANCOUNT ? "  " : "    ", name,
		width < ACCOUNT_WIDTH ? (int)(ACCOUNT_WIDTH - width) : 0, "", AMOUNT_WIDTH, amount, p->currency);
}

static void write_transaction(const struct writer *w, const struct transaction *t)
{
	write_heading(w, t);
	for (size_t n = 0; n < t->parts; n++) {
		for (int a = 0; a < BOOK_ACCOUNTS; a++)
			write_posting(w, t, &t->part[n], (enum book_account)a);
	}
}

void books_write(const struct books *b, enum books_format format, int64_t from, int64_t to,
	struct arena *mem, struct buf *out)
{
	const struct writer w = { b, format, from, to, mem, out };

	buf_printf(out, "; Fees of %s, out of the ledger of dédit.\n\n", b->owner);
	declare(&w);
	for (size_t n = 0; n < b->count; n++) {
		if (is_in(&w, &b->transactions[n]))
			write_transaction(&w, &b->transactions[n]);
	}
}
