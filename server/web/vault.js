// Accounts with their keys, in IndexedDB: id, issuer, account, name,
// algorithm, digits, period, key, added, confirmed. And choices, which are
// no secrets, in localStorage.

const STORE = "accounts";

function settled(request) {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
}

let opened;

function open() {
	const request = indexedDB.open("emotp", 1);
	request.onupgradeneeded = () =>
		request.result.createObjectStore(STORE, { keyPath: "id" });
	return settled(request);
}

async function store(mode) {
	const db = await (opened ??= open());
	return db.transaction(STORE, mode, { durability: "strict" })
		.objectStore(STORE);
}

// Durable when it resolves.
async function change(act) {
	const accounts = await store("readwrite");
	const { transaction } = accounts;
	act(accounts);
	return new Promise((resolve, reject) => {
		transaction.oncomplete = resolve;
		transaction.onabort = () => reject(transaction.error);
	});
}

export async function accounts() {
	const all = await settled((await store("readonly")).getAll());
	return all.sort((a, b) => a.added - b.added);
}

export const keep = (account) => change((store) => store.put(account));
export const forget = (id) => change((store) => store.delete(id));

// Fails where a key would not be kept, before a mailed code is spent on it.
// All in one transaction, so that nobody meets what is only tried.
export async function prove() {
	const key = await crypto.subtle.generateKey(
		{ name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
	let got;
	await change((store) => {
		store.put({ id: "proof", key });
		got = store.get("proof");
		store.delete("proof");
	});
	if (!(got.result?.key instanceof CryptoKey)) throw new Error("not kept");
}

// What an account is called, and what stands below that.
export const titleOf = (account) => account.name || account.account;
export const belowOf = (account) => account.name ?
	`${account.account} \u00b7 ${account.issuer}` : account.issuer;

// Asks the browser not to delete them by itself.
export const persist = async () => {
	try {
		return await navigator.storage.persist();
	} catch {
		return false;
	}
};

export const persisted = async () => {
	try {
		return await navigator.storage.persisted();
	} catch {
		return false;
	}
};

// A browser may forbid localStorage: then nothing is remembered.
export function recall(name) {
	try {
		return localStorage.getItem(name);
	} catch {
		return null;
	}
}

export function remember(name, value) {
	try {
		if (value === null) localStorage.removeItem(name);
		else localStorage.setItem(name, value);
	} catch {
		// as said
	}
}
