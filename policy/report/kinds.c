#include "policy/report/kinds.h"

/* clang-format off */
const struct report_kind report_kinds[] = {
	{ "month", "this month's incidents, and the words that act on them", REPORT_MONTH, 0, gather_month, NULL },
	{ "decide", "what waits for the owner: proposals, reviews, disputes, words not understood", 0, 0,
		gather_decide, NULL },
	{ "money", "assessed, waived, paid and open by month, and how old the open fees are", REPORT_YEAR, 0,
		gather_money, plot_money },
	{ "notice", "how long before the start clients cancel or move", REPORT_YEAR, 0, gather_notice,
		plot_notice },
	{ "when", "late cancellations and absences by weekday and hour", REPORT_YEAR, 0, gather_when, plot_when },
	{ "clients", "each client's appointments and reliability", REPORT_YEAR, 0, gather_clients, plot_clients },
	{ "ourselves", "the owner's own cancellations and moves, beside the clients'", REPORT_YEAR, 0,
		gather_ourselves, plot_ourselves },
	{ "effect", "late cancellations and absences week by week, with the policy's versions", REPORT_YEAR, 0,
		gather_effect, plot_effect },
	{ "slots", "times given up by clients: how early, and whether somebody else took them", REPORT_YEAR, 0,
		gather_slots, plot_slots },
	{ "waivers", "fees waived, by reason, by whom and by client", REPORT_YEAR, 0, gather_waivers,
		plot_waivers },
	{ "lead", "absences by the days between booking and start", REPORT_YEAR, 0, gather_lead, plot_lead },
	{ "links", "video appointments soon that have no link yet", 0, 0, gather_links, NULL },
	{ "review", "half a year of each client, to look at the terms together", REPORT_HALF, 0, gather_review,
		plot_review },
	{ "replay", "the year decided again: under the policies in force, or a file (--policy)", REPORT_YEAR,
		REPORT_POLICY, gather_replay, plot_replay },
	{ "audit", "everything the ledger has about one event (--uid)", 0, REPORT_UID, gather_audit, plot_audit },
	{ 0 },
};
/* clang-format on */
