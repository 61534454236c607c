// Calendars: made, named, coloured, shared, subscribed to, filled from a file, taken along as one, deleted.
import * as api from "./api.js";
import { ask, asking, copyable, field, h, nothing, panel, select, TEXT_MOST } from "./dom.js";
import { date, number } from "./format.js";
import { facts } from "./fee.js";
import { importInto, imports } from "./import.js";
import { accountOf, person } from "./people.js";
import { qrCode } from "./qr.js";
import { named, t } from "./texts.js";

const COLOUR = "#1f5a4e";
const pathOf = (c, ...more) => api.calendarPath(c.calendar, ...more);
const nameOf = (c) => c.displayname || c.name;
// Programs may have stored it with how much shines through, which the choice of a browser doesn't know.
const colourOf = (c) => (c.color || COLOUR).slice(0, 7).toLowerCase();
const colour = (value) => h("input", { type: "color", name: "color", value });

// ---- what a calendar is ----

// Only what was changed is sent: programs may have stored a name or description that is longer, or has several lines.
function edit(c, done) {
	const name = h("input", { name: "displayname", value: nameOf(c), required: true, maxlength: TEXT_MOST });
	const color = colour(colourOf(c));
	const description = h("input", { name: "description", value: c.description.replace(/\s+/g, " "), maxlength: TEXT_MOST });
	const shown = new Map([name, color, description].map((e) => [e.name, e.value]));
	return asking(t("calendars.edit"), [field(t("calendars.name"), name), field(t("calendars.colour"), color),
		field(t("calendars.description"), description)], t("calendars.save"), (form) => api.send("PATCH", pathOf(c),
		Object.fromEntries([...form].filter(([key, value]) => value !== shown.get(key)))), t("calendars.saved"), done);
}

// What the path is called after the name, until somebody says otherwise.
const asPath = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-")
	.replace(/^-|-$/g, "").slice(0, 60);

function create(done) {
	const path = h("input", { name: "name", required: true, pattern: "[a-z0-9][a-z0-9\\-]*", maxlength: "64", autocapitalize: "none",
		autocomplete: "off", oninput: () => { path.dataset.own = "true"; } });
	const name = h("input", { name: "displayname", required: true, maxlength: TEXT_MOST, autocomplete: "off", oninput: () => {
		if (!path.dataset.own)
			path.value = asPath(name.value);
	} });
	return asking(t("calendars.new"), [field(t("calendars.name"), name), field(t("calendars.path"), path, t("calendars.path-hint")),
		field(t("calendars.colour"), colour(COLOUR))], t("calendars.new-do"), (form) => api.send("POST", "calendars", Object.fromEntries(form)),
	t("calendars.made"), done);
}

const fill = (c, done) => importInto(c.calendar, nameOf(c), done);
const download = async (c) => api.save(await api.file("GET", pathOf(c, "export")), `${c.name}.ics`);

async function remove(c, done) {
	const { objects } = await api.get(pathOf(c));
	const others = c.shares.length + c.feeds.length;
	return asking(t("calendars.delete-sure", { name: nameOf(c) }), [
		h("p", {}, objects ? t("calendars.delete-what", { count: number(objects) }) : t("calendars.delete-empty"), c.policy ? ` ${t("calendars.delete-policy")}` : null,
			others ? ` ${t("calendars.delete-others", { count: number(others) })}` : null),
		h("p", {}, h("button", { type: "button", onclick: () => download(c) }, t("calendars.export-first"))),
	], t("calendars.delete-do"), () => api.send("DELETE", pathOf(c)), t("calendars.deleted"), done, { danger: true });
}

// ---- who else sees it ----

function share(c, done) {
	const access = select(["read", "write", "free-busy"].map((a) => [a, named("access", a)]), "read");
	access.name = "access";
	return asking(t("calendars.share-title", { name: nameOf(c) }), [
		person(), field(t("calendars.may"), access)], t("calendars.share-do"),
	async (form) => api.send("PUT", pathOf(c, "shares", await accountOf(form.get("user"))), { access: form.get("access") }),
	t("calendars.shared"), done);
}

function unshare(c, user, done) {
	return asking(t("calendars.unshare-whom", { user }), h("p", {}, t("calendars.unshare-what", { user, name: nameOf(c) })),
		t("calendars.unshare-do"), () => api.send("DELETE", pathOf(c, "shares", user)), t("calendars.unshared"),
		done, { danger: true });
}

// Without public-url the server doesn't know what it is called outside, but this page does.
function showFeed(made) {
	const url = new URL(made.url, document.baseURI).href;
	return panel(t("calendars.feed"), h("div", {}, h("p", {}, t("calendars.feed-once")), copyable(t("calendars.link"), url),
		qrCode(made.webcal || url.replace(/^http/, "webcal"), t("calendars.qr")), h("p", { class: "hint" }, t("calendars.feed-how"))), t("frame.close"));
}

async function feed(c, done) {
	const tick = (name, text) => h("label", { class: "tick" }, h("input", { type: "checkbox", name }), text);
	const made = await ask(t("calendars.feed-title", { name: nameOf(c) }), [
		field(t("calendars.label"), h("input", { name: "label", maxlength: TEXT_MOST, autocomplete: "off" }), t("calendars.label-hint")),
		tick("busy", t("calendars.busy")), c.policy ? tick("plain", t("calendars.plain")) : null,
	].filter(Boolean), t("calendars.feed-do"), t("frame.cancel"), { act: (form) => api.send("POST", pathOf(c, "feeds"),
		{ label: form.get("label").trim(), busy: form.has("busy"), plain: form.has("plain") }) });
	if (made)
		showFeed(made).addEventListener("close", done);
}

function revoke(c, f, done) {
	return asking(t("calendars.revoke-which", { label: f.label || f.id }), h("p", {}, t("calendars.revoke-what")),
		t("calendars.revoke-do"), () => api.send("DELETE", pathOf(c, "feeds", f.id)), t("calendars.revoked"),
		done, { danger: true });
}

// ---- how one is told ----

const line = (text, doing, what, act) => h("li", {}, h("span", {}, text), h("button", { type: "button", class: "link",
	"aria-label": `${doing}, ${what}`, onclick: act }, doing));

function shares(c, done) {
	return c.shares.length ? h("ul", { class: "lines" }, c.shares.map((s) => line(t("access.of", { who: s.user, access: named("access", s.access) }),
		t("calendars.unshare"), s.user, () => unshare(c, s.user, done)))) : null;
}

function feeds(c, done) {
	const told = (f) => [f.label || f.id, f.busy ? t("calendars.busy") : null, f.plain ? t("calendars.plain") : null,
		f.used ? t("calendars.used", { date: date(f.used) }) : t("calendars.unused")].filter(Boolean).join(" · ");
	return c.feeds.length ? h("ul", { class: "lines" }, c.feeds.map((f) => line(told(f), t("calendars.revoke"),
		f.label || f.id, () => revoke(c, f, done)))) : null;
}

function card(c, done, administrator) {
	const mine = c.access === "owner" && !c.fees, lent = mine || (administrator && !c.fees);
	const button = (key, act) => h("button", { type: "button", "data-key": `${key} ${c.calendar}`, "data-do": key, onclick: () => act(c, done) },
		t(`calendars.${key}`));
	const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
	swatch.style.backgroundColor = c.color ? colourOf(c) : "";

	return h("li", { class: "calendar-card", "data-ref": c.calendar },
		h("h2", {}, swatch, nameOf(c)), c.description ? h("p", {}, c.description) : null,
		facts([[t("calendars.path"), h("code", {}, c.calendar)], [t("fee.policy"), c.policy],
			[t("calendars.access"), c.access === "owner" ? null : named("access", c.access)],
			[t("calendars.shares"), shares(c, done)], [t("calendars.feeds"), feeds(c, done)]]),
		h("div", { class: "row", role: "group", "aria-label": nameOf(c) }, mine ? button("edit", edit) : null,
			lent ? [button("share", share), button("feed", feed)] : null, lent || c.access === "write" ? button("import", fill) : null,
			c.access === "free-busy" ? null : button("export", download), mine ? button("delete", remove) : null));
}

const cards = (list, done, administrator) => list.length ? h("ul", { class: "cards" }, list.map((c) => card(c, done, administrator))) : nothing(t("calendars.none"));

// One's own and those that are shared with one, and those of the owner that is looked at.
export async function calendars(place, context) {
	const { session, owner, signal } = context;
	const other = session.owners.find((o) => o.name === owner && o.name !== session.name);
	const done = () => signal.aborted || context.refresh(), administrator = session.roles.includes("administrator");
	const [mine, others, imported] = await Promise.all([api.get("calendars", {}, signal),
		other ? api.get("calendars", { owner }, signal) : null, imports(session.name, done, signal)]);
	const shown = new Set(mine.calendars.map((c) => c.calendar));
	place.replaceChildren(h("p", { class: "above" }, h("button", { type: "button", class: "primary", "data-key": "new", onclick: () => create(done) }, t("calendars.new"))),
		cards(mine.calendars, done, administrator), ...(others ? [h("section", {}, h("h2", {}, t("calendars.of", { name: other.displayname })),
			cards(others.calendars.filter((c) => !shown.has(c.calendar)), done, administrator))] : []), imported ?? "");
}
