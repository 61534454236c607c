// What waits for the owner: one click each, and what it does stands on the button.
import * as api from "./api.js";
import { h, nothing, say, tell } from "./dom.js";
import { amount } from "./format.js";
import { act, choice, showFee, stateChip, when } from "./fee.js";
import { named, t } from "./texts.js";

const likely = { proposed: ["ok", "waive", "mine"], "review ends": ["ok", "waive"], disputed: ["ok", "waive"],
	"not understood": ["no-show", "attended"] };
const states = { proposed: "proposed", "review ends": "pending", disputed: "disputed" };

const entered = (f) => [named("class", f.class), named("state", f.state)].join(", ");

async function sayAboutAppointment(d, name, done) {
	const asked = { calendar: d.calendar, name: d.name, act: name, ...(d.occurrence ? { occurrence: d.occurrence } : {}) };
	try {
		const result = await api.send("POST", "appointments/acts", asked);
		say(result.changed ? t("done.changed", { detail: entered(result.entered.at(-1)) }) : t("done.nothing"), result.changed ?
			[[t("done.undo"), async () => {
				await api.send("POST", "appointments/acts", { ...asked, act: "undo" });
				say(t("done.undone"));
				done();
			}]] : [], result.changed ? "good" : "bad");
		done();
	} catch (e) {
		tell(e);
	}
}

function card(d, done, acting) {
	const fee = amount(d.fee);
	const about = { ref: d.ref, currency: d.fee?.currency };
	const acts = !acting ? [] : [
		...d.acts.filter((a) => a !== "undo").map((a) => [a, () => act(a, about, done)]),
		...d["appointment-acts"].filter((a) => a !== "undo").map((a) => [a, () => sayAboutAppointment(d, a, done)]),
	];
	const first = acts.filter(([a]) => likely[d.why].includes(a));
	const others = acts.filter(([a]) => !likely[d.why].includes(a));
	const button = ([a, click], n) => choice(a, fee, click, n === 0 && d.why !== "not understood");

	return h("li", { class: `decision why-${d.why.replace(" ", "-")}`, "data-ref": d.ref },
		h("div", { class: "decision-head" },
			h("h2", {}, d.client || d.uid),
			fee ? h("p", { class: "sum" }, fee) : null),
		h("p", { class: "decision-what" }, d.class ? named("class", d.class) : null,
			d.start ? [d.class ? " · " : null, h("time", { datetime: d.start }, when(d.start))] : null,
			states[d.why] ? [" ", stateChip(states[d.why])] : null),
		h("p", { class: "question" }, t(`decide.${d.why}`, { until: d.until ? when(d.until) : "" })),
		d.why === "not understood" ? h("p", {}, t("decide.words", { words: d.words })) : null,
		h("div", { class: "choices" }, first.map(button)),
		others.length || d.ref ? h("details", {}, h("summary", {}, t("decide.more")),
			h("div", { class: "choices" }, others.map((o) => button(o, 1)),
				d.ref ? h("button", { type: "button", class: "choice", onclick: () => showFee(d.ref, done, acting) },
					h("span", { class: "choice-name" }, t("decide.history")),
					h("span", { class: "choice-does" }, d.ref)) : null)) : null);
}

export async function decide(place, context) {
	const { decisions } = await api.get("decisions", { owner: context.owner }, context.signal);
	// Soonest to be decided first: what becomes due by itself, then the newest.
	const order = (d) => [d.until ?? "9", d.start ?? ""];
	decisions.sort((a, b) => order(a)[0].localeCompare(order(b)[0]) || order(b)[1].localeCompare(order(a)[1]));
	if (!decisions.length) {
		place.replaceChildren(nothing(t("decide.none")));
		return;
	}
	place.replaceChildren(h("ol", { class: "decisions" }, decisions.map((d) => card(d, () => context.refresh(), context.mayAct()))));
}

export { sayAboutAppointment };
