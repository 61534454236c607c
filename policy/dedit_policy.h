/*
 * dedit policy modules, ABI v1. Installed; needs nothing else of dedit.
 *
 * A module is asked about every change of an appointment and answers by calling the
 * host: incidents, annotations, wakes, a refusal. It keeps no state between calls; what it must remember
 * are incidents, which come back through history(). Called from several threads at once.
 *
 * Every struct begins with its size. A later v1 only adds members at the end, so a reader
 * looks at `size` before it reads one it was not built with. No memory changes hands: what
 * the host passes is valid during the call, what the module passes is copied.
 * See dedit-policy-module(3).
 */
#ifndef DEDIT_POLICY_H
#define DEDIT_POLICY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEDIT_POLICY_ABI 1

enum policy_kind {           /* what happened to one occurrence */
	POLICY_BOOKED = 1,   /* it appeared (or was un-cancelled): before.start is 0 */
	POLICY_MOVED = 2,    /* its start changed */
	POLICY_CANCELLED = 3,/* STATUS:CANCELLED, EXDATE, shortened rule, DELETE */
	POLICY_CHANGED = 4,  /* anything else of it changed, or nothing at all (asks for the annotation) */
	POLICY_DECLINED = 5, /* one attendee's PARTSTAT */
	POLICY_TICK = 6,     /* a wake is due; nothing changed */
};
enum policy_role {
	POLICY_OWNER = 1, POLICY_DELEGATE = 2, POLICY_CLIENT = 3, POLICY_ADMIN = 4, POLICY_TIMER = 5,
};
enum policy_flags {
	POLICY_GONE = 1,      /* the resource or occurrence is going away: nothing left to annotate */
	POLICY_DELETE = 2,    /* by DELETE or MOVE away, not by an edit */
	POLICY_ALL_DAY = 4,   /* times are dates; start and end are 00:00 of them in the policy zone */
	POLICY_SERIES = 8,    /* one occurrence of a recurring event; with occurrence "": its master, of kind
	                       * CHANGED, which is asked for the annotation only (the rule, no instants) */
	POLICY_WAS_CANCELLED = 16, /* BOOKED: it was there before with STATUS:CANCELLED */
	POLICY_OVERRIDE = 32, /* a date of a series with a VEVENT of its own */
	POLICY_GROUP = 64,    /* two clients or more: this is about `attendee`, the others are asked about too */
	POLICY_INVITED = 128, /* the client can answer and has not accepted: not committed */
	POLICY_ACCEPTED = 256,/* with this change the client accepted */
	POLICY_SEVERAL = 512, /* of the owner: concerns two committed attendees or more at once */
	POLICY_CLOCK_DOUBTFUL = 1024, /* the clock has jumped, or is far behind the owner's last entry (of which
	                               * `now` is the time): whatever is found is only to be proposed */
};
enum policy_state {       /* of an incident's money */
	POLICY_NONE = 0, POLICY_PROPOSED = 1, POLICY_PENDING = 2, POLICY_DUE = 3, POLICY_PAID = 4,
	POLICY_WAIVED = 5, POLICY_VOID = 6, POLICY_DISPUTED = 7, POLICY_CREDITED = 8,
};
enum policy_place {
	POLICY_PROPERTY = 1,     /* name: an X-DEDIT- property with parameters "X-DEDIT-FEE;CURRENCY=EUR"; value */
	POLICY_TITLE_PREFIX = 2, /* value: goes before the title, with " · " between */
	POLICY_NOTE_BLOCK = 3,   /* value: text between the block's first and last line, LF between lines */
	POLICY_STATUS = 4,       /* value: STATUS of the event */
	POLICY_COMMENT = 5, POLICY_CATEGORY = 6, POLICY_COLOR = 7, POLICY_TRANSP = 8,
	POLICY_REF = 9,          /* value: the reference that the block's first line carries */
	POLICY_FEE_TITLE = 10,   /* value: title without prefix for the entry in the Fees calendar */
	POLICY_TAKE_OUT = 11,    /* value: a word as somebody typed it, that goes out of title and notes */
	POLICY_KEEP = 12,        /* of what is deleted: it stays, cancelled, and is asked about once more */
	/* Links to the server's pages, left out where it has no public address. */
	POLICY_FEE_LINK = 13,    /* value: an incident's reference; ATTACH of the page for its client */
	POLICY_TERMS_LINK = 14,  /* value: as policy_incident.version; LINK (RFC 9253) to the terms */
	/* name: REFID (RFC 9253) or STRUCTURED-DATA (RFC 9073), with parameters; value: text */
	POLICY_EXTRA = 15,
	/* name: words that go before; value: the reference of a booked slot. Ends the block with the address of
	 * the page on which its client may act; left out where there are none, and for groups. */
	POLICY_CLIENT_LINK = 16,
	/* Added to a place: in the entry of Fees alone. Without any, the entry shows what the event does. */
	POLICY_IN_FEES = 256,
};

struct policy_when { int64_t start, end; }; /* UTC seconds; start 0: none */

/* One occurrence's change. */
struct policy_change {
	uint32_t size, kind, role, flags;
	int64_t now;                     /* server's receipt time, whole seconds, UTC */
	const char *actor;               /* account name of who did it; "" for timer and files */
	const char *actor_names;         /* its name, display name and addresses, LF between them */
	const char *owner, *owner_names; /* of the calendar */
	const char *collection, *name;   /* calendar and resource name */
	const char *uid;
	const char *occurrence;          /* RECURRENCE-ID as UTC "20260610T080000Z", "" for a single event */
	/* After the change (before it, if gone): clean of our annotation, unescaped. */
	const char *summary, *note, *status, *transp;
	const char *old_summary;         /* before the change; "" if there was none */
	const char *client_address;      /* of its one client ATTENDEE, lower case; "" if none or several */
	const char *zone;                /* TZID of the start, "" for UTC, floating and dates */
	struct policy_when before, after;
	const char *ref;                 /* reference of this slot if the ledger knows one, else "" */
	const char *fresh_ref;           /* a new one to use if ref is "" */
	const char *old_ics; size_t old_ics_len; /* whole resource before and after; NULL if none */
	const char *new_ics; size_t new_ics_len;
	const char *old_occurrence;      /* before the change: a rule that moves or comes gives another one */
	const char *old_note;            /* before the change */
	const char *categories;          /* LF between them */
	const char *link;                /* CONFERENCE or URL, "" if none */
	const char *attendee;            /* of a group: address of whom this is about; else "" */
	const char *attendees;           /* of a group: a line for each, address and name with a tab between */
	int64_t priority;                /* of iCalendar, 0: none */
};

/*
 * A ledger entry about one slot. class_ in policy.md's words ("late-cancel"); "slot" is a booking or a
 * renamed one, "words" what somebody typed, "accepted" that a client agreed to the policy: none of these
 * has money in it. Unique per (uid, occurrence, slot, client, class_): the host drops a repeat,
 * but never an entry with `supersedes`. What it takes back are the earlier entries with that ref: of class
 * "slot" if it is one itself, else the others; they count as void from then on.
 */
struct policy_incident {
	uint32_t size, state;
	int64_t at, slot, slot_end;      /* when it happened; the slot's start and end */
	int64_t acquired, anchor;        /* of the slot: when booked or moved to; agreed start */
	int64_t notice, required;        /* seconds; required -1: none */
	int64_t free_until;              /* 0: none */
	const char *class_, *outcome;    /* "late-cancel", "charged" */
	const char *client, *title;      /* client key; title without words, amount and prefix */
	const char *uid, *occurrence, *ref;
	const char *by;                  /* "client", "owner", "admin", "timer" */
	const char *actor;               /* account name */
	const char *basis;               /* words: "100 % of 80.00 EUR" */
	const char *currency;            /* ISO 4217, "" if no money */
	int64_t charge, hold;            /* minor units: assessed fee, held in addition */
	int64_t price;                   /* minor units; -1 unknown */
	const char *policy, *version;    /* name, and digest or date of the version that applied */
	const char *supersedes;          /* ref of the entries that this one takes back or replaces, or "" */
	/* minor units. deposit: of a slot, what was paid in advance; of an incident, how much of that its
	 * appointment's fees use up. refund: goes back to the client. credit: owed to the client.
	 * tax: part of charge. */
	int64_t deposit, refund, credit, tax;
	const char *service, *attendee;  /* "" if none; attendee: whom of a group it is about */
	const char *word, *reason;       /* by which word it came about, why: "emergency", "refilled"; "" */
	const char *zone;                /* TZID of the event's start then, "" for UTC, floating and dates */
};

struct policy_query { uint32_t size; const char *client, *uid; int64_t slot, since; }; /* NULL, 0: any */

struct policy_sink; /* the host's, one per check() */
typedef int (*policy_incident_fn)(const struct policy_incident *i, void *arg);

struct policy_host {
	uint32_t abi, size;
	/* The owner's entries that match, oldest first, those of this commit included. visit returns
	 * non-zero to stop. */
	int (*history)(struct policy_sink *s, const struct policy_query *q, policy_incident_fn visit,
		void *arg);
	int (*incident)(struct policy_sink *s, const struct policy_incident *i);
	int (*annotate)(struct policy_sink *s, uint32_t place, const char *name, const char *value);
	int (*wake)(struct policy_sink *s, int64_t at); /* ask for a TICK about this event then */
	int (*deny)(struct policy_sink *s, const char *reason);
	void (*log)(int level, const char *text);
};

/* One directive of the policy's section of the configuration, defaults left out. Lists come as several
 * settings with the same key, in order; a sub-section's directives as "client/KEY/tiers",
 * "version/2027-01-01/price", "weekday/sat/tiers", "service/NAME/price". */
struct policy_setting { uint32_t size; const char *key, *value, *file; int line; };

struct policy_module {
	uint32_t abi, size;
	const char *name, *version;
	/* policy_name: what stands after `policy` in the configuration. digest: of the policy's text.
	 * Non-zero: why is filled with one line. */
	int (*open)(const struct policy_host *host, const char *policy_name, const char *digest,
		const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size);
	/* How far ahead of now it cares, in seconds. */
	int64_t (*horizon)(void *self);
	/* 0, or non-zero for an internal failure (the change is then answered 503 and not stored). */
	int (*check)(void *self, const struct policy_change *c, struct policy_sink *sink);
	void (*close)(void *self);
};

/* The one exported symbol of a module, also where -fvisibility=hidden hides all others. */
#ifdef __GNUC__
__attribute__((visibility("default")))
#endif
const struct policy_module *dedit_policy_v1(void);

#ifdef __cplusplus
}
#endif
#endif
