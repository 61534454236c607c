// Who acts for one in all one's calendars, and for whom one acts.
import * as api from "./api.js";
import { asking, field, h, nothing, select } from "./dom.js";
import { accountOf, person } from "./people.js";
import { named, t } from "./texts.js";

const told = (d) => t("access.of", { who: d.displayname === d.name ? d.name : `${d.displayname} (${d.name})`,
	access: named("access", d.access) });

function add(owner, done) {
	const access = select(["write", "read"].map((a) => [a, named("access", a)]), "write");
	access.name = "access";
	return asking(t("delegates.add"), [h("p", {}, t("delegates.add-what")), person(), field(t("calendars.may"), access)], t("delegates.add-do"),
	async (form) => api.send("PUT", api.path("delegates", owner, await accountOf(form.get("user"))), { access: form.get("access") }),
	t("calendars.saved"), done);
}

function end(owner, user, done) {
	return asking(t("delegates.end-whom", { user }), h("p", {}, t("delegates.end-what", { user })), t("delegates.end-do"),
		() => api.send("DELETE", api.path("delegates", owner, user)), t("delegates.ended"), done, { danger: true });
}

export async function delegates(owner, done, signal) {
	const found = await api.get(api.path("delegates", owner), {}, signal);
	return h("section", {}, h("h2", {}, t("delegates.title")), h("p", {}, t("delegates.what")),
		found.delegates.length ? h("ul", { class: "lines" }, found.delegates.map((d) => h("li", { "data-ref": d.name },
			h("span", {}, told(d)), h("button", { type: "button", class: "link", "aria-label": `${t("calendars.unshare")}, ${d.name}`,
				onclick: () => end(owner, d.name, done) }, t("calendars.unshare"))))) : nothing(t("delegates.none")),
		h("p", { class: "below" }, h("button", { type: "button", "data-key": "delegate", onclick: () => add(owner, done) }, t("delegates.add"))),
		found["acts-for"].length ? [h("h3", {}, t("delegates.acts-for")), h("ul", { class: "lines" },
			found["acts-for"].map((d) => h("li", {}, told(d))))] : null);
}
