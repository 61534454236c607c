// The policy in words, what an appointment would cost now, and the past year again under another text.
import * as api from "./api.js";
import { copyButton, field, h, nothing, select, table, wrong } from "./dom.js";
import { addDays, amount, date, day, money, nowOf, number, time, today } from "./format.js";
import { facts, when } from "./fee.js";
import { named, t } from "./texts.js";

const WEEKS_AHEAD = 4, DAYS_BACK = 365;

// ---- in words ----

function words(text, title, lang) {
	return h("div", {}, h("h3", {}, title), text ? h("div", { lang, class: "terms" },
		text.split("\n").filter(Boolean).map((line) => h("p", {}, line))) : nothing(t("policy.no-words")));
}

function inWords(policy) {
	return h("section", {}, h("h2", {}, t("policy.words")), h("div", { class: "beside" },
		words(policy.explain.en, "English", "en"), words(policy.explain.fr, "Français", "fr")));
}

// ---- what cancelling would cost ----

async function coming(policy, owner, context) {
	const now = nowOf(context.session), since = today(now);
	const calendar = policy.calendars.filter((c) => api.ownerOf(c) === owner);
	const { events } = await api.get("events", { owner, calendar, since, until: addDays(since, 7 * WEEKS_AHEAD) }, context.signal);
	return events.filter((e) => calendar.includes(e.calendar) && e.status !== "CANCELLED" && !e["all-day"] && e.start > now)
		.sort((a, b) => a.start.localeCompare(b.start));
}

function quoted(quote) {
	return quote ? facts([[t("policy.would"), named("class", quote.class)], [t("fees.fee"), h("strong", {}, amount(quote.cost))],
		[t("fee.basis"), quote.basis], [t("fee.free-until"), quote["free-until"] ? when(quote["free-until"]) : null]])
		: nothing(t("event.quote-none"));
}

function quotes(events, context) {
	const answer = h("div", { role: "status", class: "quoted" }), failed = h("div");
	let latest = 0;
	async function show(n) {
		const mine = ++latest, event = events[n];
		const tell = (place, node) => mine === latest && !context.signal.aborted && place.replaceChildren(node());
		answer.replaceChildren();
		failed.replaceChildren();
		try {
			const found = await api.get("quotes", { calendar: event.calendar, name: event.name }, context.signal);
			tell(answer, () => quoted(found.quotes.find((q) => q.start === event.start)));
		} catch (e) {
			tell(failed, () => wrong(e));
		}
	}
	const choice = select(events.map((e, n) => [String(n), `${day(e.start)}, ${time(e.start)} · ${e.title}`]), "0",
		(n) => show(Number(n)));
	const section = h("section", {}, h("h2", {}, t("policy.quote")),
		events.length ? [field(t("policy.quote-which"), choice), answer, failed] : nothing(t("policy.no-events")));
	return { section, load: () => events.length ? show(0) : null };
}

// ---- the past again ----

const outcome = (o, currency) => o.class ? `${named("class", o.class)} · ${money(o.fee - o.credit, currency)}` : "–";

// All first, then those for whom it makes most of a difference.
function sums(list) {
	const difference = (s) => s.after - s.before;
	const sorted = [...list].sort((a, b) => (b.client === "") - (a.client === "") || Math.abs(difference(b)) - Math.abs(difference(a)));
	return table(t("policy.sums"), [
		{ label: t("fees.client"), title: true, text: (s) => s.client || h("strong", {}, t("policy.all")) },
		{ label: t("policy.before"), number: true, text: (s) => money(s.before, s.currency) },
		{ label: t("policy.after"), number: true, text: (s) => money(s.after, s.currency) },
		{ label: t("policy.difference"), number: true, text: (s) => money(difference(s), s.currency) },
	], sorted, { className: "rows" });
}

function pairs(replay) {
	return [h("h3", {}, t("policy.pairs")), table(t("policy.pairs"), [
		{ label: t("fees.client"), title: true, text: (p) => p.client },
		{ label: t("fees.start"), text: (p) => when(p.start) },
		{ label: t("fees.at"), text: (p) => date(p.at) },
		{ label: t("policy.before"), text: (p) => outcome(p.before, p.currency) },
		{ label: t("policy.after"), text: (p) => outcome(p.after, p.currency) },
	], replay.pairs, { className: "rows" }), replay.truncated ? h("p", { class: "hint" }, t("today.truncated")) : ""];
}

function replayed(replay, adopt) {
	const leftOut = replay["left-out"];
	return { said: h("p", {}, t("policy.replayed", { count: number(replay.count), changed: number(replay.changed) }),
		leftOut ? ` ${t("policy.left-out", { count: number(leftOut) })}` : null),
	more: replay.pairs.length ? [h("p", {}, adopt), sums(replay.sums), ...pairs(replay)] : [nothing(t("policy.same")), sums(replay.sums)] };
}

const faults = (list) => h("div", { class: "failure", role: "alert" }, h("p", {}, t("policy.faults")),
	h("ul", {}, list.map((line) => h("li", {}, h("code", {}, line)))));

async function decideAgain(owner, since, policies, adopt) {
	const check = await api.send("POST", "policies/check", { policies });
	return check.ok ? replayed(await api.send("POST", "policies/replay", { owner, since, policies }), adopt)
		: { said: "", more: [faults(check.errors)] };
}

function replaySection(policy, owner, context) {
	const rows = Math.min(24, policy.text.split("\n").length + 1);
	const text = h("textarea", { rows, spellcheck: "false", wrap: "off" });
	text.value = policy.text;
	const since = h("input", { type: "date", value: addDays(today(nowOf(context.session)), -DAYS_BACK), required: true });
	const said = h("div", { role: "status" }), more = h("div"); // the tables aren't read aloud by themselves
	const show = (answer) => { said.replaceChildren(answer.said); more.replaceChildren(...answer.more); };
	const adopt = context.session.roles.includes("administrator") ? t("policy.adopt-admin") : t("policy.adopt");
	const button = h("button", { class: "primary" }, t("policy.replay-do"));
	const again = h("button", { type: "button", onclick: () => { text.value = policy.text; text.focus(); } }, t("policy.reset"));

	async function run(event) {
		event.preventDefault();
		button.disabled = true;
		show({ said: h("p", { class: "loading" }, t("policy.replaying")), more: [h("progress", { "aria-label": t("policy.replaying") })] });
		try {
			show(await decideAgain(owner, since.value, text.value, adopt));
		} catch (e) {
			show({ said: "", more: [wrong(e)] });
		} finally {
			button.disabled = false;
		}
	}
	return h("section", {}, h("h2", {}, t("policy.replay")), h("p", {}, t("policy.replay-what")),
		h("form", { class: "replay", onsubmit: run }, field(t("policy.text"), text, t("policy.text-hint")),
			h("div", { class: "row" }, field(t("policy.since"), since), button, copyButton(text), again)), h("div", { class: "replayed" }, said, more));
}

// ---- the page ----

function choose(policies, one, context) {
	if (policies.length < 2)
		return "";
	const choice = select(policies.map((p) => [p.name, p.name]), one.name, (policy) => {
		context.keep("policy", { policy });
		context.refresh();
	});
	choice.dataset.key = "policy";
	return field(t("page.policy"), choice);
}

export async function policy(place, context) {
	const { owner } = context;
	const theirs = await api.policiesOf(owner, context.signal);
	if (!theirs.length) {
		place.replaceChildren(nothing(t("policy.none")));
		return;
	}
	const one = theirs.find((p) => p.name === context.parameters.get("policy")) ?? theirs[0];
	const full = await api.get(`policies/${encodeURIComponent(one.name)}`, {}, context.signal);
	const quote = quotes(await coming(one, owner, context), context);
	place.replaceChildren(choose(theirs, one, context),
		h("p", {}, t("policy.for", { name: one.name, calendars: one.calendars.filter((c) => api.ownerOf(c) === owner).join(", ") || "–" })),
		inWords(full), quote.section, full.text ? replaySection(full, owner, context) : "");
	await quote.load();
}
