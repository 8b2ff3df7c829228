// The web token: which screen is shown, and for whom.

import { closeHome, openHome, startHome } from "/home.js";
import { confirm, openRegister, startRegister, tell } from "/register.js";
import { showSettings } from "/settings.js";
import { accounts } from "/vault.js";
import { languageOf, setLanguage } from "/words.js";

const $ = (id) => document.getElementById(id);
const SCREENS = ["home", "address", "enter", "done", "settings"];

let list = [];

function chosen() {
	const id = localStorage.getItem("account");
	return list.find((account) => account.id === id) ?? list[0];
}

function show(name, account) {
	if (account) {
		list = [...list.filter((x) => x.id !== account.id), account];
		localStorage.setItem("account", account.id);
	}
	if (name !== "home") closeHome();
	$("notice").hidden = true;
	for (const screen of SCREENS) $(screen).hidden = screen !== name;
	$("open-settings").hidden = name === "settings" || list.length === 0;
	$("where").textContent = name === "home" ? chosen().name : "emotp";
	$(name).querySelector("input, button")?.focus({ preventScroll: true });
}

function home() {
	if (list.length === 0) {
		openRegister();
		return;
	}
	show("home");
	openHome(chosen());
}

async function settings() {
	show("settings");
	await showSettings(list, chosen()?.id, async (what, account) => {
		if (what === "choose") localStorage.setItem("account", account.id);
		list = await accounts();
		if (list.length === 0) home();
		else if (what !== "choose") settings();
	});
}

function speak(language) {
	setLanguage(language);
	$("language").value = document.documentElement.lang;
}

// A token whose confirmation was lost on the way tries again.
async function confirmAll() {
	for (const account of list.filter((x) => !x.confirmed)) {
		try {
			await confirm(account);
		} catch (problem) {
			if (problem.type === "too-far") tell(problem);
		}
	}
}

async function start() {
	speak(localStorage.getItem("language") ??
		languageOf(navigator.languages));
	startHome();
	startRegister(show);
	$("open-settings").addEventListener("click", settings);
	$("close-settings").addEventListener("click", home);
	$("add").addEventListener("click", openRegister);
	$("done-go").addEventListener("click", home);
	$("language").addEventListener("change", () => {
		localStorage.setItem("language", $("language").value);
		speak($("language").value);
		settings();
	});
	try {
		list = await accounts();
	} catch {
		tell({ type: "storage" });
		return;
	}
	home();
	confirmAll();
	navigator.serviceWorker?.register("/sw.js");
}

start();
