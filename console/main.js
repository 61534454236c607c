// Who is signed in, which page is shown, and what stands around it.
import * as api from "./api.js";
import { closeDialogs, explained, focusAgain, h, say } from "./dom.js";
import { setZone, zoneName } from "./format.js";
import { language, setLanguage, t } from "./texts.js";
import { signIn } from "./page_signin.js";
import { today } from "./page_today.js";
import { decide } from "./page_decide.js";
import { fees } from "./page_fees.js";
import { clients } from "./page_clients.js";
import { reports } from "./page_reports.js";
import { policy } from "./page_policy.js";
import { calendars } from "./page_calendars.js";
import { account } from "./page_account.js";
import { server } from "./page_server.js";

// What the address says behind '#/', who may see it, and who draws it: show(place, context); painted: in colours that it
// asks for when it draws.
const pages = [
	{ name: "today", show: today, roles: ["owner"], painted: true },
	{ name: "decide", show: decide, roles: ["owner"] },
	{ name: "fees", show: fees, roles: ["owner", "client"] },
	{ name: "clients", show: clients, roles: ["owner"] },
	{ name: "reports", show: reports, roles: ["owner"], painted: true },
	{ name: "policy", show: policy, roles: ["owner"] },
	{ name: "calendars", show: calendars, roles: ["client"] },
	{ name: "account", show: account, roles: ["client"] },
	{ name: "server", show: server, roles: ["administrator"] },
];

const context = { session: null, owner: null, parameters: new URLSearchParams(), signal: null,
	// What a page was asked for stays in the address, and the page goes on as it is.
	keep: (page, parameters) => history.replaceState(null, "", `#/${api.query(page, parameters)}`),
	refresh: () => show(false), mayAct: () => mayAct() };
const zones = new Map(); // of owners
let abort = new AbortController();
const root = h("div", { id: "root" });
document.body.append(root);

// ---- light and dark ----

const themes = ["auto", "light", "dark"];
function theme() {
	const kept = localStorage.getItem("dedit-theme");
	return themes.includes(kept) ? kept : "auto";
}
function applyTheme() {
	document.documentElement.dataset.theme = theme();
	const dark = theme() === "dark" || (theme() === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
	document.documentElement.classList.toggle("ec-dark", dark);
	document.documentElement.classList.toggle("dark", dark);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);

function themeButton() {
	const button = h("button", { type: "button", class: "quiet", onclick: () => {
		localStorage.setItem("dedit-theme", themes[(themes.indexOf(theme()) + 1) % themes.length]);
		applyTheme();
		button.textContent = t(`theme.${theme()}`);
		if (context.session && wanted()?.painted)
			context.refresh();
	} }, t(`theme.${theme()}`));
	return button;
}

function languageButton() {
	const other = language() === "fr" ? "en" : "fr";
	return h("button", { type: "button", class: "quiet", lang: other, onclick: () => {
		localStorage.setItem("dedit-language", other);
		setLanguage(other);
		start();
	} }, other === "fr" ? "Français" : "English");
}

// ---- the frame ----

function may(page) {
	return page.roles.some((r) => context.session.roles.includes(r));
}

// The owner's own fees, or a delegate's who may write: others look on.
const mayAct = () => context.session.owners.some((o) => o.name === context.owner && o.write);

function ownerChoice() {
	const owners = context.session.owners;
	if (owners.length < 2)
		return null;
	return h("label", { class: "owner" }, h("span", { class: "hidden" }, t("frame.owner")),
		h("select", { onchange: (e) => { context.owner = e.target.value; context.refresh(); } },
			owners.map((o) => h("option", { value: o.name, selected: o.name === context.owner }, o.displayname))));
}

function navigation(current) {
	return h("nav", { "aria-label": t("frame.pages") }, h("ul", {}, pages.filter(may).map((p) =>
		h("li", {}, h("a", { href: `#/${p.name}`, "aria-current": p === current ? "page" : null, "data-page": p.name },
			t(`page.${p.name}`))))));
}

function frame(page, place) {
	root.className = "signed-in";
	root.replaceChildren(
		h("a", { class: "skip", href: "#main", onclick: (e) => { e.preventDefault(); place.focus(); } }, t("frame.skip")),
		h("header", { class: "top" }, h("p", { class: "brand" }, "dédit"), ownerChoice(), navigation(page),
			h("div", { class: "who" }, h("span", {}, context.session.displayname),
				languageButton(), themeButton(),
				h("button", { type: "button", class: "quiet", onclick: leave }, t("frame.sign-out")))),
		place,
		h("footer", {}, h("span", { class: "zone" }, t("frame.zone", { zone: zoneName() })), " · dédit ", context.session.version));
}

// How many wait, beside the page's name; quietly nothing, if that can't be found out.
async function countDecisions(signal) {
	const link = root.querySelector('nav a[data-page="decide"]');
	if (!link)
		return;
	try {
		const { decisions } = await api.get("decisions", { owner: context.owner }, signal);
		link.querySelector(".count")?.remove();
		if (decisions.length)
			link.append(h("span", { class: "count" }, h("span", { class: "hidden" }, ", "), String(decisions.length)));
	} catch { /* the page itself says what is wrong */ }
}

function failure(e) {
	return h("div", { class: "failure", role: "alert" }, h("p", {}, explained(e)),
		h("button", { type: "button", onclick: () => context.refresh() }, t("error.again")));
}

// ---- which page ----

function wanted() {
	const [name, rest] = location.hash.replace(/^#\//, "").split("?");
	context.parameters = new URLSearchParams(rest ?? "");
	const allowed = pages.filter(may);
	return allowed.find((p) => p.name === name) ?? allowed[0];
}

function open(page) {
	closeDialogs();
	const heading = h("h1", { tabindex: "-1" }, page ? t(`page.${page.name}`) : t("frame.nothing"));
	const place = h("main", { id: "main", tabindex: "-1" }, heading, h("div", { class: "body" }));
	document.title = `${heading.textContent} · dédit`;
	frame(page, place);
	heading.focus({ preventScroll: true });
}

// Days and hours are those of the owner whose appointments are shown.
async function knowZone(signal) {
	const { owner } = context;
	if (owner && !zones.has(owner))
		zones.set(owner, (await api.get("decisions", { owner }, signal)).zone);
	setZone(zones.get(owner) ?? context.session.zone);
	root.querySelector("footer .zone").textContent = t("frame.zone", { zone: zoneName() });
}

// Fills the body. Pages draw once they have loaded: until then stands what was there, as high as it was.
async function fill(page, body) {
	const { signal } = abort;
	body.setAttribute("aria-busy", "true");
	body.style.minHeight = `${body.offsetHeight}px`;
	// At once would flicker.
	const slow = setTimeout(() => body.prepend(h("p", { class: "loading", role: "status" }, t("frame.loading"))), 250);
	try {
		await knowZone(signal);
		await page?.show(body, context);
	} catch (e) {
		if (!signal.aborted)
			body.replaceChildren(failure(e));
	} finally {
		clearTimeout(slow);
		if (!signal.aborted) {
			body.querySelector(":scope > .loading")?.remove();
			body.style.minHeight = "";
			body.setAttribute("aria-busy", "false");
		}
	}
}

// Another page, or (moved: false) the same once more, after something was done there: then whoever works with the keyboard
// goes on where they were, or with what came next.
async function show(moved = true) {
	abort.abort();
	abort = new AbortController();
	const { signal } = abort;
	const page = wanted();
	context.signal = signal;
	if (moved)
		open(page);
	const body = root.querySelector("main > .body");
	const again = focusAgain(body, root.querySelector("h1"));
	countDecisions(signal);
	await fill(page, body);
	if (!signal.aborted && !moved)
		again();
}

async function leave() {
	try {
		await api.signOut();
	} catch (e) {
		if (e.status !== 401)
			throw e;
	}
	context.session = null;
	start();
}

function enter(session) {
	context.session = session;
	zones.clear();
	setZone(session.zone);
	zones.set(session.owners[0]?.name, session.zone);
	if (!localStorage.getItem("dedit-language"))
		setLanguage(session.language);
	if (!session.owners.some((o) => o.name === context.owner))
		context.owner = session.owners[0]?.name ?? null;
	show();
}

async function start() {
	applyTheme();
	abort.abort();
	try {
		enter(await api.session());
	} catch (e) {
		closeDialogs();
		root.className = "signed-out";
		if (e instanceof api.Refusal && e.status === 401)
			signIn(root, enter, [languageButton(), themeButton()]);
		else
			root.replaceChildren(h("main", {}, failure(e)));
	}
}

context.failure = failure;
context.refresh = () => context.session ? show(false) : start();
api.onSignedOut(() => {
	if (context.session) {
		context.session = null;
		say(t("signin.ended"));
		// Clients' names and secrets go at once, whether or not the server can be asked.
		closeDialogs();
		root.replaceChildren();
	}
	start();
});
api.onAnother(() => start());
addEventListener("hashchange", () => context.session && show());
setLanguage(localStorage.getItem("dedit-language") ?? (navigator.language.startsWith("fr") ? "fr" : "en"));
start();
