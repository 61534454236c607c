/* `dedit report`: what the ledger tells its owner (doc/policy.md 5.2). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/report/report.h"
#include "server/admin.h"

enum { SCREEN = 100 };

struct form { bool json, csv; const char *table, *svg; char separator; };

static int read_form(struct admin *a, char **args, struct form *out)
{
	int code = admin_separator(a, args, &out->separator);

	out->json = admin_option(args, "--json", NULL);
	out->csv = admin_option(args, "--csv", NULL);
	admin_option(args, "--table", &out->table);
	admin_option(args, "--svg", &out->svg);
	if (code == ADMIN_OK && out->json && out->csv)
		return admin_misuse(a, "--json or --csv");
	return code == ADMIN_OK && out->table != NULL && !out->csv ? admin_misuse(a,
		"--table: only with --csv") : code;
}

static int write_all(struct admin *a, const struct buf *text)
{
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(a->file, text->data + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return admin_fail(a, "--svg: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return ADMIN_OK;
}

static int draw(struct admin *a, const struct report *r)
{
	cleanup_buf struct buf picture;

	buf_init(&picture, ADMIN_OUT_MAX);
	if (r->kind->plot == NULL)
		return admin_misuse(a, "the report '%s' has no picture", r->kind->name);
	r->kind->plot(r, &picture);
	return picture.full ? admin_fail(a, "--svg: the picture is too large") : write_all(a, &picture);
}

static int write_report(struct admin *a, const struct report *r, const struct form *form)
{
	struct err e;

	if (form->svg != NULL) {
		int code = draw(a, r);

		if (code != ADMIN_OK)
			return code;
	}
	if (form->json)
		return report_json(r, &a->out, &e) == 0 ? ADMIN_OK : admin_fail(a, "%s", e.text);
	if (form->csv)
		return report_csv(r, form->table, form->separator, &a->out, &e) == 0 ? ADMIN_OK
										     : admin_misuse(a, "%s", e.text);
	report_write(r, SCREEN, &a->out);
	return ADMIN_OK;
}

static int list_kinds(struct admin *a)
{
	for (const struct report_kind *k = report_kinds; k->name != NULL; k++)
		buf_printf(&a->out, "%-10s %s%s\n", k->name, k->what, k->plot != NULL ? " (--svg)" : "");
	return ADMIN_OK;
}

static int run_report(struct admin *a, const struct report_kind *kind, struct report_query *q,
	const struct form *form)
{
	struct report report;
	struct err e;

	q->facts.store = a->site->dav.store;
	q->facts.policies = a->site->policies;
	q->facts.limits = &a->site->dav.settings.ical;
	q->facts.now = a->now;
	if (report_gather(kind, q, a->mem, &report, &e) != 0)
		return e.code == ERR_INVALID ? admin_misuse(a, "%s", e.text) : admin_fail(a, "%s", e.text);
	return write_report(a, &report, form);
}

/* text: of a file with policies, handed over by the command. */
static int run_with_policies(struct admin *a, const struct report_kind *kind, struct report_query *q,
	const struct form *form, const char *text)
{
	struct admin_policies other;
	int code = admin_open_policies(a, text, "--policy", &other);

	if (code != ADMIN_OK)
		return code;
	q->other = other.set;
	code = run_report(a, kind, q, form);
	admin_close_policies(&other);
	return code;
}

int admin_report(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct form form = { 0 };
	struct fee_filter filter;
	struct report_query q = { 0 };
	const struct report_kind *kind;
	const char *policies = NULL;
	int code = read_form(a, args, &form);

	admin_option(args, "--uid", &q.uid);
	admin_option(args, "--policy", &policies);
	if (code == ADMIN_OK)
		code = admin_fee_filter(a, args, &filter);
	if (code == ADMIN_OK && admin_expect(a, args, 0, 1) < 0)
		code = ADMIN_USAGE;
	if (code != ADMIN_OK || args[0] == NULL)
		return code != ADMIN_OK ? code : list_kinds(a);
	kind = report_find(args[0]);
	if (kind == NULL)
		return admin_misuse(a, "no report '%s'; dedit report lists them", args[0]);
	if (filter.states != 0)
		return admin_misuse(a, "reports are of all states");
	if ((q.uid != NULL && !(kind->takes & REPORT_UID)) || (policies != NULL && !(kind->takes & REPORT_POLICY)))
		return admin_misuse(a, "--uid is for the report audit, --policy for replay");
	code = admin_one_owner(a, filter.owner, &q.facts.owner);
	q.client = filter.client;
	q.by_day = filter.by_day;
	q.first_day = filter.first_day;
	q.last_day = filter.last_day;
	if (code != ADMIN_OK)
		return code;
	return policies != NULL ? run_with_policies(a, kind, &q, &form, policies) : run_report(a, kind, &q,
		&form);
}
