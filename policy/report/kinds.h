/* The reports' own functions, by subject; kinds.c has the table. */
#ifndef DEDIT_POLICY_REPORT_KINDS_H
#define DEDIT_POLICY_REPORT_KINDS_H

#include "policy/report/report.h"

int gather_month(const struct report_source *s, struct report *r, struct err *e);
int gather_decide(const struct report_source *s, struct report *r, struct err *e);
int gather_money(const struct report_source *s, struct report *r, struct err *e);
int gather_waivers(const struct report_source *s, struct report *r, struct err *e);
void plot_money(const struct report *r, struct buf *out);
void plot_waivers(const struct report *r, struct buf *out);

int gather_notice(const struct report_source *s, struct report *r, struct err *e);
int gather_when(const struct report_source *s, struct report *r, struct err *e);
int gather_effect(const struct report_source *s, struct report *r, struct err *e);
int gather_lead(const struct report_source *s, struct report *r, struct err *e);
void plot_notice(const struct report *r, struct buf *out);
void plot_when(const struct report *r, struct buf *out);
void plot_effect(const struct report *r, struct buf *out);
void plot_lead(const struct report *r, struct buf *out);

int gather_clients(const struct report_source *s, struct report *r, struct err *e);
int gather_ourselves(const struct report_source *s, struct report *r, struct err *e);
int gather_review(const struct report_source *s, struct report *r, struct err *e);
void plot_clients(const struct report *r, struct buf *out);
void plot_ourselves(const struct report *r, struct buf *out);
void plot_review(const struct report *r, struct buf *out);

int gather_slots(const struct report_source *s, struct report *r, struct err *e);
void plot_slots(const struct report *r, struct buf *out);

int gather_links(const struct report_source *s, struct report *r, struct err *e);

int gather_replay(const struct report_source *s, struct report *r, struct err *e);
void plot_replay(const struct report *r, struct buf *out);

int gather_audit(const struct report_source *s, struct report *r, struct err *e);
void plot_audit(const struct report *r, struct buf *out);

/* ---- shared ---- */

/* Is it about the client that is asked for? */
bool report_wants(const struct report_source *s, const struct report *r, const char *client,
	const char *name);
/* The owner's incidents, of the client asked for. */
int report_fees(const struct report_source *s, const struct report *r, struct fee_list *out,
	struct err *e);

#endif
