// What all pages know of fees: how one is told, and how something is said about it.
import * as api from "./api.js";
import { ask, field, h, panel, refused, say, table, tell, TEXT_MOST } from "./dom.js";
import { amount, day, duration, isMoment, moment, money, time } from "./format.js";
import { named, t } from "./texts.js";

const marks = { none: "–", proposed: "?", pending: "◔", due: "●", paid: "✓", waived: "○", void: "∅", disputed: "!",
	credited: "↩" };

// Not by its colour alone.
export const stateChip = (state) => h("span", { class: `chip state-${state}` },
	h("span", { "aria-hidden": "true" }, marks[state] ?? "·"), " ", named("state", state));

export const what = (fee) => named("class", fee.class);
export const when = (iso) => !iso ? "–" : isMoment(iso) ? `${day(iso)}, ${time(iso)}` : day(iso);

// Which acts want to be told more than one click says; the others are done at once, and can be undone.
async function details(act, fee) {
	const reason = h("input", { name: "reason", maxlength: TEXT_MOST, autocomplete: "off",
		required: act === "dispute" });
	if (act === "adjust") {
		const sum = h("input", { name: "amount", inputmode: "decimal", required: true, pattern: "\\s*[0-9]+([.,][0-9]+)?\\s*",
			autocomplete: "off" });
		const form = await ask(named("act", act), [field(`${t("ask.amount")} (${fee.currency})`, sum),
			field(t("ask.reason"), reason)], t("ask.charge"), t("frame.cancel"));
		form?.set("amount", form.get("amount").trim().replace(",", "."));
		return form;
	}
	if (act === "dispute")
		return ask(named("act", act), field(t("ask.reason"), reason, t("ask.reason-hint")), named("act", act),
			t("frame.cancel"));
	const plain = new FormData();
	if (act === "waive")
		plain.set("reason", t("ask.goodwill"));
	return plain;
}

function body(act, form) {
	const out = { act };
	for (const [key, value] of form)
		if (value)
			out[key] = value;
	return out;
}

// What an act has made of a fee, or would; why it can't.
const stands = (s) => [named("state", s.state), s.fee.minor ? amount(s.fee) : null].filter(Boolean).join(", ");
function outcome(r) {
	if (!r.after)
		return t("done.refused", { ref: r.ref, why: refused(r.problem, "", r.detail) });
	return t(r.changed ? "done.becomes" : "done.stays", { ref: r.ref, after: stands(r.after), before: stands(r.before) });
}

function told(result, undo) {
	say(t(result.changed ? "done.changed" : "done.unchanged", { detail: outcome(result) }),
		result.changed && undo ? [[t("done.undo"), undo]] : [], result.changed ? "good" : "bad");
}

// Says an act about a fee; done() once something changed.
export async function act(name, fee, done) {
	const form = await details(name, fee);
	if (!form)
		return;
	try {
		const result = await api.send("POST", `fees/${encodeURIComponent(fee.ref)}/acts`, body(name, form));
		told(result, name === "undo" ? null : async () => {
			await api.send("POST", `fees/${encodeURIComponent(fee.ref)}/acts`, { act: "undo" });
			say(t("done.undone"));
			done();
		});
		done();
	} catch (e) {
		tell(e);
	}
}

// The same about several; first it is found out for how many it would do something.
export async function actOnSeveral(name, fees, sum, done) {
	const refs = fees.map((f) => f.ref);
	const form = await details(name, fees[0]);
	if (!form)
		return;
	const asked = { refs, ...body(name, form) };
	try {
		const would = (await api.send("POST", "fees/acts", { ...asked, preview: true })).results;
		const count = would.filter((r) => r.changed).length;
		const sure = await ask(t("ask.several", { act: named("act", name), count: refs.length, sum }),
			[h("p", {}, t("ask.will", { count })), h("ul", { class: "would" }, would.slice(0, 50).map((r) =>
				h("li", {}, outcome(r))))], named("act", name), t("frame.cancel"));
		if (!sure)
			return;
		const { results } = await api.send("POST", "fees/acts", asked);
		const changed = results.filter((r) => r.changed).map((r) => r.ref);
		say(t("done.several", { changed: changed.length, count: refs.length }), name === "undo" || !changed.length ? [] :
			[[t("done.undo"), async () => {
				await api.send("POST", "fees/acts", { refs: changed, act: "undo" });
				say(t("done.undone"));
				done();
			}]], "good");
		done();
	} catch (e) {
		tell(e);
	}
}

// A button with what it does below it. click(): false if it is described elsewhere.
export function choice(name, fee, click, primary) {
	return h("button", { type: "button", class: primary ? "choice primary" : "choice", "data-act": name, onclick: click },
		h("span", { class: "choice-name" }, named("act", name)),
		h("span", { class: "choice-does" }, t(`does.${name}`, { fee })));
}

export function facts(pairs) {
	return h("dl", { class: "facts" }, pairs.filter(([, value]) => value).map(([label, value]) =>
		[h("dt", {}, label), h("dd", {}, value)]));
}

// All about one fee, beside the page; acting: whether who looks may say something about it.
export async function showFee(ref, done, acting) {
	const detail = await api.get(`fees/${encodeURIComponent(ref)}`);
	const f = detail.fee;
	const sum = money(f.fee, f.currency);
	const after = () => { dialog.close(); done(); };
	const dialog = panel(`${f.client} · ${what(f)}`, h("div", {},
		h("p", { class: "headline" }, f.currency ? h("strong", {}, sum) : null, " ", stateChip(f.state)),
		facts([
			[t("fees.start"), when(f.start)],
			[t("fees.at"), when(f.at)],
			[t("fee.by"), named("by", f.by)],
			[t("fee.notice"), f.required === null ? null : t("fee.notice-text", { notice: duration(f.notice),
				required: duration(f.required) })],
			[t("fee.free-until"), f["free-until"] ? when(f["free-until"]) : null],
			[t("fee.price"), f.price === null ? null : money(f.price, f.currency)],
			[t("fee.basis"), f.basis],
			[t("fee.held"), f.held ? money(f.held, f.currency) : null],
			[t("fee.reason"), f.reason],
			[t("fee.policy"), f.policy],
			[t("fees.ref"), h("code", {}, f.ref)],
			[t("fee.note"), detail["note-url"] ? h("a", { href: detail["note-url"], rel: "noreferrer" },
				t("fee.note")) : null],
		]),
		h("div", { class: "choices" }, (acting ? f.acts : []).map((a) => choice(a, sum, () => act(a, f, after)))),
		h("h3", {}, t("fee.history")),
		table(t("fee.history"), [
			{ label: t("fee.entered"), text: (r) => moment(r.entered) },
			{ label: t("fees.what"), text: (r) => named("class", r.kind) },
			{ label: t("fees.state"), text: (r) => named("state", r.state) },
			{ label: t("fees.fee"), number: true, text: (r) => r.state && r.currency ? money(r.fee, r.currency) : "" },
			{ label: t("fee.reason"), text: (r) => r.reason },
		], detail.history, { className: "compact" })), t("frame.close"));
}

export { amount };
