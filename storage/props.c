#include "storage/props.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "storage/record.h"

enum { NUMBER_SIZE = 24 };
#define WINDOW_MAX (INT64_C(1) << 40) /* seconds: beyond any calendar, and sums can't overflow */

static const char *const access_names[] = {"none", "free-busy", "read", "write"};

#define RECORD(out, key, ...) \
	record_add(out, key, (const char *const[]){__VA_ARGS__}, \
		ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

static void write_number(struct buf *out, const char *key, int64_t value)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRId64, value);
	RECORD(out, key, text);
}

void props_write_head(struct buf *out, const struct collection *c)
{
	RECORD(out, "calendar", c->name);
	write_number(out, "components", c->components);
	write_number(out, "flags", c->flags);
	write_number(out, "created", c->created);
}

void props_write_row(struct buf *out, const struct prop_row *p)
{
	RECORD(out, "prop", p->user, p->ns, p->name, p->xml);
}

void props_write_share(struct buf *out, const char *user, enum share_access access)
{
	RECORD(out, "share", user, access_names[access]);
}

void props_write_feed(struct buf *out, const struct feed *f)
{
	char flags[NUMBER_SIZE], back[NUMBER_SIZE], ahead[NUMBER_SIZE], created[NUMBER_SIZE];

	snprintf(flags, sizeof(flags), "%u", f->flags);
	snprintf(back, sizeof(back), "%" PRId64, f->back);
	snprintf(ahead, sizeof(ahead), "%" PRId64, f->ahead);
	snprintf(created, sizeof(created), "%" PRId64, f->created);
	RECORD(out, "feed", f->id, f->hash, f->label, flags, back, ahead, created);
}

void props_write_name(struct buf *out, const struct long_name *n)
{
	RECORD(out, "file", n->file, n->name);
}

void account_write(struct buf *out, const struct account *a)
{
	char created[NUMBER_SIZE];

	RECORD(out, "name", a->name);
	if (a->displayname != NULL) {
		RECORD(out, "displayname", a->displayname);
	}
	if (a->language != NULL) {
		RECORD(out, "language", a->language);
	}
	for (size_t i = 0; a->addresses != NULL && a->addresses[i] != NULL; i++) {
		RECORD(out, "address", a->addresses[i]);
	}
	if (a->password != NULL) {
		RECORD(out, "password", a->password);
	}
	for (size_t i = 0; i < a->token_count; i++) {
		const struct account_token *t = &a->tokens[i];
		snprintf(created, sizeof(created), "%" PRId64, t->created);
		RECORD(out, "token", t->id, t->label, t->hash, created, token_scope_name(t->scope));
	}
	write_number(out, "generation", (int64_t)a->generation);
	if (a->removed) {
		RECORD(out, "removed", "yes");
	}
}

void account_write_delegate(struct buf *out, const char *user, enum share_access access)
{
	RECORD(out, "delegate", user, access_names[access]);
}

/* One more element in an array of the arena; it doubles at each power of two. */
static void *grow(struct arena *mem, void *array, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return array;
	char *larger = arena_array(mem, n == 0 ? 1 : n * 2, size);
	if (n > 0) {
		memcpy(larger, array, n * size);
	}
	return larger;
}

static int parse_unsigned(const char *key, const char *text, unsigned *out, struct err *e)
{
	uint64_t value;

	if (parse_u64(text, 0, UINT32_MAX, &value) < 0)
		return err_set(e, ERR_SYNTAX, "%s: no number", key);
	*out = (unsigned)value;
	return 0;
}

static enum share_access access_find(const char *name)
{
	for (size_t i = ARRAY_SIZE(access_names); i-- > SHARE_NONE + 1;) {
		if (strcmp(name, access_names[i]) == 0)
			return (enum share_access)i;
	}
	return SHARE_NONE;
}

struct props_reader { struct arena *mem; struct props *out; };

static int read_share(struct props_reader *r, const char *const *field, struct err *e)
{
	struct props *out = r->out;

	enum share_access access = access_find(field[1]);

	if (access == SHARE_NONE || field[0][0] == '\0')
		return err_set(e, ERR_SYNTAX, "share: expected a user and free-busy, read or write");
	out->share = grow(r->mem, out->share, out->shares, sizeof(*out->share));
	out->share[out->shares++] = (struct share){.user = field[0], .access = access};
	return 0;
}

static int read_feed(struct props_reader *r, const char *const *field, struct err *e)
{
	struct props *out = r->out;
	struct feed f = {.id = field[0], .hash = field[1], .label = field[2]};

	if (f.id[0] == '\0' || strlen(f.hash) != CHAIN_SIZE - 1)
		return err_set(e, ERR_SYNTAX, "feed: expected id, hash, label and numbers");
	if (parse_unsigned("feed", field[3], &f.flags, e) < 0)
		return -1;
	if (parse_i64(field[4], -1, WINDOW_MAX, &f.back) < 0 ||
		parse_i64(field[5], -1, WINDOW_MAX, &f.ahead) < 0 ||
		parse_i64(field[6], INT64_MIN, INT64_MAX, &f.created) < 0)
		return err_set(e, ERR_SYNTAX, "feed: expected id, hash, label and numbers");
	out->feed = grow(r->mem, out->feed, out->feeds, sizeof(*out->feed));
	out->feed[out->feeds++] = f;
	return 0;
}

static int read_prop(struct props_reader *r, const char *const *field, struct err *e)
{
	struct props *out = r->out;

	if (field[2][0] == '\0' || field[3][0] == '\0')
		return err_set(e, ERR_SYNTAX, "prop: expected user, namespace, name and element");
	out->row = grow(r->mem, out->row, out->rows, sizeof(*out->row));
	out->row[out->rows++] = (struct prop_row){field[0], field[1], field[2], field[3]};
	return 0;
}

static int read_props_line(const char *key, const char *const *field, void *arg, struct err *e)
{
	struct props_reader *r = arg;
	struct props *out = r->out;

	if (strcmp(key, "calendar") == 0) {
		out->calendar = field[0];
	} else if (strcmp(key, "components") == 0) {
		return parse_unsigned(key, field[0], &out->components, e);
	} else if (strcmp(key, "flags") == 0) {
		return parse_unsigned(key, field[0], &out->flags, e);
	} else if (strcmp(key, "created") == 0) {
		if (parse_i64(field[0], INT64_MIN, INT64_MAX, &out->created) < 0)
			return err_set(e, ERR_SYNTAX, "created: no number");
	} else if (strcmp(key, "prop") == 0) {
		return read_prop(r, field, e);
	} else if (strcmp(key, "share") == 0) {
		return read_share(r, field, e);
	} else if (strcmp(key, "feed") == 0) {
		return read_feed(r, field, e);
	} else if (strcmp(key, "file") == 0) {
		out->name = grow(r->mem, out->name, out->names, sizeof(*out->name));
		out->name[out->names++] = (struct long_name){field[0], field[1]};
	}
	return 0;
}

int props_parse(const char *text, size_t len, struct arena *mem, struct props *out, struct err *e)
{
	struct props found = {0};
	struct props_reader r = {mem, &found};

	if (record_parse(text, len, mem, read_props_line, &r, e) < 0)
		return -1;
	*out = found;
	return 0;
}

struct account_reader {
	struct arena *mem;
	struct account *out;
	const char **address;
	size_t addresses;
	struct account_token *token;
	struct delegates acting;
};

static void read_address(struct account_reader *r, const char *address)
{
	/* one place ahead for the NULL behind the last */
	const char **larger = arena_array(r->mem, r->addresses + 2, sizeof(*larger));

	if (r->addresses > 0) {
		memcpy(larger, r->address, r->addresses * sizeof(*larger));
	}
	larger[r->addresses++] = address;
	r->address = larger;
	r->out->addresses = larger;
}

static int read_token(struct account_reader *r, const char *const *field, struct err *e)
{
	struct account *out = r->out;
	struct account_token t = {.id = field[0], .label = field[1], .hash = field[2]};

	if (field[0][0] == '\0' || parse_i64(field[3], INT64_MIN, INT64_MAX, &t.created) < 0)
		return err_set(e, ERR_SYNTAX, "token: expected id, label, hash and a time");
	if (field[4][0] != '\0' && token_scope_parse(field[4], &t.scope) < 0)
		return err_set(e, ERR_SYNTAX, "token: '%s' is no scope", field[4]);
	r->token = grow(r->mem, r->token, out->token_count, sizeof(*r->token));
	r->token[out->token_count++] = t;
	out->tokens = r->token;
	return 0;
}

static int read_delegate(struct account_reader *r, const char *const *field, struct err *e)
{
	enum share_access access = access_find(field[1]);
	struct delegates *to = &r->acting;

	if (field[0][0] == '\0' || access < SHARE_READ)
		return err_set(e, ERR_SYNTAX, "delegate: expected a user and read or write");
	to->row = grow(r->mem, to->row, to->n, sizeof(*to->row));
	to->row[to->n++] = (struct delegation){.user = field[0], .access = access};
	return 0;
}

static int read_account_line(const char *key, const char *const *field, void *arg, struct err *e)
{
	struct account_reader *r = arg;
	struct account *out = r->out;

	if (strcmp(key, "name") == 0) {
		out->name = field[0];
	} else if (strcmp(key, "displayname") == 0) {
		out->displayname = field[0];
	} else if (strcmp(key, "language") == 0) {
		out->language = field[0];
	} else if (strcmp(key, "address") == 0) {
		read_address(r, field[0]);
	} else if (strcmp(key, "password") == 0) {
		out->password = field[0];
	} else if (strcmp(key, "token") == 0) {
		return read_token(r, field, e);
	} else if (strcmp(key, "delegate") == 0) {
		return read_delegate(r, field, e);
	} else if (strcmp(key, "generation") == 0) {
		if (parse_u64(field[0], 0, INT64_MAX, &out->generation) < 0)
			return err_set(e, ERR_SYNTAX, "generation: no number");
	} else if (strcmp(key, "removed") == 0) {
		out->removed = strcmp(field[0], "yes") == 0;
	}
	return 0;
}

int account_parse(const char *text, size_t len, struct arena *mem, struct account *out,
	struct delegates *acting, struct err *e)
{
	static const char *const no_addresses[] = {NULL};
	struct account found = {.addresses = no_addresses};
	struct account_reader r = {.mem = mem, .out = &found};

	if (record_parse(text, len, mem, read_account_line, &r, e) < 0)
		return -1;
	if (found.name == NULL)
		return err_set(e, ERR_SYNTAX, "no name");
	for (size_t i = 0; i < r.acting.n; i++) {
		r.acting.row[i].owner = found.name;
	}
	*acting = r.acting;
	*out = found;
	return 0;
}
