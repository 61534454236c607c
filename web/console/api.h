/*
 * The JSON interface below /console/api/. One table says which paths there are, who may ask, and which
 * function answers; openapi.json says the same to others, and a test holds the two together.
 */
#ifndef DEDIT_WEB_CONSOLE_API_H
#define DEDIT_WEB_CONSOLE_API_H

#include <jansson.h>

#include "policy/fee_json.h"
#include "policy/report/report.h"
#include "policy/update.h"
#include "web/console/console.h"

/* Each may all that those before it may. */
enum api_role { API_NOBODY, API_CLIENT, API_OWNER, API_ADMIN };

enum { API_PARTS = 4 };

/* One request on its way through a handler. */
struct api {
	const struct web *web;
	struct request *http;
	struct arena *mem;
	const char *part[API_PARTS]; /* what stands in the path where the pattern has {…}, decoded */
	json_t *body;                /* an object; NULL where none is taken. Ends with the request */
};

enum api_flags {
	API_NO_BODY = 0,
	API_JSON = 1,      /* takes an object */
	API_IN_PERSON = 2, /* for who is signed in: who took a token would stay in when it is revoked */
	API_SIGN_IN = 4,   /* by name and password */
	API_CONFIRM = 8,   /* signed in, and with the password once more */
	API_CALENDAR = 16, /* takes a file of events */
};

/* Handlers answer with what api_send() and api_refuse() return: the status. */
struct api_row {
	const char *method, *path;
	enum api_role role;
	unsigned flags;
	int (*run)(struct api *a);
	const char *what;
};
/* Ended by a row without a method. */
extern const struct api_row api_rows[];

/* ---- refusals ---- */

/* What people meet who do nothing wrong: the pages tell it in words of their own (texts.js, problem.<name>).
 * The name is part of the answer's type (RFC 9457), so it stays what it is. */
#define API_PROBLEMS(X) \
	X(CHANGED, "changed")                 /* by somebody else meanwhile */ \
	X(FULL, "full")                       /* the disk */ \
	X(QUOTA, "quota") \
	X(TEXT, "text")                       /* too long, or with control characters */ \
	X(ACCOUNT_CHANGED, "account-changed") \
	X(PASSWORD_UNFIT, "password-unfit") \
	X(SESSIONS_OFF, "sessions-off")       /* nobody can sign in */ \
	X(TOKENS, "tokens")                   /* too many of them, and so on */ \
	X(NO_ADDRESS, "no-address")           /* of the server, for a profile */ \
	X(CALENDARS, "calendars") \
	X(CALENDAR_NAME, "calendar-name") \
	X(CALENDAR_TAKEN, "calendar-taken") \
	X(SHARES, "shares") \
	X(FEEDS, "feeds") \
	X(DELEGATES, "delegates") \
	X(NOBODY, "nobody")                   /* no such account to share with */ \
	X(ONESELF, "oneself")                 /* is nobody's delegate */ \
	X(IMPORTS_OFF, "imports-off") \
	X(IMPORT_RUNNING, "import-running")   /* another one of that account */ \
	X(IMPORTS_BUSY, "imports-busy")       /* those of others */ \
	X(IMPORT_SIZE, "import-size") \
	X(IMPORT_EMPTY, "import-empty")       /* no events, or no iCalendar */ \
	X(ACT_UNFIT, "act-unfit")             /* it can't follow on the fee's state */ \
	X(ACT_WORDS, "act-words")             /* its amount or its reason */ \
	X(FILE_SIZE, "file-size")             /* of an export */ \
	X(POLICY_TEXT, "policy-text")         /* an edited one is wrong */ \
	X(BACKUP_FOLDER, "backup-folder")     /* none is set */ \
	X(BACKUP_RUNNING, "backup-running") \
	X(BACKUPS, "backups") \
	X(LEDGER_HEAD, "ledger-head")         /* what was kept is none, or of nobody here */

#define API_PROBLEM_ENUM(id, name) PROBLEM_##id,
enum api_problem {
	PROBLEM_NONE, /* no more than the status says */
	API_PROBLEMS(API_PROBLEM_ENUM)
	API_PROBLEM_COUNT
};
#undef API_PROBLEM_ENUM
/* NULL for PROBLEM_NONE. */
const char *api_problem_name(enum api_problem p);

/* ---- answers ---- */

/* Takes the reference; NULL (out of memory, or text that is no UTF-8) is answered too. */
int api_send(struct api *a, int status, json_t *o);
int api_done(struct api *a); /* 204 */
int api_refuse(struct api *a, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int api_refuse_as(struct api *a, enum api_problem p, int status, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* As what a floor below said means to whoever asked. */
int api_fail(struct api *a, const struct err *e);
/* p: what it means just here; PROBLEM_NONE: what it always means. */
int api_fail_as(struct api *a, enum api_problem p, const struct err *e);

/* ---- what was asked ---- */

/* A member of the query, decoded; NULL: it isn't there. The first if there are several; *at (0 at first) goes
 * through all of them. */
const char *api_query(struct api *a, const char *name);
const char *api_query_next(struct api *a, const char *name, size_t *at);
/* 0 and *out untouched if it isn't there; -1 after a refusal. */
int api_query_number(struct api *a, const char *name, int64_t least, int64_t most, int64_t *out);
int api_query_day(struct api *a, const char *name, bool *given, int64_t *out);
/* text: 2026-06-10T08:00:00Z, or 2026-06-10, which begins in zone; anything else, and NULL, is refused by
 * that name. *out in UTC. 0; -1 after a refusal. */
int api_moment(struct api *a, const char *name, const char *text, const struct zone *zone, int64_t *out);
/* A text of the body, at most 200 bytes without control characters; *out is NULL if it isn't there and
 * needn't be. 0; -1 after a refusal. */
int api_text(struct api *a, const char *name, bool needed, const char **out);
bool api_flag(struct api *a, const char *name);

/* ---- who asks, and what may that one do (access.c)? ---- */

bool api_is_admin(const struct api *a);
/* Is there such an account, that it may find (architecture.md 15.31)? */
int api_find_account(struct api *a, const char *name, bool *out, struct err *e);
/* 0 if there is; -1 after a refusal, the same for one that there isn't and one that it may not find. */
int api_check_account(struct api *a, const char *name);
/* Has it calendars under a policy, or acts for one who has? */
int api_is_owner(struct api *a, bool *out, struct err *e);
/* Whose appointments and fees it may look at, or (write) act on. */
typedef int (*api_owner_fn)(const char *owner, bool write, void *arg);
int api_owners(struct api *a, api_owner_fn visit, void *arg, struct err *e);
/* May it look at owner's, or (write) act there? */
int api_may(struct api *a, const char *owner, bool write, bool *out, struct err *e);
/* Is it about whoever asks: a client, by one of its addresses? */
bool api_is_own(const struct api *a, const struct fee *f);
/* May it look at owner's, or act there? 0: yes; -1 after a refusal, as if there were no such owner. */
int api_check_owner(struct api *a, const char *owner, bool write);
/* "anna/work", of an owner whose fees it may see (write: change). -1 after a refusal. */
int api_calendar(struct api *a, const char *text, bool write, struct collection *out);
/* The one that the query names, else itself, else the only one it may look at. -1 after a refusal. */
int api_owner(struct api *a, const char **out);

/* Is it one of whoever asks? */
bool api_is_mine(const struct api *a, const struct collection *c);
/* web_reach() of whoever asks. */
int api_reach(struct api *a, const struct collection *c, enum share_access *out, struct err *e);
/* Who decides who else sees it: its owner, and administrators as by `dedit share` and `dedit feed`. */
bool api_may_lend(const struct api *a, const struct collection *c);
/* The calendar of the path: one that may be read; that is one's own; that one may lend; that one may
 * fill from a file, as an administrator may any by `dedit import`. -1 after a refusal: where it may not even
 * be read, as if it weren't there. */
int api_readable_calendar(struct api *a, struct collection *out);
int api_own_calendar(struct api *a, struct collection *out);
int api_lendable_calendar(struct api *a, struct collection *out);
int api_writable_calendar(struct api *a, struct collection *out);

/* In which of the owner's calendars under a policy an event stands; *there false: in none. */
int api_find_event(struct api *a, const char *owner, const char *uid, struct collection *c,
	struct object *out, bool *there, struct err *e);
/* A report of q->facts.owner's; the rest of q->facts is set here. ERR_NOT_FOUND: none has that name. */
int api_report(struct api *a, const char *name, struct report_query *q, struct report *out, struct err *e);

/* What an owner can say about an appointment, and the word for it (policy.md 4.2). */
struct api_appointment_act { const char *name, *word; };
extern const struct api_appointment_act api_appointment_acts[];
extern const size_t api_appointment_act_count;

/* A change of events on behalf of the owner (architecture.md 15.1). */
struct event_request api_event_request(struct api *a);

/* ---- in JSON ---- */

/* Beside those of policy/fee_json.h. */
json_t *json_money(struct arena *mem, int64_t minor, const char *currency);
json_t *api_fee_acts(const struct fee *f);      /* names of those that can follow on its state */
/* To each object of a list with an account's "name" its "displayname". Not within a walk: a visitor may not
 * ask the store. */
void api_add_displaynames(struct api *a, json_t *list);
/* The zone in which an owner's days are told. */
const struct zone *api_zone(struct api *a, const char *owner);

/* ---- the handlers, a file a subject ---- */

int api_openapi(struct api *a);
int api_session_begin(struct api *a);
int api_session_show(struct api *a);
int api_session_end(struct api *a);

int api_events(struct api *a);
int api_decisions(struct api *a);
int api_appointment_act(struct api *a);

int api_fees(struct api *a);
int api_fee(struct api *a);
int api_fee_act(struct api *a);
int api_fees_act(struct api *a);
int api_export(struct api *a);

int api_clients(struct api *a);
int api_reports(struct api *a);
int api_report_show(struct api *a);

int api_policies(struct api *a);
int api_policy(struct api *a);
int api_acceptance(struct api *a);
int api_policy_check(struct api *a);
int api_policy_replay(struct api *a);
int api_quote(struct api *a);

int api_calendars(struct api *a);
int api_calendar_make(struct api *a);
int api_calendar_show(struct api *a);
int api_calendar_change(struct api *a);
int api_calendar_delete(struct api *a);
int api_calendar_export(struct api *a);
/* The calendar as a file. c is read until the answer is sent: in the request's memory. */
int api_send_calendar(struct api *a, const struct collection *c);
/* Before its file is taken: may events be put there? 0, or the status of a refusal. */
int api_import_check(struct api *a);
int api_import_begin(struct api *a);
int api_imports(struct api *a);
int api_import(struct api *a);
int api_import_end(struct api *a);
int api_share(struct api *a);
int api_share_end(struct api *a);
int api_feed_make(struct api *a);
int api_feed_end(struct api *a);

int api_account(struct api *a);
int api_password(struct api *a);
int api_mobileconfig(struct api *a);
int api_token_make(struct api *a);
int api_token_end(struct api *a);

int api_delegates(struct api *a);
int api_delegate(struct api *a);
int api_delegate_end(struct api *a);
int api_people(struct api *a);

int api_server(struct api *a);
int api_accounts(struct api *a);
int api_account_make(struct api *a);
int api_account_show(struct api *a);
int api_account_password(struct api *a);
int api_account_close(struct api *a);
int api_logins(struct api *a);
int api_backup(struct api *a);
int api_backup_begin(struct api *a);
int api_check_store(struct api *a);
int api_check_ledgers(struct api *a);
int api_ledger_heads(struct api *a);
int api_ledger_compare(struct api *a);

#endif
