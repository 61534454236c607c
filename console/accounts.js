// For the administrator: accounts made, given another password, closed. Each asks for the administrator's own password once more.
import * as api from "./api.js";
import { ask, asking, copyable, field, h, panel, say, select, table, TEXT_MOST } from "./dom.js";
import { facts } from "./fee.js";
import { number } from "./format.js";
import { language, t } from "./texts.js";

const NAME_MOST = "64";
const pathOf = (account, ...more) => api.path("server", "accounts", account.name, ...more);

// The name is there for programs that keep passwords.
const own = (context) => [h("input", { hidden: true, autocomplete: "username", value: context.session.name, readonly: true }),
	field(t("accounts.own"), h("input", { type: "password", name: "own", autocomplete: "current-password", required: true }))];
const change = (context, method, path, form, body) => api.confirmed(method, path, context.session.name, form.get("own"), body);

const typed = () => field(t("signin.password"), h("input", { type: "password", name: "password", autocomplete: "new-password" }), t("accounts.password-hint"));
const given = (form) => form.get("password") || null;

// A password that the server made is shown this once.
function told(text, made, done) {
	if (made.password) {
		panel(text, h("div", {}, h("p", {}, t("accounts.once")), facts([[t("signin.name"), made.name]]),
			copyable(t("signin.password"), made.password)), t("frame.close")).addEventListener("close", done);
		return;
	}
	say(made.weak ? t("accounts.weak") : text, [], made.weak ? "bad" : "good");
	done();
}

async function add(context, done) {
	const chosen = select([["en", "English"], ["fr", "Français"]], language());
	const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
	const made = await ask(t("accounts.add"), [
		field(t("signin.name"), h("input", { name: "name", required: true, maxlength: NAME_MOST, pattern: "[A-Za-z0-9][A-Za-z0-9._@\\-]*", ...plain }), t("accounts.name-hint")),
		field(t("account.display"), h("input", { name: "displayname", maxlength: TEXT_MOST, autocomplete: "off" })),
		field(t("account.addresses"), h("input", { type: "email", name: "addresses", multiple: true, ...plain }), t("accounts.addresses-hint")),
		field(t("accounts.language"), chosen, t("accounts.language-hint")), typed(), own(context)], t("accounts.add-do"), t("frame.cancel"),
	{ act: (form) => change(context, "POST", "server/accounts", form, { name: form.get("name"), displayname: form.get("displayname").trim() || null,
		addresses: form.get("addresses").split(",").map((one) => one.trim()).filter(Boolean), language: chosen.value, password: given(form) }),
	refusals: { 403: "refused.own", 409: "refused.account" } });
	if (made)
		told(t("accounts.added", { name: made.name }), made, done);
}

async function another(context, account, done) {
	const made = await ask(t("accounts.password-whose", { name: account.name }), [h("p", {}, t("accounts.password-what")), typed(), own(context)],
		t("accounts.password-do"), t("frame.cancel"), { act: (form) => change(context, "POST", pathOf(account, "password"), form,
			{ password: given(form) }), refusals: { 403: "refused.own" } });
	if (made)
		told(t("accounts.changed", { name: made.name }), made, done);
}

async function close(context, account, done) {
	const has = await api.get(pathOf(account), {}, context.signal);
	return asking(t("accounts.close-whom", { name: account.name }), [
		h("p", {}, t("accounts.close-goes", { calendars: t("accounts.calendars", { count: number(has.calendars) }),
			objects: t("accounts.objects", { count: number(has.objects) }) })),
		h("p", {}, t("accounts.close-what")), own(context)], t("accounts.close-do"),
	(form) => change(context, "DELETE", pathOf(account), form), t("accounts.closed"), done, { danger: true, refusals: { 403: "refused.own" } });
}

// One's own password is changed on the page of the account, and administrators are the configuration's.
function acts(context, account, done) {
	const button = (key, text, act) => h("button", { type: "button", class: "link", "data-do": key, "data-key": `${key} ${account.name}`,
		"aria-label": t(`accounts.${text}`, { name: account.name }), onclick: () => act(context, account, done) }, t(`accounts.${key}`));
	const offered = [account.name === context.session.name ? null : button("password", "password-whose", another),
		account.administrator ? null : button("close", "close-whom", close)].filter(Boolean);
	return offered.length ? h("div", { class: "row" }, offered) : "–";
}

export function accounts(context, list, done) {
	const roles = (a) => [a.administrator && t("accounts.administrator"), a.owner && t("server.owner"), a.closed && t("server.closed")]
		.filter(Boolean).join(", ") || "–";
	return h("section", {}, h("h2", {}, t("server.accounts")), table(t("server.accounts"), [
		{ label: t("signin.name"), title: true, text: (a) => a.name },
		{ label: t("account.display"), text: (a) => a.displayname || "–" },
		{ label: t("account.addresses"), text: (a) => a.addresses.join(", ") || "–" },
		{ label: t("server.roles"), text: roles },
		{ label: t("accounts.tokens"), number: true, text: (a) => number(a.tokens) },
		{ label: t("accounts.acts"), text: (a) => acts(context, a, done) },
	], list, { className: "rows", rowAttributes: (a) => ({ "data-ref": a.name }) }),
	h("p", { class: "hint" }, t("accounts.admins")),
	h("p", { class: "below" }, h("button", { type: "button", class: "primary", "data-key": "account", "data-do": "add",
		onclick: () => add(context, done) }, t("accounts.add"))));
}
