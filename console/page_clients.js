// How reliable clients are, with how sure that is; nothing is said of who came less than five times.
import * as api from "./api.js";
import { asking, field, h, newId, nothing, select, svg, table, TEXT_MOST } from "./dom.js";
import { amount, date, month, nowOf, number, share, today } from "./format.js";
import { facts } from "./fee.js";
import { named, t } from "./texts.js";

const LEAST = 5;
const trends = { up: "↗", down: "↘", steady: "→" };

function reliability(c) {
	const r = c.reliability;
	if (!r || c.appointments < LEAST)
		return h("span", { class: "hint" }, t("clients.too-few"));
	const text = t("clients.interval", { share: share(r.share), low: share(r.low), high: share(r.high) });
	return h("span", { class: "reliability" }, svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
		svg("rect", { class: "track", x: 0, y: 4, width: 100, height: 2 }),
		svg("rect", { class: "range", x: r.low * 100, y: 2.5, width: Math.max(1, (r.high - r.low) * 100), height: 5 }),
		svg("rect", { class: "value", x: Math.min(98, r.share * 100 - 1), y: 0, width: 2, height: 10 })),
	h("strong", {}, share(r.share)), h("span", { class: "hint" }, text));
}

function trend(c) {
	const kind = c.trend.split(":")[0];
	return kind && c.appointments >= LEAST ? h("span", { class: `trend-${kind}` },
		h("span", { "aria-hidden": "true" }, `${trends[kind] ?? ""} `), named("trend", kind)) : "–";
}

// A month's column is as high as its appointments; its foot are those that were kept or given up in time.
function months(c) {
	const last = c.months.slice(-12);
	const most = Math.max(1, ...last.map((m) => m.all));
	return h("figure", { class: "months" }, svg("svg", { viewBox: `0 0 ${last.length * 10} 30`, "aria-hidden": "true" },
		...last.flatMap((m, n) => [
			svg("rect", { class: "lost", x: n * 10 + 1, width: 8, y: 30 - 30 * m.all / most, height: 30 * m.all / most }),
			svg("rect", { class: "kept", x: n * 10 + 1, width: 8, y: 30 - 30 * m.good / most, height: 30 * m.good / most }),
		])), h("figcaption", {}, t("clients.months", { from: last.length ? month(last[0].month) : "",
		to: last.length ? month(last.at(-1).month) : "" })));
}

// ---- who agreed to the terms ----

// client: {name, key} of one; without, somebody who may have no appointment yet.
function agree(names, policies, context, client) {
	const now = today(nowOf(context.session));
	const list = h("datalist", { id: newId("clients") }, names.map((name) => h("option", { value: name })));
	const who = h("input", { name: "client", value: client?.name ?? "", required: true, maxlength: TEXT_MOST, autocomplete: "off",
		list: list.id, readonly: Boolean(client) });
	const terms = select(policies.map((name) => [name, name]), policies[0]);
	terms.name = "policy";
	const when = h("input", { type: "date", name: "when", value: now, max: now, required: true });
	return asking(t("clients.agree"), [h("p", {}, t("clients.agree-what")), field(t("clients.agree-who"), who, t("clients.agree-who-hint")), list,
		field(t("page.policy"), terms), field(t("clients.agree-when"), when)], t("clients.agree-do"),
	(form) => api.send("POST", api.path("policies", form.get("policy"), "acceptances"), { owner: context.owner,
		client: client?.key ?? form.get("client").trim(), when: form.get("when") === now ? undefined : form.get("when") }),
	t("clients.agreed"), () => context.refresh());
}

// What notes it; null for who only looks on.
function agreeing(clients, policies, context) {
	return policies.length ? (client) => agree(clients.map((c) => c.name), policies.map((p) => p.name), context, client) : null;
}

function detail(c, note) {
	return h("div", { class: "client" }, months(c), facts([
		[t("clients.in-time"), number(c["in-time"])],
		[t("clients.waived"), c.waived ? number(c.waived) : null],
		[t("clients.accepted"), c.accepted.length ? c.accepted.map((a) => `${a.policy}, ${date(a.when)}`).join("; ")
			: t("clients.not-accepted")],
		[t("clients.open"), c.open.map(amount).join(" + ")],
	]), note ? h("p", {}, h("button", { type: "button", "data-do": "agree", "aria-label": `${t("clients.agree-this")}, ${c.name}`,
		onclick: () => note(c) }, t("clients.agree-this"))) : null, h("a", { href: `#/${api.query("fees", { client: c.name, state: "all" })}` }, t("clients.fees")));
}

export async function clients(place, context) {
	const [list, policies] = await Promise.all([api.get("clients", { owner: context.owner }, context.signal),
		context.mayAct() ? api.policiesOf(context.owner, context.signal) : []]);
	const note = agreeing(list.clients, policies, context);
	const noting = note ? h("p", { class: "above" }, h("button", { type: "button", "data-key": "agree", "data-do": "agree", onclick: () => note() },
		t("clients.agree"))) : "";
	if (!list.clients.length) {
		place.replaceChildren(noting, nothing(t("clients.none")));
		return;
	}
	const worst = (c) => c.reliability && c.appointments >= LEAST ? c.reliability.share : 2;
	const rows = [...list.clients].sort((a, b) => worst(a) - worst(b) || b.appointments - a.appointments);
	place.replaceChildren(noting, h("p", {}, list.since ? t("clients.since", { date: date(list.since) }) : ""),
		table(t("page.clients"), [
			{ label: t("fees.client"), title: true, text: (c) => h("details", {}, h("summary", {}, c.name), detail(c, note)) },
			{ label: t("clients.appointments"), number: true, text: (c) => number(c.appointments) },
			{ label: t("clients.kept"), number: true, text: (c) => number(c.kept) },
			{ label: t("clients.late"), number: true, text: (c) => c.late ? number(c.late) : "–" },
			{ label: t("clients.absent"), number: true, text: (c) => c.absent ? number(c.absent) : "–" },
			{ label: t("clients.open"), number: true, text: (c) => c.open.map(amount).join(" + ") || "–" },
			{ label: t("clients.reliability"), text: reliability },
			{ label: t("clients.trend"), text: trend },
		], rows, { className: "rows clients", rowAttributes: (c) => ({ "data-client": c.name }) }),
		h("p", { class: "hint" }, t("clients.what")));
}
