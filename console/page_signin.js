import * as api from "./api.js";
import { explained, field, h } from "./dom.js";
import { t } from "./texts.js";

export function signIn(root, enter, choices) {
	const name = h("input", { name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false",
		required: true });
	const password = h("input", { name: "password", type: "password", autocomplete: "current-password",
		required: true });
	const wrong = h("p", { class: "wrong", role: "alert" });
	const button = h("button", { class: "primary" }, t("signin.do"));

	async function submit(e) {
		e.preventDefault();
		wrong.textContent = "";
		button.disabled = true;
		button.textContent = t("signin.doing");
		try {
			enter(await api.signIn(name.value.trim(), password.value));
		} catch (error) {
			wrong.textContent = explained(error, { 401: "signin.wrong" });
			password.value = "";
			password.focus();
		} finally {
			button.disabled = false;
			button.textContent = t("signin.do");
		}
	}

	document.title = `${t("signin.title")} · dédit`;
	root.replaceChildren(h("main", { class: "signin" },
		h("p", { class: "brand" }, "dédit"), h("h1", {}, t("signin.title")),
		h("form", { onsubmit: submit }, field(t("signin.name"), name), field(t("signin.password"), password), wrong,
			button),
		h("div", { class: "who" }, choices)));
	name.focus();
}
