// Accounts with their keys, in IndexedDB: id, issuer, account, name,
// algorithm, digits, period, key, confirmed.

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

// Durable when it resolves.
async function change(act) {
	const db = await (opened ??= open());
	const transaction = db.transaction(STORE, "readwrite",
		{ durability: "strict" });
	act(transaction.objectStore(STORE));
	return new Promise((resolve, reject) => {
		transaction.oncomplete = resolve;
		transaction.onabort = () => reject(transaction.error);
	});
}

export async function accounts() {
	const db = await (opened ??= open());
	const all = await settled(
		db.transaction(STORE).objectStore(STORE).getAll());
	return all.sort((a, b) => a.added - b.added);
}

export const keep = (account) => change((store) => store.put(account));
export const forget = (id) => change((store) => store.delete(id));

// Whether the browser promises not to delete them by itself.
export async function persist() {
	return await navigator.storage?.persist?.() ?? false;
}
