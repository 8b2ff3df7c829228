// Accounts and language.

import { belowOf, forget, keep, persisted, titleOf } from "/vault.js";
import { say } from "/words.js";

const $ = (id) => document.getElementById(id);

function element(name, properties, ...children) {
	const made = Object.assign(document.createElement(name), properties);
	made.append(...children);
	return made;
}

// Named after what it does, and to whom: "Remove alice".
function button(word, account, act, kind = "quiet") {
	return element("button", {
		textContent: say(word), className: kind, onclick: act,
		type: act ? "button" : "submit",
		ariaLabel: `${say(word)} ${titleOf(account)}`,
	});
}

function renaming(account, close) {
	const input = element("input", {
		id: "rename", value: titleOf(account), maxLength: 64,
		autocomplete: "off",
	});
	const form = element("form", {
		onsubmit: async (event) => {
			event.preventDefault();
			const name = input.value.trim();
			account.name = name === account.account ? "" : name;
			await keep(account);
			close();
		},
		onkeydown: (event) => { if (event.key === "Escape") close(); },
	}, element("label", { htmlFor: "rename", textContent: say("name") }),
	input, element("p", { className: "row" },
		button("save", account, null, "small"),
		button("cancel", account, close)));
	return { form, focus: input };
}

function removing(account, close, gone) {
	const stay = button("keep", account, close, "small");
	const form = element("div", {},
		element("p", {
			textContent: say("remove-sure", { name: titleOf(account) }),
		}),
		element("p", { className: "row" }, stay,
			button("remove-yes", account, gone, "quiet danger")));
	return { form, focus: stay };
}

function row(account, chosen, changed) {
	const item = element("li");
	const radio = element("input", {
		type: "radio", name: "account", checked: account.id === chosen,
		onchange: () => changed("choose", account),
	});
	// What takes the row's place, until it is closed again.
	const open = (make) => () => {
		const { form, focus } = make(account, () => changed("redraw", account),
			async () => {
				await forget(account.id);
				changed("removed", account);
			});
		item.replaceChildren(form);
		focus.focus();
	};
	item.append(
		element("label", {}, radio, element("span", {},
			element("strong", { textContent: titleOf(account) }),
			element("span", { textContent: belowOf(account) }))),
		element("p", { className: "row" },
			button("rename", account, open(renaming)),
			button("remove", account, open(removing), "quiet danger")));
	return item;
}

export async function showSettings(list, chosen, changed) {
	$("accounts").replaceChildren(
		...list.map((account) => row(account, chosen, changed)));
	$("kept").hidden = list.length === 0;
	$("kept").textContent = say(await persisted() ? "kept" : "not-kept");
}

export function focusAccount(list, account) {
	const at = list.findIndex((x) => x.id === account.id);
	$("accounts").children[at]?.querySelector("button").focus();
}
