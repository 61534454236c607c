// The account: its password, those of programs, and how programs and telephones are set up.
import * as api from "./api.js";
import { ask, asking, copyable, field, h, nothing, panel, say, select, table, TEXT_MOST } from "./dom.js";
import { delegates } from "./delegates.js";
import { date, moment, number } from "./format.js";
import { facts } from "./fee.js";
import { qrCode } from "./qr.js";
import { named, t } from "./texts.js";

const serverOf = (account) => `${account.server || new URL("..", document.baseURI).href.replace(/\/$/, "")}/`;

// What DAVx5 and other programs for Android open to be set up: the address, and who.
function setup(account, password) {
	const url = new URL(serverOf(account));
	const who = [account.name, password].filter(Boolean).map(encodeURIComponent).join(":");
	return `${url.protocol.replace("http", "caldav")}//${who}@${url.host}${url.pathname}`;
}

// ---- the password ----

// Typed twice, since nobody sees it; the name is there for programs that keep passwords.
function passwordFields(name) {
	const input = (key, autocomplete) => h("input", { type: "password", name: key, autocomplete, required: true, oninput: () =>
		again.setCustomValidity(again.value === made.value ? "" : t("account.other")) });
	const made = input("new", "new-password"), again = input("again", "new-password");
	return [h("input", { hidden: true, autocomplete: "username", value: name, readonly: true }),
		field(t("account.old"), input("old", "current-password")), field(t("account.new"), made), field(t("account.again"), again)];
}

async function change(name) {
	const result = await ask(t("account.change"), passwordFields(name), t("account.change"), t("frame.cancel"),
		{ act: (form) => api.changePassword(name, form.get("old"), form.get("new")), refusals: { 403: "refused.password" } });
	if (result)
		say(t(result.weak ? "account.weak" : "account.changed"), [], result.weak ? "bad" : "good");
}

function password(name) {
	return h("section", {}, h("h2", {}, t("account.password")), h("p", {}, t("account.password-what")),
		h("p", {}, h("button", { type: "button", "data-do": "password", onclick: () => change(name) }, t("account.change"))));
}

// ---- application passwords, and tokens of scripts ----

const forProgram = (account, token) => [facts([[t("account.server"), h("code", {}, serverOf(account))],
	[t("signin.name"), h("code", {}, account.name)]]), qrCode(setup(account, token), t("account.token-qr"))];
const forScript = () => [h("p", {}, t("account.script-how")), facts([[t("account.server"), h("code", {}, api.address(""))]])];

// The scopes that one can be made for, and what is shown beside a new one; what is said of each is in texts of its name.
const kinds = { token: { scopes: ["calendar"], beside: forProgram }, script: { scopes: ["api", "api-read"], beside: forScript } };
const kindOf = (token) => token.scope === "calendar" ? "token" : "script";

function showToken(account, kind, made) {
	return panel(t(`account.${kind}-new`), h("div", {}, h("p", {}, t(`account.${kind}-once`)), copyable(t(`account.${kind}`), made.token),
		kinds[kind].beside(account, made.token)), t("frame.close"));
}

async function addToken(account, kind, done) {
	const { scopes } = kinds[kind];
	const scope = select(scopes.map((name) => [name, named("scope", name)]), scopes[0]);
	const label = h("input", { name: "label", required: true, maxlength: TEXT_MOST, autocomplete: "off" });
	const made = await ask(t(`account.${kind}-new`), [field(t("calendars.label"), label, t(`account.${kind}-hint`)),
		scopes.length > 1 ? field(t("account.may"), scope) : null], t("account.token-do"), t("frame.cancel"),
	{ act: () => api.send("POST", "account/tokens", { label: label.value.trim(), scope: scope.value }) });
	if (made)
		showToken(account, kind, made).addEventListener("close", done);
}

function endToken(token, done) {
	return asking(t("calendars.revoke-which", { label: token.label }), h("p", {}, t(`account.${kindOf(token)}-end`)), t("account.token-end-do"),
		() => api.send("DELETE", api.path("account", "tokens", token.id)), t("calendars.revoked"), done, { danger: true });
}

function tokens(account, kind, done) {
	const list = account.tokens.filter((k) => kindOf(k) === kind);
	const columns = [
		{ label: t("calendars.label"), title: true, text: (k) => k.label },
		kinds[kind].scopes.length > 1 ? { label: t("account.may"), text: (k) => named("scope", k.scope) } : null,
		{ label: t("account.made"), text: (k) => date(k.created) },
		{ label: t("account.used"), text: (k) => k.used ? moment(k.used) : t("calendars.unused") },
		{ label: "", number: true, text: (k) => h("button", { type: "button", class: "link", "aria-label": t("calendars.revoke-which", { label: k.label }),
			onclick: () => endToken(k, done) }, t("calendars.revoke")) },
	].filter(Boolean);
	const title = t(`account.${kind}s`);
	return h("section", { "data-kind": kind }, h("h2", {}, title), h("p", {}, t(`account.${kind}s-what`)), list.length
		? table(title, columns, list, { className: "rows", rowAttributes: (k) => ({ "data-ref": k.id }) }) : nothing(t("account.no-tokens")),
	h("p", { class: "below" }, h("button", { type: "button", class: kind === "token" ? "primary" : null, "data-key": kind,
		onclick: () => addToken(account, kind, done) }, t(`account.${kind}-new`))));
}

// ---- programs and telephones ----

// A link as any, since Safari takes profiles from those alone; the server has to know what it is called outside.
function profile(account) {
	return account.server ? [h("p", {}, t("account.profile-what")), h("p", {}, h("a", { class: "primary", href: api.address("account/mobileconfig"),
		"data-do": "profile" }, t("account.profile"))), qrCode(`${document.baseURI.split("#")[0]}#/account`, t("account.here"))]
		: h("p", { class: "hint", "data-do": "no-profile" }, t("account.no-profile"));
}

function devices(account) {
	const url = serverOf(account);
	const way = (title, ...steps) => h("div", {}, h("h3", {}, title), steps);
	const list = (...steps) => h("ol", {}, steps.map((text) => h("li", {}, text)));
	return h("section", {}, h("h2", {}, t("account.devices")), h("p", {}, t("account.devices-what")),
		facts([[t("account.server"), h("code", {}, url)], [t("signin.name"), h("code", {}, account.name)],
			[t("signin.password"), t("account.password-which")]]),
		url.startsWith("https:") ? null : h("p", { class: "hint" }, t("account.no-tls")),
		h("div", { class: "beside" },
			way("iPhone, iPad", list(t("account.ios-1"), t("account.ios-2")), profile(account)),
			way("Mac", list(t("account.mac-1"), t("account.mac-2"))),
			way("Android", list(t("account.android-1"), t("account.android-2")), qrCode(setup(account), t("account.android-qr"))),
			way("Thunderbird", list(t("account.thunderbird-1"), t("account.thunderbird-2")))));
}

export async function account(place, context) {
	const { signal } = context;
	const done = () => signal.aborted || context.refresh();
	const [mine, acting] = await Promise.all([api.get("account", {}, signal), delegates(context.session.name, done, signal)]);
	place.replaceChildren(facts([[t("signin.name"), mine.name], [t("account.display"), mine.displayname],
		[t("account.addresses"), mine.addresses.join(", ")], [t("account.sessions"), number(mine.sessions)]]),
	password(mine.name), tokens(mine, "token", done), devices(mine), acting, tokens(mine, "script", done));
}
