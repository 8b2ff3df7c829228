// Registration: the address, the mailed code, the confirmation.

import { confirmToken, Problem, registerToken, requestCode } from "/api.js";
import { codeOf, importSecret, stepAt } from "/code.js";
import { keep, persist } from "/vault.js";
import { say } from "/words.js";

const $ = (id) => document.getElementById(id);
const LIFE_MS = 60 * 60 * 1000;
const AGAIN_MS = 60 * 1000;

let go;             // shows another screen: go(name, account)
let email = "";
let sent_ms = 0;
let timer;

export function tell(problem) {
	const words = { "not-found": "down", malformed: "wrong-code",
		unavailable: "down" };
	const type = words[problem.type] ?? problem.type;
	const known = ["wrong-code", "expired", "used", "otp-required", "offline",
		"down", "too-far", "storage"];
	$("notice").textContent = say(known.includes(type) ? type : "down");
	$("notice").hidden = false;
}

// Runs while its form's buttons are off; what fails is told.
async function busy(section, act) {
	const buttons = [...section.querySelectorAll("button")];
	$("notice").hidden = true;
	buttons.forEach((button) => { button.disabled = true; });
	try {
		await act();
	} catch (error) {
		tell(error instanceof Problem ? error : new Problem("storage"));
	} finally {
		buttons.forEach((button) => { button.disabled = false; });
		countDown();
	}
}

function minutes(ms) {
	const seconds = Math.ceil(ms / 1000);
	return `${Math.floor(seconds / 60)}:${
		String(seconds % 60).padStart(2, "0")}`;
}

function countDown() {
	clearTimeout(timer);
	if ($("enter").hidden) return;
	const age_ms = Date.now() - sent_ms;
	const again_s = Math.ceil((AGAIN_MS - age_ms) / 1000);
	$("lives").textContent = age_ms < LIFE_MS ?
		say("lives", { time: minutes(LIFE_MS - age_ms) }) : say("dead");
	$("request").disabled = again_s > 0;
	$("request-when").textContent =
		again_s > 0 ? say("request-when", { seconds: again_s }) : "";
	timer = setTimeout(countDown, 1000);
}

async function request() {
	await requestCode(email);
	sent_ms = Date.now();
	$("sent").textContent = say("sent", { email });
}

// With the code of the step before, so that the one on the screen logs in.
export async function confirm(account) {
	const now_ms = Date.now();
	const otp = await codeOf(account, stepAt(now_ms, account.period) - 1);
	try {
		await confirmToken(account.id, otp, Math.floor(now_ms / 1000));
	} catch (problem) {
		if (problem.type === "wrong-otp") throw new Problem("too-far");
		if (problem.type !== "confirmed-already") throw problem;
	}
	account.confirmed = true;
	await keep(account);
}

async function register() {
	const message = {
		email, code: $("mailed").value.trim(), label: $("label").value.trim(),
	};
	const otp = $("otp").value.replace(/[\s-]/g, "");
	if (otp !== "") message.otp = otp;
	let told;
	try {
		told = await registerToken(message);
	} catch (problem) {
		if (problem.type === "otp-required") $("otp-row").hidden = false;
		throw problem;
	}
	const account = {
		id: told.id, issuer: told.issuer, account: told.account,
		name: `${told.account} (${told.issuer})`,
		algorithm: told.algorithm, digits: told.digits, period: told.period,
		key: await importSecret(told.secret, told.algorithm),
		added: Date.now(), confirmed: false,
	};
	told.secret = "";
	await keep(account);
	await persist();
	$("done-who").textContent = say("done-who", { name: account.name });
	go("done", account);
	await confirm(account);
}

export function openRegister() {
	for (const id of ["email", "mailed", "otp"]) $(id).value = "";
	$("otp-row").hidden = true;
	go("address");
}

export function startRegister(show) {
	go = show;
	$("address-form").addEventListener("submit", (event) => {
		event.preventDefault();
		busy($("address"), async () => {
			email = $("email").value.trim();
			await request();
			go("enter");
		});
	});
	$("enter-form").addEventListener("submit", (event) => {
		event.preventDefault();
		busy($("enter"), register);
	});
	$("request").addEventListener("click", () => busy($("enter"), request));
	$("other").addEventListener("click", () => go("address"));
}
