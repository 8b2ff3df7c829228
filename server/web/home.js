// The code inside its ring.

import { codeOf, grouped, stepAt } from "/code.js";
import { everyTenth, measure, WARN_MS } from "/clock.js";
import { drawRing, SEGMENTS, showSpent, spentAt } from "/ring.js";
import { announce, duration, say, sayIfChanged } from "/words.js";

const $ = (id) => document.getElementById(id);
const COPIED_MS = 2000;

const EMPTY = { step: null, code: "", next: "" };
let account = null; // whose code is shown
let shown = EMPTY;
let drawn = "";     // what the ring and the seconds say
let copied_ms = null;

function spelt(code) {
	return [...code].join(" ");
}

function showCode() {
	$("code").textContent = grouped(shown.code);
	$("copy").classList.toggle("long", shown.code.length > 6);
	$("copy").setAttribute("aria-label",
		say("copy", { code: spelt(shown.code) }));
}

// The code of a step, and then the one after it, so that this can be shown
// at once when its time comes.
async function compute(step) {
	const of = account;
	const known = shown.step === step - 1 ? shown.next : "";
	shown = { step, code: known, next: "" };
	const code = known || await codeOf(of, step);
	if (account !== of || shown.step !== step) return;
	shown.code = code;
	showCode();
	if (document.activeElement === $("copy")) announce(spelt(code));
	const next = await codeOf(of, step + 1);
	if (account === of && shown.step === step) shown.next = next;
}

function showTime(now_ms) {
	const spent = spentAt(now_ms, account.period);
	const left_s = Math.ceil(account.period - now_ms / 1000 % account.period);
	const next = spent < SEGMENTS - 1 ? "" : shown.next;
	const drawing = `${spent} ${left_s} ${next}`;
	if (drawing === drawn) return;
	drawn = drawing;
	showSpent($("ring"), spent);
	$("left").textContent = say("left", { seconds: left_s });
	$("next").textContent =
		next && say("upcoming", { code: grouped(next) });
}

function showHint(now_ms) {
	if (copied_ms === null) return;
	const over = Math.abs(now_ms - copied_ms) >= COPIED_MS;
	$("hint").textContent = say(over ? "tap" : "copied");
	$("hint").classList.toggle("good", !over);
	if (over) copied_ms = null;
}

function show() {
	if (account === null) return;
	const now_ms = Date.now();
	const step = stepAt(now_ms, account.period);
	if (shown.step !== step) compute(step);
	showTime(now_ms);
	showHint(now_ms);
}

async function copy() {
	if (shown.code === "") return;
	try {
		await navigator.clipboard.writeText(shown.code);
	} catch {
		return; // not allowed: the code can still be read
	}
	copied_ms = Date.now();
	show();
	announce(say("copied"));
}

// Offline nothing is known about the clock, and nothing said.
async function checkClock() {
	let off_ms;
	try {
		off_ms = await measure();
	} catch {
		return;
	}
	$("clock").hidden = Math.abs(off_ms) <= WARN_MS;
	$("home").classList.toggle("warned", !$("clock").hidden);
	sayIfChanged("clock-by", off_ms < 0 ? "slow" : "fast",
		{ time: duration(Math.abs(off_ms)) });
}

export function openHome(chosen) {
	account = chosen;
	shown = EMPTY;
	drawn = "";
	show();
	checkClock();
}

export function closeHome() {
	account = null;
}

export function startHome() {
	drawRing($("ring"));
	$("copy").addEventListener("click", copy);
	everyTenth(show);
	addEventListener("online", checkClock);
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden) checkClock();
	});
}
