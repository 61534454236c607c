import { Refusal } from "./api.js";
import { has, t } from "./texts.js";

// Elements from data. Text is always set as text: titles and names come from anybody's calendar program.

// h("a", { href: "#/fees", class: "quiet" }, "Fees", …): attributes, but functions are listeners ("onclick")
// and true or false a bare attribute or none. A listener's failure is told, also if it comes later. Children: nodes, texts, arrays of these; null is left out.
export function h(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			e.addEventListener(key.slice(2), (event) => telling(() => value(event)));
		else if (value === true)
			e.setAttribute(key, "");
		else if (value !== false && value !== null && value !== undefined)
			e.setAttribute(key, value);
	}
	e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
	return e;
}

export function svg(name, attributes = {}, ...children) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	e.append(...children);
	return e;
}

let serial = 0;
export const newId = (what) => `${what}-${++serial}`;

// The server takes texts of 200 bytes: so many letters, accents and all.
export const TEXT_MOST = "100";

// A label with its control.
export function field(label, control, hint) {
	control.id ||= newId("f");
	const note = hint ? h("span", { class: "hint", id: newId("hint") }, hint) : null;
	if (note)
		control.setAttribute("aria-describedby", note.id);
	return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

// Browsers have a clipboard for pages only under TLS and on this machine, and may refuse it.
async function copied(control) {
	try {
		await navigator.clipboard.writeText(control.value);
		return true;
	} catch {
		control.select();
		return document.execCommand("copy");
	}
}

// A text to take elsewhere.
export function copyButton(control) {
	return h("button", { type: "button", onclick: async () => await copied(control) ? say(t("frame.copied"), [], "good")
		: say(t("frame.not-copied"), [], "bad") }, t("frame.copy"));
}
export function copyable(label, value, hint) {
	const input = h("input", { readonly: true, value, onfocus: () => input.select() });
	return h("div", { class: "copyable" }, field(label, input, hint), copyButton(input));
}

export function select(options, value, onchange) {
	const e = h("select", { onchange: () => onchange?.(e.value) },
		options.map(([v, text]) => h("option", { value: v, selected: v === value }, text)));
	return e;
}

// columns: { label, number, title, text(row) → node or text }; head: what stands above instead of the label. On a narrow
// screen each row is a card, headed by its title, and the other cells say what they are; the roles are for browsers that
// take what isn't drawn as a table for none.
export function table(caption, columns, rows, { rowAttributes = () => ({}), className = "" } = {}) {
	return h("div", { class: "scroll" }, h("table", { class: className, role: "table" },
		h("caption", { class: "hidden" }, caption),
		h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((c) => h("th", { scope: "col", role: "columnheader", class: c.number ? "number" : null,
			"aria-sort": c.sort ?? null }, c.head ?? c.label)))),
		h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row", ...rowAttributes(row) }, columns.map((c) =>
			h("td", { role: "cell", class: c.title ? "title" : c.number ? "number" : null, "data-label": c.label }, c.text(row))))))));
}

// Draws anew what stands in a place. focusAgain() is called before: what it returns, called after, gives the focus, if it
// went with what was there, to what has the same data-key, or to the row of the same data-ref or the next one that is left;
// else to another element. The page isn't scrolled.
export function focusAgain(place, other) {
	const at = document.activeElement;
	const key = at?.closest("[data-key]")?.dataset.key;
	const rows = [...place.querySelectorAll("[data-ref]")];
	const row = rows.indexOf(at?.closest("[data-ref]"));
	const refs = row < 0 ? [] : rows.slice(row).map((r) => r.dataset.ref);
	const top = scrollY;
	const first = (name, value) => place.querySelector(`[data-${name}="${CSS.escape(value)}"]`);

	return () => {
		scrollTo({ top, behavior: "instant" });
		if (document.activeElement && document.activeElement !== document.body)
			return;
		const left = refs.map((ref) => first("ref", ref)).find(Boolean);
		const next = (key && first("key", key)) || left?.querySelector("button, a[href], input, summary") || other;
		next?.focus({ preventScroll: true });
	};
}

// For a list below a form: draw(signal) → what to show. Each call of what is returned draws it anew, and drops what is still
// being loaded.
export function redrawn(place, signal, draw, failed) {
	let abort = new AbortController();
	return async () => {
		abort.abort();
		abort = new AbortController();
		const mine = AbortSignal.any([signal, abort.signal]);
		place.setAttribute("aria-busy", "true");
		try {
			await draw(mine, (...children) => {
				const again = focusAgain(place, place);
				place.replaceChildren(...children);
				again();
			});
		} catch (e) {
			if (!mine.aborted)
				place.replaceChildren(failed(e));
		} finally {
			if (!mine.aborted)
				place.setAttribute("aria-busy", "false");
		}
	};
}

export const nothing = (text) => h("p", { class: "nothing" }, text);

// Loads a file of ours that pages need now and then. One that couldn't be had is asked for again the next time.
const loaded = new Map();
function load(name, put) {
	if (!loaded.has(name)) {
		loaded.set(name, new Promise((resolve, reject) => put(new URL(name, import.meta.url).href, { onload: resolve, onerror: () => {
			loaded.delete(name);
			reject(new Refusal(0, ""));
		} })));
	}
	return loaded.get(name);
}
export const script = (name) => load(name, (src, told) => document.head.append(h("script", { src, ...told })));
export const stylesheet = (name) => load(name, (href, told) =>
	document.head.prepend(h("link", { rel: "stylesheet", href, ...told })));

// ---- what is said beside the page ----

const live = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
document.body.append(live);

// All but an open dialog lies below it, and can't be pressed: what is said is said there.
function liveAbove() {
	const host = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
	if (live.parentNode !== host)
		host.append(live);
}

function gone(dialog) {
	const inside = dialog.contains(live);
	dialog.remove();
	if (inside)
		liveAbove();
}

// A line at the edge of the screen; actions: [[text, function]]. It goes by itself, but not while it has something
// to offer that is being looked at.
export function say(text, actions = [], kind = "") {
	const close = () => toast.remove();
	const toast = h("div", { class: `toast ${kind}` }, h("span", {}, text), actions.map(([label, act]) =>
		h("button", { type: "button", onclick: () => { close(); return act(); } }, label)));
	liveAbove();
	live.replaceChildren(toast);
	setTimeout(() => toast.matches(":hover, :focus-within") || close(), actions.length ? 12000 : 6000);
}

export const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((d) => d.close());

// What the server refuses, in our words; its own are English, and stand there if it has more to say than we know.
export function refused(problem, status, detail) {
	const key = `problem.${problem || status}`;
	return has(key) ? t(key, { detail }) : t("error.refused", { detail });
}

// What went wrong, in words. refusals: texts for what is expected just here, by status.
export function explained(e, refusals = {}) {
	if (e instanceof Refusal && !e.problem && refusals[e.status])
		return t(refusals[e.status]);
	if (e.status === 429)
		return t("signin.braked", { seconds: e.retry ?? "60" });
	if (e instanceof Refusal)
		return e.status === 0 ? t("error.network") : refused(e.problem, e.status, e.message);
	console.error(e);
	return t("error.ours", { detail: String(e) });
}

export const wrong = (e) => h("p", { class: "wrong", role: "alert" }, explained(e));

// A session that is over is told once, by the page that asks to sign in.
export function tell(e) {
	if (e.name !== "AbortError" && e.status !== 401)
		say(explained(e), [], "bad");
}

// call() may return a promise.
export async function telling(call) {
	try {
		return await call();
	} catch (e) {
		return tell(e);
	}
}

// Asks before something is done. Resolves with the form's data, or null. act(data): what is done then; the dialog stays
// until that has worked, says why not, and resolves with what it gave, or true; so it does if it is closed before.
// refusals: as explained() takes them.
export function ask(title, body, doing, undoing, { danger = false, act, refusals } = {}) {
	return new Promise((resolve) => {
		const label = newId("dialog");
		const why = h("p", { class: "wrong", role: "alert", hidden: true });
		const no = h("button", { type: "button", onclick: () => dialog.close("") }, undoing);
		const yes = h("button", { class: danger ? "danger" : "primary", value: "yes" }, doing);
		let running; // what act gives, also if the dialog is closed meanwhile

		async function perform(event) {
			if (!act)
				return;
			event.preventDefault();
			no.disabled = yes.disabled = true;
			why.hidden = true;
			try {
				running = act(new FormData(form));
				await running;
				dialog.close("yes");
			} catch (e) {
				if (!dialog.open)
					tell(e);
				why.textContent = explained(e, refusals);
				why.hidden = false;
			} finally {
				no.disabled = yes.disabled = false;
				if (dialog.open && !dialog.contains(document.activeElement))
					yes.focus(); // which a button loses that is disabled
			}
		}

		const form = h("form", { method: "dialog", onsubmit: perform }, h("h2", { id: label }, title), body, why,
			h("div", { class: "buttons" }, no, yes));
		const dialog = h("dialog", { "aria-labelledby": label, oncancel: (e) => yes.disabled && e.preventDefault(), onclose: () => {
			resolve(act ? running?.then((r) => r ?? true, () => null) ?? null : dialog.returnValue === "yes" ? new FormData(form) : null);
			gone(dialog);
		} }, form);
		document.body.append(dialog);
		dialog.showModal();
	});
}

// A dialog whose act changes something here: that it is done is said, and done() draws the page anew. What ask() gives.
export async function asking(title, body, doing, act, said, done, options) {
	const result = await ask(title, body, doing, t("frame.cancel"), { ...options, act });
	if (result === null)
		return null;
	say(said, [], "good");
	done();
	return result;
}

// Something to read and to act on, beside the list that it came from. Focus goes back when it closes.
export function panel(title, body, closing) {
	const label = newId("panel");
	const dialog = h("dialog", { class: "panel", "aria-labelledby": label, onclose: () => gone(dialog) },
		h("header", {}, h("h2", { id: label }, title),
			h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, closing)), body);
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}
