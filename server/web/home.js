// The code inside its ring.

import { codeOf, grouped, stepAt } from "/code.js";
import { measure, WARN_MS } from "/clock.js";
import { drawRing, SEGMENTS, showSpent, spentAt } from "/ring.js";
import { say } from "/words.js";

const $ = (id) => document.getElementById(id);

let account = null;
let shown = { step: null, code: "", next: "" };
let timer;

function secondsLeft(now_ms) {
	return Math.ceil(account.period - now_ms / 1000 % account.period);
}

function showCode() {
	$("code").textContent = grouped(shown.code);
	$("copy").classList.toggle("long", shown.code.length > 6);
	$("copy").setAttribute("aria-label", say("copy", {
		code: [...shown.code].join(" "),
	}));
}

async function compute(step) {
	const of = account;
	const known = shown.step === step - 1 && shown.next;
	const code = known || await codeOf(of, step);
	if (account !== of) return;
	shown = { step, code, next: "" };
	showCode();
	const next = await codeOf(of, step + 1);
	if (account === of && shown.step === step) shown.next = next;
}

function show() {
	const now_ms = Date.now();
	const step = stepAt(now_ms, account.period);
	const spent = spentAt(now_ms, account.period);
	showSpent($("ring"), spent);
	$("left").textContent = say("left", { seconds: secondsLeft(now_ms) });
	if (shown.step !== step) compute(step);
	$("next").hidden = spent < SEGMENTS - 1 || shown.next === "";
	$("next").textContent =
		say("upcoming", { code: grouped(shown.next || "") });
}

// Shortly after each full second, so that a new code is there at once.
function tick() {
	clearTimeout(timer);
	if (account === null) return;
	show();
	timer = setTimeout(tick, 1000 - Date.now() % 1000 + 2);
}

async function checkClock() {
	let off_ms;
	try {
		off_ms = await measure();
	} catch {
		return; // offline: nothing is known, and nothing said
	}
	$("clock").hidden = Math.abs(off_ms) <= WARN_MS;
	$("clock-by").textContent = say(off_ms < 0 ? "slow" : "fast",
		{ minutes: Math.round(Math.abs(off_ms) / 60000) });
}

async function copy() {
	try {
		await navigator.clipboard.writeText(shown.code);
	} catch {
		return; // not allowed: the code can still be read
	}
	$("hint").textContent = $("said").textContent = say("copied");
	setTimeout(() => {
		$("hint").textContent = say("tap");
		$("said").textContent = "";
	}, 2000);
}

export function openHome(chosen) {
	account = chosen;
	shown = { step: null, code: "", next: "" };
	tick();
	checkClock();
}

export function closeHome() {
	account = null;
	clearTimeout(timer);
}

export function startHome() {
	drawRing($("ring"));
	$("copy").addEventListener("click", copy);
	for (const event of ["visibilitychange", "pageshow", "focus"])
		addEventListener(event, tick);
	document.addEventListener("visibilitychange", () => {
		tick();
		if (!document.hidden && account !== null) checkClock();
	});
}
