// The JSON interface below api/. The session's token against other sites' requests is kept here alone.

let csrf = "", who = "";
let signedOut = () => {}, changed = () => {};

// A session that nobody uses ends on the server; here it has to be noticed, since what stands on a screen that nobody looks
// after stays there. What another window of the same browser does is use too.
const LONGEST_TIMER = 2 ** 31 - 1;
const windows = new BroadcastChannel("dedit");
let idle = 0, until = 0, over;
function used() {
	clearTimeout(over);
	if (csrf)
		over = setTimeout(ended, Math.min(idle, until - Date.now(), LONGEST_TIMER));
}
windows.onmessage = used;

function forget() {
	csrf = "";
	used();
}
function ended() {
	forget();
	signedOut();
}

export class Refusal extends Error {
	// problem: the name of its type (api.h), "" for one that says no more than the status.
	constructor(status, detail, retry, problem = "") {
		super(detail);
		this.status = status;
		this.retry = retry;
		this.problem = problem;
	}
}

export const onSignedOut = (call) => { signedOut = call; };
export const onAnother = (call) => { changed = call; };

export function query(path, parameters = {}) {
	const q = new URLSearchParams();
	for (const [key, value] of Object.entries(parameters)) {
		for (const one of Array.isArray(value) ? value : [value]) {
			if (one !== undefined && one !== null && one !== "")
				q.append(key, one);
		}
	}
	return q.size || q.toString() ? `${path}?${q}` : path;
}

// Of names, whatever is in them; of a calendar, "owner/name", and what belongs to it.
export const path = (...parts) => parts.map(encodeURIComponent).join("/");
export const calendarPath = (calendar, ...more) => path("calendars", ...calendar.split("/"), ...more);
export const ownerOf = (calendar) => calendar.split("/")[0];
// Under which an owner's calendars are.
export async function policiesOf(owner, signal) {
	const { policies } = await get("policies", {}, signal);
	return policies.filter((p) => p.calendars.some((c) => ownerOf(c) === owner));
}
export const address = (path, parameters) => new URL(`api/${query(path, parameters)}`, document.baseURI).href;

const TYPES = "dedit:";
async function problem(response) {
	let told = {};
	try {
		told = await response.json();
	} catch { /* somebody else's, a proxy's perhaps */ }
	return new Refusal(response.status, told.detail ?? response.statusText, response.headers.get("Retry-After"),
		told.type?.startsWith(TYPES) ? told.type.slice(TYPES.length) : "");
}

// After somebody signed in in another window of the same browser, that one's session is ours too: true if it is the same
// person's, whose token we didn't know yet.
async function sameAgain() {
	const before = csrf, name = who;
	await session();
	if (csrf === before)
		return false;
	if (who === name)
		return true;
	changed();
	return false;
}

async function call(method, path, options = {}) {
	try {
		return await once(method, path, options);
	} catch (e) {
		const signingIn = method === "POST" && path === "session";
		if (e.status === 403 && method !== "GET" && !signingIn && await sameAgain())
			return once(method, path, options);
		throw e;
	}
}

async function once(method, path, { body, type, headers = {}, signal, quiet } = {}) {
	const change = method !== "GET";
	let response;
	try {
		response = await fetch(address(path), { method, body, signal, credentials: "same-origin", cache: "no-store",
			headers: { Accept: "application/json", ...(type ? { "Content-Type": type } : {}),
				...(change && csrf ? { "X-CSRF-Token": csrf } : {}), ...headers } });
	} catch (e) {
		throw e.name === "AbortError" ? e : new Refusal(0, "");
	}
	if (csrf && response.status !== 401) {
		used();
		windows.postMessage("used");
	}
	if (response.ok)
		return response;
	const refusal = await problem(response);
	if (refusal.status === 401 && !quiet)
		ended();
	throw refusal;
}

async function answer(response) {
	return response.status === 204 ? null : response.json();
}

const json = (body) => body === undefined ? {} : { body: JSON.stringify(body), type: "application/json" };

export const get = async (path, parameters, signal) => answer(await call("GET", query(path, parameters), { signal }));
export const send = async (method, path, body) => answer(await call(method, path, json(body)));
export const upload = async (path, body, type) => answer(await call("POST", path, { body, type }));
export const file = async (method, path, body) => (await call(method, path, json(body))).blob();

// What the server works at, asked for each second: draw(state) until it isn't running(state) any more, and what came of it.
// A server that can't be reached just now is asked again.
const AGAIN = 1000;
async function later(path, signal) {
	for (;;) {
		await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
		try {
			return await get(path, {}, signal);
		} catch (e) {
			if (e.status !== 0)
				throw e;
		}
	}
}
export async function poll(path, first, running, draw, signal) {
	for (let state = first;; state = await later(path, signal)) {
		draw(state);
		if (!running(state))
			return state;
	}
}

function keep(session) {
	csrf = session.csrf ?? "";
	who = session.name;
	idle = session.idle * 1000;
	until = Date.now() + Date.parse(session.expires) - Date.parse(session.now) + 1000; // told in whole seconds
	used();
	return session;
}

export const session = async () => keep(await answer(await call("GET", "session", { quiet: true })));

// RFC 7617, in UTF-8.
function basic(name, password) {
	const bytes = new TextEncoder().encode(`${name}:${password}`);
	return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

export const signIn = async (name, password) => keep(await answer(await call("POST", "session", { quiet: true, headers: basic(name, password) })));

// What asks for the password of who is signed in once more.
export const confirmed = async (method, path, name, password, body) => answer(await call(method, path,
	{ ...json(body), headers: basic(name, password) }));

export const changePassword = (name, old, password) => confirmed("POST", "account/password", name, old, { password });

export async function signOut() {
	await call("DELETE", "session", { quiet: true });
	forget();
}

// Gives a file to the person.
export function save(blob, name) {
	const url = URL.createObjectURL(blob);
	const a = document.createElement("a");
	a.href = url;
	a.download = name;
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}
