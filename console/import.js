// Files taken into calendars: sent, watched while the server works at them, and what came of it.
import * as api from "./api.js";
import { ask, field, h, panel, say, wrong } from "./dom.js";
import { moment, number } from "./format.js";
import { has, named, t } from "./texts.js";

const TYPE = "text/calendar";
const one = (id) => api.path("imports", id);
const running = (i) => i.state === "running";
const brokenOff = (i) => i.state !== "broken" ? null : t("import.broken", { done: number(i.done), total: number(i.total),
	why: has(`import-why.${i.why}`) ? t(`import-why.${i.why}`, { who: i["stopped-by"] ?? "" }) : i.why });

// ---- how one is told ----

function outcome(i) {
	const parts = ["imported", "replaced", "skipped", "refused"].filter((key) => i[key] || key === "imported");
	return parts.map((key) => t(`import.${key}`, { count: number(i[key]) })).join(" · ");
}

function refusals(i) {
	return i.refusals.length ? [h("ul", { class: "would" }, i.refusals.map((r) => h("li", {}, t("import.refusal",
		{ line: number(r.line), reason: named("import-refusal", r.problem) }), r.uid ? [" ", h("code", {}, r.uid)] : null, " ",
	h("span", { class: "hint", lang: r.problem === "policy" ? null : "en" }, r.reason)))),
	i.truncated ? h("p", { class: "hint" }, t("today.truncated")) : ""] : [];
}

const counted = (i) => t("import.done-of", { done: number(i.done), total: number(i.total) });

// Said aloud at the beginning and at the end alone: a count each second would be too much to listen to.
function drawnIn(place) {
	const said = h("p", { role: "status" }), more = h("div");
	place.append(said, more);
	return (i) => {
		const text = running(i) ? t("import.doing") : outcome(i);
		if (said.textContent !== text)
			said.textContent = text;
		more.replaceChildren(...(running(i) ? [h("progress", { max: i.total || null, value: i.total ? i.done : null,
			"aria-label": text }), h("p", {}, counted(i))] : [brokenOff(i) ? h("p", { class: "wrong" }, brokenOff(i)) : "",
			...refusals(i)]));
	};
}

// ---- one after the other ----

// Beside the page; closed, it goes on by itself.
async function look(started, title, done) {
	const abort = new AbortController(), place = h("div");
	// Of one that has ended meanwhile, the same would forget what came of it. The end is drawn as any.
	const stop = h("button", { type: "button", onclick: async () => {
		stop.disabled = true;
		try {
			if (running(await api.get(one(started.id))))
				await api.send("DELETE", one(started.id));
		} catch (e) {
			stop.disabled = false;
			throw e;
		}
	} }, t("import.stop"));
	const stopping = h("div", { class: "below" }, stop, h("p", { class: "hint" }, t("import.stop-what")));
	const dialog = panel(title, h("div", {}, place, running(started) ? stopping : null), t("frame.close"));
	dialog.addEventListener("close", () => { abort.abort(); done(); });
	try {
		await api.poll(one(started.id), started, running, drawnIn(place), abort.signal);
		stopping.remove();
	} catch (e) {
		if (!abort.signal.aborted)
			place.replaceChildren(wrong(e));
	}
}

export async function importInto(calendar, name, done) {
	const file = h("input", { type: "file", accept: ".ics,.ical,.ifb,text/calendar", required: true });
	const replace = h("input", { type: "checkbox" });
	const started = await ask(t("import.title", { name }), [field(t("import.file"), file, t("import.file-hint")),
		h("label", { class: "tick" }, replace, t("import.replace"))], t("import.do"), t("frame.cancel"),
	{ act: () => api.upload(api.query(api.calendarPath(calendar, "imports"), { replace: replace.checked ? 1 : "" }), file.files[0], TYPE) });
	if (started)
		await look(started, t("import.title", { name }), done);
}

// Those under way, and those of the last hour: one's own, others' into one's calendars, and to an administrator all.
export async function imports(self, done, signal) {
	const list = (await api.get("imports", {}, signal)).imports;
	const button = (doing, i, act) => h("button", { type: "button", class: "link", "aria-label": [doing, i.calendar,
		moment(i.began)].join(", "), onclick: act }, doing);
	const forget = async (i) => { await api.send("DELETE", one(i.id)); say(t("import.forgotten")); done(); };
	return list.length ? h("section", {}, h("h2", {}, t("import.list")), h("ul", { class: "lines" }, list.map((i) => h("li", { "data-ref": i.id },
		h("span", {}, [i.calendar, i.account === self ? null : t("import.by", { who: i.account }), moment(i.began), brokenOff(i), running(i) ? counted(i) : outcome(i)].filter(Boolean).join(" · ")),
		h("span", { class: "row" }, button(t("import.look"), i, () => look(i, i.calendar, done)),
			running(i) || i.account !== self ? null : button(t("import.forget"), i, () => forget(i))))))) : null;
}
