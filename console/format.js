// Times, money and counts as the person's language has them, days and hours as the practice's zone has them.
import { language, t } from "./texts.js";

let zone = "UTC";
export const setZone = (name) => { zone = name || "UTC"; };
export const zoneName = () => zone.replaceAll("_", " ");

const cache = new Map();
function formatter(kind, options) {
	const key = `${kind}|${language()}|${zone}|${JSON.stringify(options)}`;
	if (!cache.has(key))
		cache.set(key, new Intl[kind](language() === "fr" ? "fr-FR" : "en-GB", options));
	return cache.get(key);
}

// ISO 4217's: browsers have another list, of what is paid in cash.
const unusual = { 0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW" };
const decimalsOf = new Map(Object.entries(unusual).flatMap(([n, list]) => list.split(" ").map((c) => [c, Number(n)])));
export const decimals = (currency) => decimalsOf.get(currency) ?? 2;

export function money(minor, currency) {
	if (!currency)
		return "";
	const digits = decimals(currency);
	return formatter("NumberFormat", { style: "currency", currency, minimumFractionDigits: digits,
		maximumFractionDigits: digits }).format(minor / 10 ** digits);
}
export const amount = (m) => m ? money(m.minor, m.currency) : "";
export const number = (n) => formatter("NumberFormat", {}).format(n);
export const share = (x) => formatter("NumberFormat", { style: "percent", maximumFractionDigits: 0 }).format(x);

// A day without a time is that day wherever one is.
export const isMoment = (iso) => iso.includes("T");
const shown = (options) => (iso) => formatter("DateTimeFormat", { timeZone: isMoment(iso) ? zone : "UTC", ...options })
	.format(new Date(iso));
export const day = shown({ weekday: "short", day: "numeric", month: "short" });
export const longDay = shown({ weekday: "long", day: "numeric", month: "long" });
export const date = shown({ day: "numeric", month: "short", year: "numeric" });
export const time = shown({ hour: "2-digit", minute: "2-digit" });
export const moment = (iso) => !iso ? "–" : isMoment(iso) ? `${date(iso)}, ${time(iso)}` : date(iso);
export const month = (text) => new Intl.DateTimeFormat(language(), { month: "short", year: "numeric", timeZone: "UTC" })
	.format(new Date(`${text}-01T00:00:00Z`));

// "2026-06-10T10:00:00" in the zone: what the calendar draws.
export function wall(iso) {
	if (!isMoment(iso))
		return iso;
	const part = {};
	for (const p of new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit",
		day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(new Date(iso)))
		part[p.type] = p.value;
	return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
}
// The server's clock, as it was at sign-in, or this one's, if that is later.
export const nowOf = (session) => [session.now, new Date().toISOString()].sort().at(-1);
export const today = (now) => wall(now).slice(0, 10);
export function addDays(text, days) {
	const d = new Date(`${text}T12:00:00Z`);
	d.setUTCDate(d.getUTCDate() + days);
	return d.toISOString().slice(0, 10);
}

// "2 d 3 h": a notice.
export function duration(seconds) {
	const units = [["d", 86400], ["h", 3600], ["min", 60]];
	const parts = [];
	let left = Math.abs(seconds);
	for (const [unit, size] of units) {
		if (left >= size && parts.length < 2)
			parts.push(`${Math.floor(left / size)} ${t(`unit.${unit}`)}`);
		left %= size;
	}
	return parts.join(" ") || `0 ${t("unit.min")}`;
}
