/* Links for phones that only subscribe. */
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "http/feed_link.h"
#include "http/token.h"
#include "server/admin.h"

enum { DAY = 86400, WINDOW_MAX = 36500 /* days */ };

static struct store *store_of(const struct admin *a)
{
	return a->site->dav.store;
}

/* ---- adding ---- */

/* Days to seconds; -1 where the option isn't given. */
static int read_window(struct admin *a, char **args, const char *option, int64_t *out)
{
	const char *text;
	uint64_t days;

	*out = -1;
	if (!admin_option(args, option, &text))
		return ADMIN_OK;
	if (parse_u64(text, 0, WINDOW_MAX, &days) != 0)
		return admin_misuse(a, "%s: a number of days, at most %d", option, WINDOW_MAX);
	*out = (int64_t)days * DAY;
	return ADMIN_OK;
}

static int read_options(struct admin *a, char **args, struct feed *out)
{
	*out = (struct feed){ .label = "", .created = a->now };
	if (admin_option(args, "--busy", NULL))
		out->flags |= FEED_BUSY;
	if (admin_option(args, "--no-annotations", NULL))
		out->flags |= FEED_PLAIN;
	if (admin_option(args, "--label", &out->label) && !admin_text_valid(out->label))
		return admin_misuse(a, "--label: at most 200 bytes of UTF-8 without control characters");
	if (read_window(a, args, "--back", &out->back) != ADMIN_OK ||
		read_window(a, args, "--ahead", &out->ahead) != ADMIN_OK)
		return ADMIN_USAGE;
	return admin_expect(a, args, 1, 1) < 0 ? ADMIN_USAGE : ADMIN_OK;
}

static int count_feed(const struct feed *f, void *arg)
{
	(void)f;
	++*(size_t *)arg;
	return 0;
}

/* The https: address, and the one that makes telephones subscribe when it is touched. */
static void write_links(struct admin *a, const char *token, const char *calendar)
{
	const char *base = a->site->settings->public_base;
	const char *path = feed_path(a->mem, token, calendar);

	if (base != NULL) {
		buf_printf(&a->out, "%s%s\n", base, path);
		buf_printf(&a->out, "webcal%s%s\n", strchr(base, ':'), path);
		return;
	}
	buf_printf(&a->out, "%s\n", path);
	buf_adds(&a->errors, "dedit: warning: public-url isn't set: the server's own address belongs before "
			     "this path\n");
}

static int add_feed(struct admin *a, const struct collection *c, struct feed *f)
{
	char id[TOKEN_ID_SIZE], token[TOKEN_SIZE], hash[CHAIN_SIZE];
	size_t max = a->site->dav.settings.feeds, count = 0;
	struct err e;

	if (store_feeds(store_of(a), c->id, count_feed, &count, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (count >= max)
		return admin_fail(a, "%s/%s has %zu feeds already (setting feeds)", c->owner, c->name, max);
	token_make(id, token, hash);
	f->id = id;
	f->hash = hash;
	f->collection = c->id;
	if (store_feed_put(store_of(a), f, &e) != 0)
		return admin_fail(a, "%s", e.text);
	write_links(a, token, c->name);
	secret_zero(token, sizeof(token));
	return ADMIN_OK;
}

int admin_feed_add(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct collection c;
	struct feed f;
	int code = read_options(a, args, &f);

	if (code == ADMIN_OK)
		code = admin_calendar(a, args[0], &c);
	return code == ADMIN_OK ? add_feed(a, &c, &f) : code;
}

/* ---- listing, revoking ---- */

static void write_window(struct buf *out, const struct feed *f)
{
	if (f->back >= 0)
		buf_printf(out, "  back %lld", (long long)(f->back / DAY));
	if (f->ahead >= 0)
		buf_printf(out, "  ahead %lld", (long long)(f->ahead / DAY));
}

static int write_feed(const struct feed *f, void *arg)
{
	struct admin *a = arg;
	char made[ISO_DATE_SIZE], used[ISO_DATE_SIZE] = "never";

	iso_date(f->created, made);
	if (f->used != 0)
		iso_date(f->used, used);
	buf_printf(&a->out, "%s  %s/%s  made %s  used %s", f->id, f->owner, f->calendar, made, used);
	if (f->flags & FEED_BUSY)
		buf_adds(&a->out, "  busy");
	if (f->flags & FEED_PLAIN)
		buf_adds(&a->out, "  no-annotations");
	if (f->flags & FEED_PUBLISHED)
		buf_adds(&a->out, "  published");
	write_window(&a->out, f);
	if (f->label[0] != '\0')
		buf_printf(&a->out, "  %s", f->label);
	buf_addc(&a->out, '\n');
	return 0;
}

int admin_feed_list(struct admin *a, char *const *args)
{
	struct collection c = { 0 };
	struct err e;
	int n = admin_expect(a, args, 0, 1);
	int code = n < 0 ? ADMIN_USAGE : n == 1 ? admin_calendar(a, args[0], &c) : ADMIN_OK;

	if (code != ADMIN_OK)
		return code;
	if (store_feeds(store_of(a), c.id, write_feed, a, &e) != 0)
		return admin_fail(a, "%s", e.text);
	return ADMIN_OK;
}

int admin_feed_revoke(struct admin *a, char *const *args)
{
	struct err e;

	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	if (store_feed_remove(store_of(a), args[0], &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "feed %s revoked\n", args[0]);
	return ADMIN_OK;
}
