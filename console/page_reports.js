// What the ledger tells its owner: tables as they come, and a plot where one says more.
import * as api from "./api.js";
import { field, h, nothing, redrawn, script, select, stylesheet, table } from "./dom.js";
import { date, decimals, duration, moment, money, month, number, share } from "./format.js";
import { has, named, t } from "./texts.js";

// Which table a plot is of, what stands below, and what is drawn: bars one on the other, or a line.
const plots = {
	money: { table: "months", x: "month", bars: ["paid", "open", "undecided", "waived"], money: true },
	notice: { table: "notice", x: "notice", bars: ["cancelled", "moved"] },
	effect: { table: "weeks", x: "week", bars: ["late", "absent"] },
	slots: { table: "months", x: "month", bars: ["sold-again", "lost", "to-come"] },
	lead: { table: "lead", x: "days", bars: ["absent"] },
	waivers: { table: "by-reason", x: "name", bars: ["waived"], money: true },
};
const amounts = new Set(["assessed", "waived", "paid", "open", "undecided", "owed-back", "fee", "held", "value", "total",
	"0-30", "31-60", "61-90", "over-90", "before", "after", "difference", "fee-before", "fee-after", "credit"]);
const shares = new Set(["rate", "low", "high", "reliability", "cumulative"]);
const notices = new Set(["warning", "asked-for"]);
const moments = new Set(["start", "until", "received", "at"]);
// What the server says in words of its own: of which kind they are.
const words = { what: "class", how: "class", state: "state", weekday: "weekday", outcome: "outcome" };

function cell(key, row) {
	const value = row[key];
	if (value === null || value === undefined || value === "")
		return "–";
	if (amounts.has(key) && row.currency)
		return money(value, row.currency);
	if (shares.has(key))
		return share(value);
	if (notices.has(key))
		return duration(value);
	if (moments.has(key) && String(value).includes("T"))
		return moment(value);
	if (key === "month")
		return month(value);
	if (["week", "first-used"].includes(key))
		return date(value);
	if (key in words)
		return named(words[key], value);
	if (key === "trend")
		return named("trend", value.split(":")[0]);
	if (key === "notice")
		return value.replace(/ ([dh])$/, (all, unit) => ` ${t(`unit.${unit}`)}`);
	return typeof value === "number" ? number(value) : String(value);
}

const label = (key) => has(`column.${key}`) ? t(`column.${key}`) : key;

function drawTable(one) {
	const keys = Object.keys(one.rows[0] ?? {}).filter((k) => k !== "currency");
	const isNumber = (key) => one.rows.some((r) => typeof r[key] === "number");
	const title = keys.find((key) => !isNumber(key));
	const name = has(`table.${one.name}`) ? t(`table.${one.name}`) : one.name;
	return h("section", {}, h("h2", {}, name), one.rows.length ? table(name, keys.map((key) => ({ label: label(key),
		title: key === title, number: isNumber(key), text: (row) => cell(key, row) })), one.rows,
	{ className: "rows" }) : nothing(t("reports.empty")));
}

// Stacks are drawn from the top down, each as high as it and those below it.
function stacked(rows, keys, scale) {
	const sums = rows.map(() => 0);
	return keys.map((key) => rows.map((r, n) => sums[n] += (r[key] ?? 0) / scale));
}

// One for each currency: sums of two can't stand on one scale.
async function plot(place, report, signal) {
	const spec = plots[report.report];
	const rows = report.tables.find((one) => one.name === spec?.table)?.rows ?? [];
	const parts = spec?.money ? [...new Set(rows.map((r) => r.currency))].map((c) => rows.filter((r) => r.currency === c)) : [rows];
	const drawn = parts.filter((part) => part.length > 1);
	if (!drawn.length)
		return;
	await Promise.all([stylesheet("uplot.css"), script("uplot.js")]);
	if (!signal.aborted)
		drawn.forEach((part) => plotRows(place, spec, part, signal));
}

function plotRows(place, spec, rows, signal) {
	const style = getComputedStyle(document.documentElement);
	const colour = (name) => style.getPropertyValue(name).trim();
	const colours = ["--accent", "--late", "--soft", "--bad"].map(colour);
	const scale = spec.money ? 10 ** decimals(rows[0].currency) : 1;
	const keys = spec.bars.filter((k) => rows.some((r) => r[k]));
	const heights = stacked(rows, keys, scale);
	const box = h("div", { class: "plot", role: "img", "aria-label": t("reports.plot", { what: keys.map(label).join(", ") }) });
	const legend = h("ul", { class: "legend", "aria-hidden": "true" }, keys.map((k, n) => h("li", { class: `mark-${n}` }, label(k))));
	place.append(legend, box);
	const bars = uPlot.paths.bars({ size: [0.7, 48] });
	const chart = new uPlot({
		width: box.clientWidth, height: 260, legend: { show: false }, cursor: { show: false },
		scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (u, low, high) => [0, Math.max(1, high * 1.1)] } },
		axes: [
			{ stroke: colour("--soft"), grid: { show: false }, ticks: { show: false }, space: 60,
				splits: (u) => rows.map((r, n) => n).filter((n) => n % Math.ceil(rows.length / Math.max(2, u.width / 80)) === 0),
				values: (u, splits) => splits.map((n) => cell(spec.x, rows[n] ?? {})) },
			{ stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, size: 64,
				values: (u, splits) => splits.map((v) => spec.money ? money(v * scale, rows[0].currency) : number(v)) },
		],
		series: [{}, ...keys.map((k, n) => ({ label: label(k), fill: colours[keys.length - 1 - n], width: 0, paths: bars,
			points: { show: false } }))],
	}, [rows.map((r, n) => n), ...heights.reverse()], box);
	legend.classList.add(`of-${keys.length}`);
	const observer = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: 260 }));
	observer.observe(box);
	signal.addEventListener("abort", () => { observer.disconnect(); chart.destroy(); }, { once: true });
}

export async function reports(place, context) {
	const { reports: kinds } = await api.get("reports", {}, context.signal);
	const shown = kinds.filter((k) => !k["takes-uid"] && !k["takes-policy"] && k.name !== "decide");
	const q = context.parameters;
	const name = shown.find((k) => k.name === q.get("report"))?.name ?? "money";
	let asked = { report: name, since: q.get("since") ?? "", until: q.get("until") ?? "" };
	const change = (some) => {
		asked = { ...asked, ...some };
		context.keep("reports", asked);
		return draw();
	};
	const dayField = (key) => h("input", { type: "date", value: asked[key], onchange: (e) => change({ [key]: e.target.value }) });
	const body = h("div", { class: "report", tabindex: "-1" });
	const draw = redrawn(body, context.signal, async (signal, show) => {
		const report = await api.get(`reports/${encodeURIComponent(asked.report)}`, { owner: context.owner, since: asked.since,
			until: asked.until }, signal);
		const figure = h("div");
		show(h("p", {}, t(`report.${asked.report}-what`)), figure, ...report.tables.map(drawTable));
		await plot(figure, report, signal);
	}, context.failure);
	place.replaceChildren(h("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
		field(t("reports.which"), select(shown.map((k) => [k.name, named("report", k.name)]), name, (report) => change({ report }))),
		field(t("fees.since"), dayField("since")), field(t("fees.until"), dayField("until"))), body);
	await draw();
}
