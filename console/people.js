// A field for somebody's name that offers whom one may name: by name, display name or e-mail address.
import * as api from "./api.js";
import { field, h, newId } from "./dom.js";
import { t } from "./texts.js";

const PAUSE = 200;
const find = (match) => api.get("people", { match });
const about = (p) => [p.displayname === p.name ? p.name : `${p.displayname} (${p.name})`, ...p.addresses].join(", ");

export function person() {
	const list = h("datalist", { id: newId("people") });
	let pause, asked;

	async function offer() {
		const text = input.value.trim();
		if (text === asked || [...list.children].some((o) => o.value === text))
			return;
		asked = text;
		const { people } = await find(text);
		if (text === asked)
			list.replaceChildren(...people.map((p) => h("option", { value: p.name, label: about(p) })));
	}
	// What isn't found by now is found with the next letter: only what is sent has to be right.
	const later = () => {
		clearTimeout(pause);
		pause = setTimeout(() => offer().catch(() => { asked = undefined; }), PAUSE);
	};
	const input = h("input", { name: "user", list: list.id, required: true, autocapitalize: "none", autocomplete: "off", spellcheck: "false",
		oninput: later, onfocus: later });
	return [field(t("calendars.with"), input, t("calendars.with-hint")), list];
}

// Who is meant by what was typed: an account's name, or else the display name or address of one alone.
export async function accountOf(typed) {
	const text = typed.trim();
	const same = (other) => other.localeCompare(text, undefined, { sensitivity: "accent" }) === 0;
	const { people, truncated } = await find(text);
	const named = people.find((p) => same(p.name));
	const fits = people.filter((p) => [p.displayname, ...p.addresses].some(same));
	if (named)
		return named.name;
	return text !== "" && fits.length === 1 && !truncated ? fits[0].name : text;
}
