// Who acts for one in all one's calendars, and for whom one acts.
import * as api from "./api.js";
import { ask, field, h, nothing, say, select } from "./dom.js";
import { named, t } from "./texts.js";

const pathOf = (owner, user) => `delegates/${[owner, user].filter(Boolean).map(encodeURIComponent).join("/")}`;
const told = (d) => `${d.displayname === d.name ? d.name : `${d.displayname} (${d.name})`}: ${named("access", d.access)}`;

async function add(owner, done) {
	const access = select(["write", "read"].map((a) => [a, named("access", a)]), "write");
	access.name = "access";
	if (!await ask(t("delegates.add"), [h("p", {}, t("delegates.add-what")), field(t("calendars.with"), h("input", { name: "user",
		required: true, autocapitalize: "none", autocomplete: "off", spellcheck: "false" }), t("calendars.with-hint")),
	field(t("calendars.may"), access)], t("delegates.add-do"), t("frame.cancel"), { act: (form) =>
		api.send("PUT", pathOf(owner, form.get("user").trim()), { access: form.get("access") }) }))
		return;
	say(t("calendars.saved"), [], "good");
	done();
}

async function end(owner, user, done) {
	if (!await ask(t("delegates.end-whom", { user }), h("p", {}, t("delegates.end-what", { user })), t("delegates.end-do"),
		t("frame.cancel"), { danger: true, act: () => api.send("DELETE", pathOf(owner, user)) }))
		return;
	say(t("delegates.ended"), [], "good");
	done();
}

export async function delegates(owner, done, signal) {
	const found = await api.get(pathOf(owner), {}, signal);
	return h("section", {}, h("h2", {}, t("delegates.title")), h("p", {}, t("delegates.what")),
		found.delegates.length ? h("ul", { class: "lines" }, found.delegates.map((d) => h("li", { "data-ref": d.name },
			h("span", {}, told(d)), h("button", { type: "button", class: "link", "aria-label": t("delegates.end-whom", { user: d.name }),
				onclick: () => end(owner, d.name, done) }, t("calendars.unshare"))))) : nothing(t("delegates.none")),
		h("p", { class: "below" }, h("button", { type: "button", "data-key": "delegate", onclick: () => add(owner, done) }, t("delegates.add"))),
		found["acts-for"].length ? [h("h3", {}, t("delegates.acts-for")), h("ul", { class: "lines" },
			found["acts-for"].map((d) => h("li", {}, told(d))))] : null);
}
