// The web token: which screen is shown, and for whom.

import { closeHome, openHome, startHome } from "/home.js";
import { measure } from "/clock.js";
import { drawRing } from "/ring.js";
import { confirm, hush, openRegister, startRegister, tell }
	from "/register.js";
import { focusAccount, showSettings } from "/settings.js";
import { accounts, belowOf, forget, recall, remember, titleOf }
	from "/vault.js";
import { languageOf, say, setLanguage } from "/words.js";

const $ = (id) => document.getElementById(id);
const SCREENS = ["home", "address", "enter", "done", "settings"];
const FOCUS = { address: "email", enter: "mailed" };
const CONFIRM_MS = 10 * 60 * 1000; // the service's resync, as it comes

let list = [];
let at = null; // the screen that is shown

function chosen() {
	const id = recall("account");
	return list.find((account) => account.id === id) ?? list[0];
}

// Every screen but the first is left by the device's "back" as well.
function remembered(name) {
	const first = name === "home" || (list.length === 0 &&
		name !== "settings");
	if (at !== null && !first && history.state === null)
		history.pushState("beyond", "");
}

function header(name) {
	const account = name === "home" ? chosen() : null;
	const leave = name === "settings" ||
		(list.length > 0 && (name === "address" || name === "enter"));
	$("close-settings").hidden = !leave;
	$("open-settings").hidden = leave;
	$("who").textContent = account ? titleOf(account) : "emotp";
	$("below").textContent = account ? belowOf(account) : "";
}

function show(name) {
	const before = at;
	remembered(name);
	if (name !== "home") closeHome();
	hush();
	for (const screen of SCREENS) $(screen).hidden = screen !== name;
	header(name);
	at = name;
	const heading = $(name).querySelector("h1");
	document.title = `${heading.textContent} - ${$("who").textContent}`;
	if (before === null || before === name) return;
	scrollTo(0, 0);
	(FOCUS[name] ? $(FOCUS[name]) : heading).focus({ preventScroll: true });
}

function home() {
	if (list.length === 0) {
		openRegister();
		return;
	}
	show("home");
	openHome(chosen());
}

function leave() {
	if (history.state === null) home();
	else history.back();
}

async function settings() {
	show("settings");
	await showSettings(list, chosen()?.id, changed);
}

async function changed(what, account) {
	if (what === "choose") {
		remember("account", account.id);
		return;
	}
	list = await accounts();
	if (list.length === 0) {
		leave();
		return;
	}
	await settings();
	if (what === "redraw") focusAccount(list, account);
	else $("settings").querySelector("h1").focus();
}

// A new account is the chosen one, and takes the place of dead ones.
async function added(account, replaces) {
	const dead = list.filter((x) => replaces &&
		x.issuer === account.issuer && x.account === account.account);
	for (const { id } of dead) await forget(id);
	list = await accounts();
	remember("account", account.id);
}

function speak(language) {
	setLanguage(language);
	$("language").value = document.documentElement.lang;
}

// A token whose confirmation was lost on the way tries again, if its clock
// lets it: the service counts tries.
async function confirmAll() {
	for (const account of list.filter((x) => !x.confirmed)) {
		try {
			if (Math.abs(await measure()) < CONFIRM_MS)
				await confirm(account);
		} catch {
			// next time
		}
	}
}

function outsideHomeScreen() {
	const phone = /iPhone|iPad/.test(navigator.userAgent) ||
		(/Macintosh/.test(navigator.userAgent) &&
			navigator.maxTouchPoints > 1);
	return phone && navigator.standalone !== true;
}

function listen() {
	$("open-settings").addEventListener("click", settings);
	$("close-settings").addEventListener("click", leave);
	$("done-go").addEventListener("click", leave);
	$("add").addEventListener("click", openRegister);
	addEventListener("popstate", home);
	addEventListener("online", confirmAll);
	$("language").addEventListener("change", () => {
		remember("language", $("language").value);
		speak($("language").value);
		settings();
	});
}

// A new version waits until no page of the old one is open, or until one
// that has only just been opened lets it in.
async function keepOffline() {
	const workers = navigator.serviceWorker;
	if (!workers) return;
	const { waiting } = await workers.register("/sw.js");
	if (!waiting) return;
	workers.addEventListener("controllerchange", () => location.reload(),
		{ once: true });
	waiting.postMessage("go on");
}

async function start() {
	speak(recall("language") ?? languageOf(navigator.languages));
	for (const svg of document.querySelectorAll(".emblem")) drawRing(svg);
	for (const hint of document.querySelectorAll(".iphone"))
		hint.hidden = !outsideHomeScreen();
	startRegister(show, added);
	startHome();
	listen();
	try {
		list = await accounts();
	} catch {
		show("address");
		tell("storage");
		return;
	}
	home();
	confirmAll();
	keepOffline().catch(() => {}); // without it, online only
}

start();
