// All that was cancelled, moved or missed, and what is owed for it. What is asked for stands in the address.
import * as api from "./api.js";
import { field, h, newId, nothing, redrawn, select, table } from "./dom.js";
import { day, money, number } from "./format.js";
import { actOnSeveral, showFee, stateChip, what, when } from "./fee.js";
import { named, t } from "./texts.js";

const PAGE = 50;
// What nobody has to think of any more is the most: it isn't shown at first.
const ALL = "all", open = "proposed,pending,due,disputed";
const states = ["proposed", "pending", "due", "disputed", "paid", "waived", "void", "credited", "none"];
const formats = ["csv", "hledger", "ledger", "beancount"];
const filters = ["search", "state", "since", "until", "client"];

function asked(parameters) {
	const out = {};
	for (const key of [...filters, "sort", "offset"])
		out[key] = parameters.get(key) ?? "";
	out.sort ||= "-at";
	out.state ||= open;
	return out;
}

// As the server is asked.
const question = (q) => ({ ...q, state: q.state === ALL ? "" : q.state });

function filterForm(q, change) {
	const search = h("input", { type: "search", value: q.search, autocomplete: "off", maxlength: "100" });
	let timer;
	search.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => change({ search: search.value }), 350);
	});
	const dayField = (key) => h("input", { type: "date", value: q[key], onchange: (e) => change({ [key]: e.target.value }) });
	return h("form", { class: "filters", role: "search", onsubmit: (e) => { e.preventDefault(); change({ search: search.value }); } },
		field(t("fees.search"), search, t("fees.search-hint")),
		field(t("fees.state"), select([[open, t("fees.open")], [ALL, t("fees.any")],
			...states.map((s) => [s, named("state", s)])], q.state, (state) => change({ state }))),
		field(t("fees.since"), dayField("since")), field(t("fees.until"), dayField("until")));
}

function sums(list) {
	return list.sums.map((s) => h("dl", { class: "sums" },
		[["assessed", s.assessed], ["open", s.open], ["undecided", s.undecided], ["paid", s.paid], ["waived", s.waived],
			["owed-back", s["owed-back"]]].filter(([key, value]) => value || key === "open").map(([key, value]) =>
			h("div", { class: key }, h("dt", {}, t(`fees.sum-${key}`)), h("dd", {}, money(value, s.currency))))));
}

function sumOf(fees) {
	const by = new Map();
	for (const f of fees.filter((f) => f.currency))
		by.set(f.currency, (by.get(f.currency) ?? 0) + f.fee);
	return [...by].map(([currency, minor]) => money(minor, currency)).join(" + ") || "–";
}

function exports(q, owner) {
	const format = select(formats.map((f) => [f, f === "csv" ? t("fees.export-csv") : f]), "csv");
	return h("form", { class: "export", onsubmit: async (e) => {
		e.preventDefault();
		const parameters = Object.fromEntries(filters.map((k) => [k, question(q)[k]]));
		const blob = await api.file("GET", api.query(`exports/${format.value}`, { owner, ...parameters }));
		api.save(blob, format.value === "csv" ? "fees.csv" : `fees.${format.value}`);
	} }, h("label", { class: "hidden", for: format.id ||= newId("f") }, t("fees.export")), format,
		h("button", {}, t("fees.export")));
}

function pager(list, change) {
	const from = list.offset + 1, to = list.offset + list.fees.length;
	const turn = (key, disabled, offset) => h("button", { type: "button", "data-key": key, disabled,
		onclick: () => change({ offset }) }, t(`fees.${key}`));
	return list.total <= PAGE ? "" : h("nav", { class: "pager", "aria-label": t("fees.count", { count: number(list.total) }) },
		turn("previous", list.offset === 0, Math.max(0, list.offset - PAGE)),
		h("span", {}, t("fees.range", { from, to, total: number(list.total) })),
		turn("next", to >= list.total, list.offset + PAGE));
}

// Where the columns have no heads.
function sortChoice(keys, q, change) {
	const e = select(Object.entries(keys).flatMap(([key, label]) => [[`-${key}`, `${label} ↓`], [key, `${label} ↑`]]), q.sort,
		(sort) => change({ sort }));
	e.dataset.key = "sort";
	const out = field(t("fees.sort"), e);
	out.classList.add("narrow");
	return out;
}

// The list with what belongs to it; change(some) asks for another.
function drawList(list, q, change, context) {
	const chosen = new Map();
	const acting = context.mayAct();
	const bar = h("div", { class: "bulk", hidden: true, role: "group" });
	const done = () => context.refresh();

	function choose(f, on) {
		if (on)
			chosen.set(f.ref, f);
		else
			chosen.delete(f.ref);
		const those = [...chosen.values()];
		const acts = [...new Set(those.flatMap((c) => c.acts))].filter((a) => !["adjust", "dispute"].includes(a));
		bar.hidden = !those.length;
		const text = t("fees.selected", { count: number(those.length), sum: sumOf(those) });
		bar.setAttribute("aria-label", text);
		bar.replaceChildren(h("span", { role: "status" }, text), ...acts.map((a) => h("button", { type: "button",
			"data-act": a, onclick: () => actOnSeveral(a, those, sumOf(those), done) }, named("act", a))));
	}

	function tick(f) {
		return h("input", { type: "checkbox", "aria-label": t("fees.select", { ref: `${f.client}, ${f.ref}` }),
			onchange: (e) => choose(f, e.target.checked) });
	}

	function heading(key) {
		const label = keys[key], falling = q.sort === `-${key}`;
		return { label, sort: q.sort === key ? "ascending" : falling ? "descending" : null,
			head: h("button", { type: "button", class: "sort", title: t("fees.order", { column: label }),
				"data-key": `sort-${key}`, onclick: () => change({ sort: falling ? key : `-${key}` }) }, label,
			h("span", { "aria-hidden": "true" }, q.sort === key ? " ↑" : falling ? " ↓" : "")) };
	}

	const all = h("input", { type: "checkbox", "aria-label": t("fees.select-all"), onchange: (e) => {
		for (const box of rows.querySelectorAll("tbody input[type=checkbox]")) {
			if (box.checked !== e.target.checked)
				box.click();
		}
	} });
	const keys = { client: t("fees.client"), class: t("fees.what"), start: t("fees.start"), at: t("fees.at"),
		state: t("fees.state"), fee: t("fees.fee") };
	const columns = [
		...(acting ? [{ label: "", head: all, text: tick }] : []),
		{ ...heading("client"), title: true, text: (f) => h("button", { type: "button", class: "link",
			onclick: () => showFee(f.ref, done, acting) }, f.client) },
		{ ...heading("class"), text: what },
		{ ...heading("start"), text: (f) => when(f.start) },
		{ ...heading("at"), text: (f) => f.at ? day(f.at) : "–" },
		{ ...heading("state"), text: (f) => stateChip(f.state) },
		{ ...heading("fee"), number: true, text: (f) => f.currency && f.fee ? money(f.fee, f.currency) : "–" },
	];
	const rows = table(t("fees.caption"), columns, list.fees, { className: "rows",
		rowAttributes: (f) => ({ "data-ref": f.ref }) });
	const filtered = filters.some((k) => question(q)[k]);

	return [
		h("div", { class: "over" }, h("p", { role: "status" }, t("fees.count", { count: number(list.total) }), " ",
			filtered ? h("a", { href: `#/fees?state=${ALL}` }, t("fees.reset")) : null), sums(list), exports(q, context.owner)),
		list.fees.length ? sortChoice(keys, q, change) : "", list.fees.length ? rows : nothing(t("fees.none")),
		pager(list, change), bar];
}

export async function fees(place, context) {
	const { signal: here } = context;
	let q = asked(context.parameters);
	const below = h("div", { class: "list", tabindex: "-1" });
	// Somebody may have typed a search, and gone on to another page.
	const change = (some) => {
		if (here.aborted)
			return null;
		q = { ...q, offset: "", ...some };
		context.keep("fees", q);
		return draw();
	};
	const draw = redrawn(below, here, async (signal, show) => {
		const list = await api.get("fees", { ...question(q), owner: context.owner, limit: PAGE }, signal);
		show(...drawList(list, q, change, context));
	}, context.failure);
	await draw();
	if (!here.aborted)
		place.replaceChildren(filterForm(q, change), below);
}
