/*
 * What `dedit` can do: one implementation, run by the command itself when no server holds
 * the data folder, and by the server on its behalf when one does (control.h).
 */
#ifndef DEDIT_SERVER_ADMIN_H
#define DEDIT_SERVER_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "server/site.h"

enum { ADMIN_OK = 0, ADMIN_FAILED = 1, ADMIN_USAGE = 2 }; /* exit codes */
enum { ADMIN_BUSY = -1 }; /* another process has the folder: whoever called tries again */
enum { ADMIN_OUT_MAX = 64 * 1024 * 1024 };

struct admin {
	const struct site *site;     /* dav.store is open, but for commands that work without */
	struct arena *mem;
	int64_t now;
	const char *password;        /* for those that want one; else NULL */
	bool served;                 /* by a server that runs, not by the command itself */
	int file;                    /* ADMIN_READS, ADMIN_WRITES; else -1 */
	int (*held)(int fd, struct err *e); /* ADMIN_BESIDE: does the server still hold the files? NULL: there */
	int hold;                    /* is none; what it wants to be given */
	struct buf out, errors;      /* for standard output and standard error */
};

enum admin_flags {
	ADMIN_PASSWORD = 1,          /* wants a password */
	ADMIN_OFFLINE = 2,           /* only without a server, and with the store closed */
	ADMIN_CA = 4,                /* the value of --ca is a file, and what stands in it is handed over */
	ADMIN_READS = 8,             /* the file that its first argument names, "-": standard input */
	ADMIN_WRITES = 16,           /* a file of its own, which goes to standard output in the end */
	ADMIN_DRAWS = 32,            /* the same, if there is a --svg, whose value names where it goes */
	ADMIN_ALONE = 64,            /* needs neither configuration nor server: site is NULL */
	ADMIN_READS_LAST = 128,      /* the file that its last argument names */
	ADMIN_POLICY = 256,          /* as ADMIN_CA, the value of --policy */
	ADMIN_BESIDE = 512,          /* by the command itself, with the store closed; a server holds its files
	                              * meanwhile. Its one argument is a folder, which is made for it */
	ADMIN_RESTORES = 1024,       /* makes the data folder, for the owner of its last argument, a folder */
};

struct command {
	const char *name, *sub;      /* "user", "add"; sub NULL: one word */
	const char *arguments;       /* for the usage text */
	unsigned flags;
	int (*run)(struct admin *a, char *const *args); /* behind the words; ended by NULL */
};

/* NULL if there is none. args: command words first, ended by NULL. */
const struct command *admin_find(char *const *args);
/* Runs it; the exit code. Errors are in a->errors. */
int admin_run(struct admin *a, char *const *args);
/* One line for each command. */
void admin_usage(struct buf *out);

void admin_init(struct admin *a, const struct site *site, struct arena *mem, int64_t now);
void admin_finish(struct admin *a);

/* ---- for the files that hold commands ---- */

int admin_fail(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int admin_misuse(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes "--name VALUE" (or, value NULL, the bare switch) off the list. False if it isn't there. */
bool admin_option(char **args, const char *name, const char **value);
/* A copy that admin_option may shorten. */
char **admin_args(struct admin *a, char *const *args);
/* The number of arguments left, and none of them an option; -1 after a message. */
int admin_expect(struct admin *a, char *const *args, int least, int most);
/* Text for the address book: UTF-8, no control characters, at most 200 bytes. */
bool admin_text_valid(const char *text);

/* Whose calendars or fees are asked for, in lower case, a removed user's too; NULL, for everybody's, if
 * given is. ADMIN_OK, else the exit code after a message. */
int admin_owner(struct admin *a, const char *given, const char **out);

/* The calendar that "OWNER/CALENDAR" names. ADMIN_OK, else the exit code after a message. */
int admin_calendar(struct admin *a, const char *text, struct collection *out);
/* An open account by name. ADMIN_OK, else the exit code after a message. */
int admin_find_user(struct admin *a, const char *given, struct account *out);
/* A new application password of an open account; token[TOKEN_SIZE] (http/token.h) is the caller's to wipe.
 * ADMIN_OK, else the exit code after a message. */
int admin_make_token(struct admin *a, struct account *ac, const char *label, enum token_scope scope,
	char *token);

/* What of the fees is asked for: takes --owner, --client, --state, --since, --until and --month off the
 * list. ADMIN_OK, else the exit code after a message. */
struct fee_filter;
int admin_fee_filter(struct admin *a, char **args, struct fee_filter *out);
/* The same for --separator of CSV: ',' (the default) or ';'. */
int admin_separator(struct admin *a, char **args, char *out);
/* How fees are told to people: "80.00 EUR"; "2026-06-10 10:00". */
struct zone;
const char *admin_money(struct admin *a, int64_t minor, const char *currency);
const char *admin_local_time(struct admin *a, const struct zone *zone, int64_t when);

/* The owner given, or, NULL, the only one who has a calendar of fees: books and reports are one person's.
 * ADMIN_OK, else the exit code after a message. */
int admin_one_owner(struct admin *a, const char *given, const char **out);
/* Tells what is wrong with any ledger, as `ledger verify` does, and which texts of policies it needs are
 * lost; nothing, if nothing is. ADMIN_OK, else the exit code after a message. */
int admin_audit_ledgers(struct admin *a);
/* Writes a calendar to the command's file (ADMIN_WRITES). refresh: seconds after which a program may ask
 * again; 0: not said. The exit code. */
int admin_write_calendar(struct admin *a, const struct collection *c, int64_t refresh);

/* Appends all of the file that came with the command, whose name is for messages. ADMIN_OK, else the exit
 * code after a message: it holds more than the buffer, or NULs. */
int admin_read_file(struct admin *a, const char *name, struct buf *out);

/* The policies of another file than the server's, that are asked what they would decide; nothing of them is
 * kept. name is for messages. ADMIN_OK, else the exit code after a message. */
struct admin_policies { struct settings *settings; struct policy_set *set; };
int admin_open_policies(struct admin *a, const char *text, const char *name, struct admin_policies *out);
void admin_close_policies(struct admin_policies *p);
/* "2026-06-10T08:00:00Z", or "2026-06-10 10:00" and "2026-06-10" (00:00) in that zone. ADMIN_OK, else the
 * exit code after a message. */
int admin_time(struct admin *a, const char *text, const struct zone *zone, int64_t *out);

int admin_demo(struct admin *a, char *const *args);
int admin_user_add(struct admin *a, char *const *args);
int admin_user_list(struct admin *a, char *const *args);
int admin_user_passwd(struct admin *a, char *const *args);
int admin_user_remove(struct admin *a, char *const *args);
int admin_user_token(struct admin *a, char *const *args);
int admin_calendar_add(struct admin *a, char *const *args);
int admin_calendar_list(struct admin *a, char *const *args);
int admin_delegate(struct admin *a, char *const *args);
int admin_share(struct admin *a, char *const *args);
int admin_import(struct admin *a, char *const *args);
int admin_export(struct admin *a, char *const *args);
int admin_feed_add(struct admin *a, char *const *args);
int admin_feed_list(struct admin *a, char *const *args);
int admin_feed_revoke(struct admin *a, char *const *args);
int admin_dns(struct admin *a, char *const *args);
int admin_mobileconfig(struct admin *a, char *const *args);
int admin_fee(struct admin *a, char *const *args);
int admin_fees(struct admin *a, char *const *args);
int admin_fees_export(struct admin *a, char *const *args);
int admin_ledger_head(struct admin *a, char *const *args);
int admin_ledger_verify(struct admin *a, char *const *args);
int admin_ledger_key(struct admin *a, char *const *args);
int admin_report(struct admin *a, char *const *args);
int admin_policy_accept(struct admin *a, char *const *args);
int admin_policy_check(struct admin *a, char *const *args);
int admin_policy_explain(struct admin *a, char *const *args);
int admin_policy_quote(struct admin *a, char *const *args);
int admin_policy_replay(struct admin *a, char *const *args);
int admin_backup(struct admin *a, char *const *args);
int admin_restore(struct admin *a, char *const *args);
int admin_check(struct admin *a, char *const *args);
int admin_rebuild(struct admin *a, char *const *args);
int admin_flush(struct admin *a, char *const *args);
int admin_clock(struct admin *a, char *const *args);
int admin_rescan(struct admin *a, char *const *args);

#endif
