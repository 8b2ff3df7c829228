// Registration: the address, the mailed code, the confirmation.

import { confirmToken, Problem, registerToken, requestCode } from "/api.js";
import { codeOf, importSecret, stepAt } from "/code.js";
import { everyTenth } from "/clock.js";
import { keep, persist, prove, recall, remember, titleOf } from "/vault.js";
import { announce, say, sayIfChanged } from "/words.js";

const $ = (id) => document.getElementById(id);
const LIFE_MS = 60 * 60 * 1000;
const AGAIN_MS = 60 * 1000; // the service mails one a minute,
const AN_HOUR = 5;          // and as many an hour
const SIGNS = 10;
const DEVICES = ["iPhone", "iPad", "Android", "Macintosh", "Windows", "Linux"];

// Where a problem is to be mended. What is not listed is the service's.
const FIELDS = {
	"bad-address": "email", "wrong-code": "mailed", "short-code": "mailed",
	expired: "mailed", used: "mailed", "otp-required": "otp",
	"otp-refused": "otp", offline: null, storage: null, "too-far": null,
	unconfirmed: null,
};

let go;    // shows another screen: go(name)
let added; // takes a new account: added(account, those that it replaces)
let asked = null; // { email, sent_ms } of the last code that was asked for
let sent = [];    // those of the last hour, oldest first

// Below what it is about: above the button that is pressed again.
export function tell(type) {
	const known = type in FIELDS ? type : "down";
	const field = FIELDS[known] && $(FIELDS[known]);
	const place = document.querySelector(
		"main > section:not([hidden]) .main");
	if (place !== null) place.before($("notice"));
	$("notice").textContent = say(known);
	$("notice").hidden = false;
	if (!field) return;
	field.setAttribute("aria-invalid", "true");
	field.focus();
	field.select();
}

export function hush() {
	$("notice").hidden = true;
	$("notice").textContent = ""; // hidden text still describes a field
	for (const field of document.querySelectorAll("[aria-invalid]"))
		field.removeAttribute("aria-invalid");
}

// One thing at a time; what fails is told.
async function busy(section, act) {
	if (section.ariaBusy === "true") return;
	hush();
	section.ariaBusy = "true";
	try {
		await act();
	} catch (error) {
		tell(error instanceof Problem ? error.type : "storage");
	} finally {
		section.ariaBusy = "false";
	}
}

function clockOf(ms) {
	const seconds = Math.ceil(ms / 1000);
	return `${Math.floor(seconds / 60)}:${
		String(seconds % 60).padStart(2, "0")}`;
}

function age({ sent_ms }) {
	return Date.now() - Math.min(sent_ms, Date.now());
}

// The codes that were asked for within the hour, newest first.
function sentTo(email) {
	return sent.filter((x) => age(x) < LIFE_MS &&
		x.email.toLowerCase() === email.toLowerCase()).reverse();
}

// Until the service mails another; 0 and below: now.
function againIn(email) {
	const last = sentTo(email);
	return Math.max(
		last.length > 0 ? AGAIN_MS - age(last[0]) : 0,
		last.length >= AN_HOUR ? LIFE_MS - age(last[AN_HOUR - 1]) : 0);
}

function countDown() {
	if ($("enter").hidden || asked === null) return;
	const age_ms = age(asked);
	const again_ms = againIn(asked.email);
	if (age_ms < LIFE_MS)
		sayIfChanged("lives", "lives", { time: clockOf(LIFE_MS - age_ms) });
	else
		sayIfChanged("lives", "dead");
	$("request").disabled = again_ms > 0;
	if (again_ms > 0)
		sayIfChanged("request", "request-when", { time: clockOf(again_ms) });
	else
		sayIfChanged("request", "request");
}

async function request(email) {
	await requestCode(email);
	asked = { email, sent_ms: Date.now() };
	sent = [...sent, asked].filter((x) => age(x) < LIFE_MS);
	remember("asked", JSON.stringify(asked));
	remember("sent", JSON.stringify(sent));
	announce(say("sent", asked));
}

// As people type and paste it: with spaces, any dash, full-width letters.
function plain(typed) {
	return typed.normalize("NFKC").replace(/[\s\p{Pd}\p{Cf}\u2212]/gu, "");
}

function recalled(name) {
	try {
		return JSON.parse(recall(name));
	} catch {
		return null;
	}
}

function label() {
	const device = DEVICES.find((x) => navigator.userAgent.includes(x)) ?? "";
	return device === "Macintosh" ? "Mac" : device;
}

function accountOf(told, key) {
	const { id, issuer, account, algorithm, digits, period } = told;
	return { id, issuer, account, name: "", algorithm, digits, period, key,
		added: Date.now(), confirmed: false };
}

async function token(message) {
	try {
		const told = await registerToken(message);
		const key = await importSecret(told.secret, told.algorithm);
		delete told.secret;
		return accountOf(told, key);
	} catch (problem) {
		if (problem.type !== "otp-required") throw problem;
		const again = !$("otp-row").hidden && "otp" in message;
		$("otp-row").hidden = false;
		throw new Problem(again ? "otp-refused" : "otp-required");
	}
}

// With the code of the step before, so that the one on the screen logs in.
export async function confirm(account) {
	const now_ms = Date.now();
	const otp = await codeOf(account, stepAt(now_ms, account.period) - 1);
	try {
		await confirmToken(account.id, otp, Math.floor(now_ms / 1000));
	} catch (problem) {
		if (problem.type === "wrong-otp") throw new Problem("too-far");
		if (problem.type !== "confirmed-already")
			throw new Problem("unconfirmed");
	}
	account.confirmed = true;
	await keep(account);
}

async function register() {
	const message = { email: asked.email, code: plain($("mailed").value),
		label: label() };
	const otp = plain($("otp").value);
	if (message.code.length !== SIGNS) throw new Problem("short-code");
	if (otp !== "") message.otp = otp;
	await prove();
	const account = await token(message);
	await keep(account);
	// Where the mailed code sufficed, no earlier token is alive.
	await added(account, otp === "");
	persist();
	asked = null;
	remember("asked", null);
	$("done-who").textContent =
		say("done-who", { name: titleOf(account), issuer: account.issuer });
	$("done-how").hidden = true;
	let trouble = null;
	await confirm(account).catch((problem) => { trouble = problem; });
	go("done");
	$("done-how").hidden = trouble !== null;
	if (trouble !== null) tell(trouble.type ?? "storage");
}

function clear() {
	for (const id of ["email", "mailed", "otp"]) $(id).value = "";
	$("otp-row").hidden = true;
}

function enter() {
	$("sent").textContent = say("sent", asked);
	go("enter");
	countDown();
}

// Goes on where it was left, as phones drop a page while a mail is read.
export function openRegister() {
	asked ??= recalled("asked");
	if (asked !== null && age(asked) < LIFE_MS) {
		enter();
		return;
	}
	clear();
	go("address");
}

function submit(form, act) {
	$(form).addEventListener("submit", (event) => {
		event.preventDefault();
		busy($(form).parentNode, act);
	});
}

export function startRegister(show, take) {
	go = show;
	added = take;
	sent = recalled("sent") ?? [];
	submit("address-form", async () => {
		const email = $("email").value.trim();
		if (!/^[^\s@]+@[^\s@]+$/.test(email))
			throw new Problem("bad-address");
		// The service would mail none yet: the last one is still good.
		if (againIn(email) > 0) [asked] = sentTo(email);
		else await request(email);
		enter();
	});
	submit("enter-form", register);
	$("request").addEventListener("click", () => busy($("enter"), async () => {
		await request(asked.email);
		countDown();
		$("mailed").focus();
	}));
	$("other").addEventListener("click", () => {
		asked = null;
		remember("asked", null);
		clear();
		go("address");
	});
	everyTenth(countDown);
}
