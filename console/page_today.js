// The day's appointments, what became free, and the calendar around it.
import * as api from "./api.js";
import { h, nothing, panel, script, stylesheet, telling } from "./dom.js";
import { addDays, amount, day, longDay, money, nowOf, time, today as dayOf, wall } from "./format.js";
import { choice, facts, showFee, stateChip, when } from "./fee.js";
import { sayAboutAppointment } from "./page_decide.js";
import { language, named, t } from "./texts.js";

const isAppointment = (e) => !e.calendar.endsWith("/fees");

// The end is the first moment, or day, that isn't part of it any more.
function isOn(e, date) {
	const start = wall(e.start), end = wall(e.end);
	return start < addDays(date, 1) && (start >= date || end > `${date}T00:00:00`);
}

function hours(e) {
	if (e["all-day"])
		return t("today.all-day");
	const oneDay = isOn({ start: e.end, end: e.end }, wall(e.start).slice(0, 10));
	return oneDay ? `${time(e.start)} – ${time(e.end)}` : `${when(e.start)} – ${when(e.end)}`;
}

// Without what a policy put before it, which stands beside it in words.
export function plainTitle(e) {
	const [prefix, ...rest] = e.title.split(" · ");
	return e.class && rest.length && /^[✗⚠]/.test(prefix) ? rest.join(" · ") : e.title;
}

// What a policy made of it, in words; nothing for an appointment to which nothing happened.
function happened(e) {
	const words = e.class && e.class !== "none" ? [named("class", e.class)] : [];
	if (e.fee?.minor && ["due", "proposed", "pending", "disputed"].includes(e.state))
		words.push(amount(e.fee));
	if (e.freed)
		words.push(t("today.freed"));
	return words.join(" · ");
}

// In a field of the calendar there is room for the most important.
const inShort = (e) => e.freed ? t("today.freed") : e.class && e.class !== "none" ? named("class", e.class) : "";

async function quoteText(e) {
	const { quotes } = await api.get("quotes", { calendar: e.calendar, name: e.name });
	const q = quotes.find((one) => one.start === e.start) ?? quotes[0];
	if (!q)
		return null;
	if (!q.cost.minor)
		return q["free-until"] ? t("event.quote-free", { until: when(q["free-until"]) }) : t("event.quote-none");
	return t("event.quote-cost", { cost: amount(q.cost), basis: q.basis });
}

async function showEvent(e, now, context) {
	const quote = h("dd", {}, "…");
	const past = e.start < now, acting = context.mayAct();
	const refresh = () => context.refresh();
	const dialog = panel(plainTitle(e), h("div", {},
		facts([[t("event.when"), `${longDay(e.start)}, ${hours(e)}`], [t("event.where"), e.location],
			[t("event.calendar"), e.calendar], [t("event.happened"), happened(e)],
			[t("event.fee"), e.fee && e.state ? [amount(e.fee), " ", stateChip(e.state)] : null]]),
		past || e.status === "CANCELLED" ? null : h("dl", { class: "facts" }, h("dt", {}, t("event.quote")), quote),
		e.ref && e.state ? h("button", { type: "button", onclick: () => { dialog.close(); showFee(e.ref, refresh, acting); } },
			t("decide.history")) : null,
		acting ? h("h3", {}, t("event.say")) : null,
		h("div", { class: "choices" }, (!acting ? [] : past ? ["no-show", "attended", "mine", "theirs"] : ["mine", "theirs"]).map((a) =>
			choice(a, "", () => { dialog.close(); sayAboutAppointment(e, a, refresh); })))), t("frame.close"));
	if (!past && e.status !== "CANCELLED") {
		try {
			quote.textContent = await quoteText(e) ?? "–";
		} catch {
			quote.textContent = "–";
		}
	}
}

function agenda(events, now, context) {
	if (!events.length)
		return nothing(t("today.none"));
	return h("ol", { class: "agenda" }, events.map((e) => {
		const note = happened(e);
		return h("li", { class: [e.end < now ? "past" : "", e.freed ? "freed" : "", e.status === "CANCELLED" ? "gone" : ""]
			.join(" ") },
			h("span", { class: "hours" }, hours(e)),
			h("button", { type: "button", class: "link", onclick: () => showEvent(e, now, context) }, plainTitle(e)),
			note ? h("span", { class: "note" }, note) : null);
	}));
}

function freeTimes(events, now, context) {
	const free = events.filter((e) => e.freed && e.end > now);
	return free.length ? h("ol", { class: "agenda free" }, free.map((e) => h("li", { class: "freed" },
		h("span", { class: "hours" }, `${day(e.start)}, ${hours(e)}`),
		h("button", { type: "button", class: "link", onclick: () => showEvent(e, now, context) }, plainTitle(e)))))
		: nothing(t("today.free-none"));
}

function drawn(e) {
	return { id: `${e.calendar}/${e.name}/${e.occurrence}`, start: wall(e.start), end: wall(e.end), allDay: e["all-day"],
		title: e.title, extendedProps: { event: e }, classNames: ["appointment", e.freed ? "freed" : "",
			e.status === "CANCELLED" ? "gone" : "", e.class && e.class !== "none" ? `class-${e.class}` : "plain"] };
}

// The library calls its boxes a table, but puts into it what no table may hold: to those who hear the page these are
// plain boxes with named appointments, in the order of their days.
function withoutRoles(box) {
	const names = ["role", "aria-colindex", "aria-rowindex", "aria-colcount", "aria-rowcount", "aria-colspan", "aria-rowspan"];
	const strip = () => names.forEach((name) => box.querySelectorAll(`[${name}]:not(.ec-event)`).forEach((e) =>
		e.removeAttribute(name)));
	strip();
	new MutationObserver(strip).observe(box, { childList: true, subtree: true });
}

async function calendar(place, context, now) {
	await Promise.all([stylesheet("event-calendar.css"), script("event-calendar.js")]);
	const narrow = matchMedia("(max-width: 44rem)");
	const view = () => narrow.matches ? "listWeek" : "timeGridWeek";
	const truncated = h("p", { role: "status" });
	const box = h("div", { class: "calendar" });
	place.append(truncated, box);
	const ec = EventCalendar.create(box, {
		view: view(), date: dayOf(now), locale: language() === "fr" ? "fr" : "en-GB", firstDay: 1,
		slotMinTime: "08:00", slotMaxTime: "20:00", flexibleSlotTimeLimits: true, allDaySlot: true, nowIndicator: false,
		height: "auto", slotHeight: 32, slotEventOverlap: false, displayEventEnd: false,
		headerToolbar: { start: "prev,today,next", center: "title", end: "timeGridDay,timeGridWeek,dayGridMonth,listWeek" },
		buttonText: { today: t("today.today"), timeGridDay: t("today.day"), timeGridWeek: t("today.week"),
			dayGridMonth: t("today.month"), listWeek: t("today.list"), prev: t("today.previous"), next: t("today.next") },
		allDayContent: t("today.all-day"), noEventsContent: t("today.no-events"),
		eventContent: ({ event, timeText }) => {
			const e = event.extendedProps.event, note = inShort(e);
			return { domNodes: [h("span", { class: "ec-event-time" }, timeText),
				h("span", { class: "ec-event-title" }, plainTitle(e)), ...(note ? [h("span", { class: "note" }, note)] : [])] };
		},
		eventDidMount: ({ el, event }) => {
			const e = event.extendedProps.event;
			el.setAttribute("aria-label", [`${day(e.start)}, ${hours(e)}`, plainTitle(e), happened(e)].filter(Boolean).join(", "));
		},
		eventClick: ({ event }) => telling(() => showEvent(event.extendedProps.event, now, context)),
		eventSources: [{ events: async ({ startStr, endStr }) => {
			const found = await telling(() => api.get("events", { since: startStr.slice(0, 10), until: endStr.slice(0, 10),
				owner: context.owner }, context.signal)) ?? { events: [] };
			truncated.textContent = found.truncated ? t("today.truncated") : "";
			return found.events.filter(isAppointment).map(drawn);
		} }],
	});
	withoutRoles(box);
	narrow.addEventListener("change", () => ec.setOption("view", view()), { signal: context.signal });
	context.signal.addEventListener("abort", () => EventCalendar.destroy(ec), { once: true });
}

export async function today(place, context) {
	const now = nowOf(context.session);
	const date = dayOf(now);
	const [week, waiting, owed] = await Promise.all([
		api.get("events", { since: date, until: addDays(date, 8), owner: context.owner }, context.signal),
		api.get("decisions", { owner: context.owner }, context.signal),
		api.get("fees", { owner: context.owner, state: "due", limit: 1 }, context.signal),
	]);
	const events = week.events.filter(isAppointment).sort((a, b) => a.start.localeCompare(b.start));
	const sums = owed.sums.filter((s) => s.open).map((s) => money(s.open, s.currency)).join(" + ");
	const grid = h("section", { "aria-label": t("today.calendar") });
	place.replaceChildren(
		h("div", { class: "glance" },
			h("section", {}, h("h2", {}, t("today.heading", { day: longDay(now) })),
				agenda(events.filter((e) => isOn(e, date)), now, context)),
			h("section", {}, h("h2", {}, t("today.free")), freeTimes(events, now, context)),
			h("section", { class: "next" },
				waiting.decisions.length ? h("a", { class: "primary", href: "#/decide" },
					t("today.waiting", { count: waiting.decisions.length })) : nothing(t("today.nothing-waits")),
				sums ? h("a", { class: "quiet", href: "#/fees?state=due" }, t("today.open", { sum: sums })) : null)),
		grid);
	await calendar(grid, context, now);
}
