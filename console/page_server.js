// For the administrator: is all well, who is here, and who was turned away.
import * as api from "./api.js";
import { accounts } from "./accounts.js";
import { field, h, nothing, say, table, wrong } from "./dom.js";
import { moment, number } from "./format.js";
import { facts } from "./fee.js";
import { named, t } from "./texts.js";

function bytes(n) {
	const units = t("unit.bytes").split(" ");
	const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, n)) / 3)));
	const scaled = n / 1000 ** unit;
	return `${number(scaled < 10 ? Math.round(scaled * 10) / 10 : Math.round(scaled))} ${units[unit]}`;
}

// Not by its colour alone.
const verdict = (well, text) => h("span", { class: well ? "state-paid" : "state-disputed" }, h("span", { "aria-hidden": "true" }, well ? "✓" : "!"), ` ${text}`);

function health(server) {
	return facts([
		[t("server.health"), verdict(server.healthy, t(`health.${server["health-state"]}`, { seconds: number(server["health-seconds"]) }))], [t("server.version"), server.version],
		[t("server.url"), server["public-url"] || t("server.no-url")],
		[t("server.accounts"), number(server.accounts)], [t("page.calendars"), number(server.calendars)],
		[t("server.policies"), number(server.policies)], [t("server.sessions"), number(server.sessions)],
		[t("server.journal"), number(server.journal)], [t("server.free"), bytes(server["free-bytes"])],
		[t("server.wal"), bytes(server["wal-bytes"])],
	]);
}

// A button that looks through everything, and what it found. body(): what is sent along; asked: the fields for it.
function inspection(path, key, body = () => undefined, asked = null) {
	const said = h("div", { role: "status" }), more = h("div");
	const text = t(`server.${key}`);
	const button = h("button", { type: "button", "data-do": key, onclick: async () => {
		button.disabled = true;
		said.replaceChildren();
		more.replaceChildren(h("progress", { "aria-label": text }));
		try {
			const found = await api.send("POST", path, body());
			said.replaceChildren(verdict(found.ok, found.ok ? t("server.no-problems")
				: t("server.problems", { count: number(found.problems.length) })));
			more.replaceChildren(found.ok ? "" : h("div", { class: "failure" }, h("p", {}, t("server.in-english")), h("ul", { lang: "en" }, found.problems.map((line) =>
				h("li", {}, line))), found.truncated ? h("p", {}, t("today.truncated")) : null));
		} catch (e) {
			more.replaceChildren(wrong(e));
		} finally {
			button.disabled = false;
		}
	} }, text);
	return h("div", { class: "inspection" }, h("p", {}, t(`server.${key}-what`)), asked, button, said, more);
}

function comparison() {
	const line = h("input", { name: "head", spellcheck: "false", autocomplete: "off" });
	return inspection("server/ledger/compare", "compare", () => ({ head: line.value.trim() }), field(t("server.compare-line"), line));
}

// Lines to compare with later, and the key to check their signatures with.
function heads() {
	async function save() {
		const made = await api.send("POST", "server/ledger/heads");
		if (made.heads.length)
			api.save(new Blob([`${made.heads.map((one) => one.head).join("\n")}\n\n${made.key}`], { type: "text/plain" }), "dedit-heads.txt");
		else
			say(t("server.heads-none"));
	}
	return h("div", { class: "inspection" }, h("p", {}, t("server.heads-what")), h("button", { type: "button", "data-do": "heads", onclick: save },
		t("server.heads")));
}

// ---- backup ----

const size = (b) => ({ count: number(b.files), size: bytes(b.bytes) });

function lastBackup(b) {
	return facts([[t("server.backup-last"), moment(b.ended)], [t("server.backup"), verdict(b.ok, b.problem ?? t("server.backup-done",
		{ name: b.name, ...size(b) }))], [t("server.backup-left-out"), b["left-out"] ? t("server.backup-left", { count: number(b["left-out"]) }) : null]]);
}

// It goes on if nobody looks.
function backup(first, signal) {
	const place = h("div", { role: "status" }), failed = h("div");
	let shown;
	const button = h("button", { type: "button", "data-do": "backup", onclick: () => follow(api.send("POST", "server/backup")) },
		t("server.backup-do"));

	// It is said aloud when something changes, and not each time that the server is asked.
	function draw(state) {
		button.disabled = state.running !== null;
		if (state.running && state.running.name === shown)
			return;
		shown = state.running?.name;
		place.replaceChildren(state.running ? h("div", {}, h("progress", { "aria-label": t("server.backup") }),
			h("p", {}, t("server.backup-running", { name: state.running.name, began: moment(state.running.began) }))) : state.last ? lastBackup(state.last) : nothing(t("server.backup-never")));
	}
	async function follow(asked) {
		button.disabled = true;
		failed.replaceChildren();
		try {
			await api.poll("server/backup", await asked, (state) => state.running, draw, signal);
		} catch (e) {
			button.disabled = false;
			if (!signal.aborted) {
				place.replaceChildren();
				shown = null;
				failed.replaceChildren(wrong(e));
			}
		}
	}
	if (first.folder)
		follow(first);
	return h("section", {}, h("h2", {}, t("server.backup")), first.folder ? [h("p", {}, t("server.backup-what", { folder: first.folder })),
		h("p", {}, button), place, failed] : nothing(t("server.backup-none")));
}

// ---- who was turned away ----

function logins({ logins: list, most }) {
	return h("section", {}, h("h2", {}, t("server.logins")), list.length ? [h("p", {}, t("server.logins-most", { count: number(most) })),
		table(t("server.logins"), [
			{ label: t("signin.name"), title: true, text: (l) => l.name ?? t("server.unknown") },
			{ label: t("server.why"), text: (l) => named("login", l.reason) },
			{ label: t("server.address"), text: (l) => l.address },
			{ label: t("server.times"), number: true, text: (l) => number(l.times) },
			{ label: t("server.first"), text: (l) => moment(l.first) },
			{ label: t("server.last"), text: (l) => moment(l.time) },
		], list, { className: "rows" })] : nothing(t("server.no-logins")));
}

export async function server(place, context) {
	const { signal } = context;
	const [state, all, refused, kept] = await Promise.all(["server", "server/accounts", "server/logins", "server/backup"].map((path) =>
		api.get(path, {}, signal)));
	const done = () => signal.aborted || context.refresh();
	place.replaceChildren(health(state), h("section", {}, h("h2", {}, t("server.inspect")), h("div", { class: "inspections" },
		inspection("server/check", "check"), inspection("server/ledger", "verify"), heads(), comparison())), backup(kept, signal), accounts(context, all.accounts, done), logins(refused));
}
