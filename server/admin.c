#include "server/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/zone.h"

/* clang-format off */
static const struct command commands[] = {
	{ "user", "add", "NAME [--name TEXT] [--email ADDRESS]... [--language en|fr]",
		ADMIN_PASSWORD, admin_user_add },
	{ "user", "list", "", 0, admin_user_list },
	{ "user", "passwd", "NAME", ADMIN_PASSWORD, admin_user_passwd },
	{ "user", "remove", "NAME", 0, admin_user_remove },
	{ "user", "token", "NAME add LABEL [--api | --api-read] | NAME list | NAME revoke ID", 0, admin_user_token },
	{ "calendar", "add", "OWNER/CALENDAR [--name TEXT] [--tasks]", 0, admin_calendar_add },
	{ "calendar", "list", "[OWNER]", 0, admin_calendar_list },
	{ "import", NULL, "FILE|- OWNER/CALENDAR [--replace]", ADMIN_READS, admin_import },
	{ "export", NULL, "OWNER/CALENDAR", ADMIN_WRITES, admin_export },
	{ "feed", "add", "OWNER/CALENDAR [--busy] [--back DAYS] [--ahead DAYS] [--no-annotations] "
		"[--label TEXT]", 0, admin_feed_add },
	{ "feed", "list", "[OWNER/CALENDAR]", 0, admin_feed_list },
	{ "feed", "revoke", "ID", 0, admin_feed_revoke },
	{ "dns", NULL, "[DOMAIN]", 0, admin_dns },
	{ "mobileconfig", NULL, "USER [--ca FILE]", ADMIN_CA, admin_mobileconfig },
	{ "share", NULL, "OWNER/CALENDAR USER free-busy|read|write|none", 0, admin_share },
	{ "delegate", NULL, "OWNER [USER read|write|none]", 0, admin_delegate },
	{ "fees", "export", "hledger|ledger|beancount|ics [--owner NAME] [--since DATE] [--until DATE] "
		"[--month YYYY-MM]", ADMIN_WRITES, admin_fees_export },
	{ "fee", NULL, "REF show|ok|pay|unpay|emergency|undo | REF waive|dispute REASON | "
		"REF adjust AMOUNT [REASON]", 0, admin_fee },
	{ "fees", NULL, "[--owner NAME] [--client NAME] [--state STATE,...] [--since DATE] [--until DATE] "
		"[--month YYYY-MM] [--json | --csv [--separator ,|;]]", 0, admin_fees },
	{ "ledger", "head", "[OWNER]", 0, admin_ledger_head },
	{ "ledger", "verify", "[OWNER] [--head HEAD]", 0, admin_ledger_verify },
	{ "ledger", "key", "", 0, admin_ledger_key },
	{ "report", NULL, "[NAME [--owner NAME] [--client NAME] [--since DATE] [--until DATE] [--month YYYY-MM] "
		"[--uid UID] [--policy FILE] [--json | --csv [--table NAME] [--separator ,|;]] [--svg FILE]]",
		ADMIN_DRAWS | ADMIN_POLICY, admin_report },
	{ "policy", "explain", "NAME [--lang en|fr] [--version DATE]", 0, admin_policy_explain },
	{ "policy", "check", "FILE", ADMIN_READS | ADMIN_ALONE, admin_policy_check },
	{ "policy", "quote", "UID [TIME]", 0, admin_policy_quote },
	{ "policy", "replay", "--since DATE [--owner NAME] FILE", ADMIN_READS_LAST, admin_policy_replay },
	{ "policy", "accept", "NAME OWNER CLIENT [TIME]", 0, admin_policy_accept },
	{ "demo", NULL, "OWNER/CALENDAR [--today DATE]", 0, admin_demo },
	{ "backup", NULL, "FOLDER", ADMIN_BESIDE, admin_backup },
	{ "restore", NULL, "[--damaged] FOLDER", ADMIN_OFFLINE | ADMIN_RESTORES, admin_restore },
	{ "check", NULL, "[--deep]", 0, admin_check },
	{ "rescan", NULL, "[OWNER/CALENDAR]", 0, admin_rescan },
	{ "flush", NULL, "", 0, admin_flush },
	{ "clock", NULL, "[ok]", 0, admin_clock },
	{ "rebuild", NULL, "", ADMIN_OFFLINE, admin_rebuild },
};
/* clang-format on */

static bool is_command(const struct command *c, char *const *args)
{
	if (args[0] == NULL || strcmp(args[0], c->name) != 0)
		return false;
	return c->sub == NULL || (args[1] != NULL && strcmp(args[1], c->sub) == 0);
}

const struct command *admin_find(char *const *args)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (is_command(&commands[i], args))
			return &commands[i];
	}
	return NULL;
}

static void write_usage(const struct command *c, struct buf *out)
{
	buf_printf(out, "%s%s%s%s%s\n", c->name, c->sub != NULL ? " " : "",
		c->sub != NULL ? c->sub : "", c->arguments[0] != '\0' ? " " : "", c->arguments);
}

void admin_usage(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		buf_adds(out, "  ");
		write_usage(&commands[i], out);
	}
}

int admin_run(struct admin *a, char *const *args)
{
	const struct command *c = admin_find(args);
	int code;

	if (c == NULL)
		return admin_misuse(a, "no such command; dedit --help lists them");
	code = c->run(a, args + (c->sub != NULL ? 2 : 1));
	if (code == ADMIN_USAGE) {
		buf_adds(&a->errors, "usage: dedit -c FILE ");
		write_usage(c, &a->errors);
	}
	if (a->out.full)
		return admin_fail(a, "the output is too large");
	return code;
}

void admin_init(struct admin *a, const struct site *site, struct arena *mem, int64_t now)
{
	*a = (struct admin){ .site = site, .mem = mem, .now = now, .file = -1, .hold = -1 };
	buf_init(&a->out, ADMIN_OUT_MAX);
	buf_init(&a->errors, ADMIN_OUT_MAX);
}

void admin_finish(struct admin *a)
{
	buf_finish(&a->out);
	buf_finish(&a->errors);
}

__attribute__((format(printf, 2, 0)))
static void complain(struct admin *a, const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	buf_printf(&a->errors, "dedit: %s\n", line);
}

int admin_fail(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(a, fmt, ap);
	va_end(ap);
	return ADMIN_FAILED;
}

int admin_misuse(struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(a, fmt, ap);
	va_end(ap);
	return ADMIN_USAGE;
}

char **admin_args(struct admin *a, char *const *args)
{
	size_t n = 0;
	char **copy;

	while (args[n] != NULL)
		n++;
	copy = arena_array(a->mem, n + 1, sizeof(*copy));
	memcpy(copy, args, n * sizeof(*copy));
	return copy;
}

bool admin_option(char **args, const char *name, const char **value)
{
	size_t take = value != NULL ? 2 : 1;

	for (; *args != NULL; args++) {
		if (strcmp(*args, name) != 0 || (value != NULL && args[1] == NULL))
			continue;
		if (value != NULL)
			*value = args[1];
		do {
			args[0] = args[take];
		} while (*args++ != NULL);
		return true;
	}
	return false;
}

int admin_expect(struct admin *a, char *const *args, int least, int most)
{
	int n = 0;

	for (; args[n] != NULL; n++) {
		if (str_starts(args[n], "--")) {
			admin_misuse(a, "unknown option, or one without its value: %s", args[n]);
			return -1;
		}
	}
	if (n >= least && n <= most)
		return n;
	admin_misuse(a, n < least ? "an argument is missing" : "too many arguments");
	return -1;
}

bool admin_text_valid(const char *text)
{
	return *text != '\0' && text_line_valid(text);
}

int admin_read_file(struct admin *a, const char *name, struct buf *out)
{
	char piece[16384];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(a->file, piece, sizeof(piece), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return admin_fail(a, "%s: %s", name, strerror(errno));
		if (buf_add(out, piece, (size_t)n) != 0)
			return admin_fail(a, "%s: larger than %zu bytes", name, out->max);
		at += n;
	}
	if (memchr(out->data, '\0', out->len) != NULL)
		return admin_fail(a, "%s: no text", name);
	return ADMIN_OK;
}

/* "10:00" at the end; "" is midnight. */
static bool read_clock(const char *text, struct wall *w)
{
	uint64_t hour, minute;

	if (*text == '\0')
		return true;
	if (strlen(text) != strlen(" 10:00") || text[0] != ' ' || text[3] != ':' ||
		parse_u64n(text + 1, 2, 0, 23, &hour) != 0 || parse_u64n(text + 4, 2, 0, 59, &minute) != 0)
		return false;
	w->hour = (int)hour;
	w->min = (int)minute;
	return true;
}

int admin_time(struct admin *a, const char *text, const struct zone *zone, int64_t *out)
{
	size_t date = strlen("2026-06-10");
	struct wall w = { 0 };
	int64_t days, year;

	if (iso_date_parse(text, out) == 0)
		return ADMIN_OK;
	if (strlen(text) < date || date_parse(arena_strndup(a->mem, text, date), &days) != 0 ||
		!read_clock(text + date, &w))
		return admin_misuse(a, "'%s': a time is like 2026-06-10, \"2026-06-10 10:00\" or "
			"2026-06-10T08:00:00Z", text);
	civil_from_days(days, &year, &w.month, &w.day);
	w.year = (int)year;
	*out = zone_to_utc(zone, &w);
	return ADMIN_OK;
}
