// Accounts and language.

import { forget, keep, persist } from "/vault.js";
import { say } from "/words.js";

const $ = (id) => document.getElementById(id);

function element(name, properties, ...children) {
	const made = Object.assign(document.createElement(name), properties);
	made.append(...children);
	return made;
}

function button(word, act, kind = "quiet") {
	return element("button",
		{ textContent: say(word), className: kind, onclick: act });
}

function renaming(account, redraw) {
	const input = element("input",
		{ value: account.name, maxLength: 64, required: true });
	const form = element("form", {
		onsubmit: async (event) => {
			event.preventDefault();
			account.name = input.value.trim() || account.name;
			await keep(account);
			redraw();
		},
	}, element("label", {}, say("name"), input),
	button("save", null, "main"));
	return { form, input };
}

function row(account, chosen, changed) {
	const item = element("li");
	const radio = element("input", {
		type: "radio", name: "account", checked: account.id === chosen,
		onchange: () => changed("choose", account),
	});
	const actions = element("div", { className: "row" },
		element("label", {}, radio, account.name),
		button("rename", () => {
			const { form, input } =
				renaming(account, () => changed("redraw"));
			item.replaceChildren(form);
			input.focus();
		}),
		button("remove", () => {
			const stay = button("keep", () => changed("redraw"));
			item.replaceChildren(
				element("p",
					{ textContent: say("remove-sure", account) }),
				button("remove-yes", async () => {
					await forget(account.id);
					changed("removed");
				}, "danger"),
				stay);
			stay.focus();
		}, "quiet danger"));
	item.append(actions);
	return item;
}

export async function showSettings(list, chosen, changed) {
	$("accounts").replaceChildren(
		...list.map((account) => row(account, chosen, changed)));
	$("iphone").hidden = !/iPhone|iPad/.test(navigator.userAgent) ||
		navigator.standalone === true;
	$("kept").textContent = say(await persist() ? "kept" : "not-kept");
}
