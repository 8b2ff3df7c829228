// Keeps the app whole for when there is no network. The API is never kept.

// SHA-256 of the files below, in their order. A version is installed as
// exactly these bytes or not at all: also in the moment in which the service
// is replaced by a newer one. `tests/style/web --stamp` writes it.
const VERSION =
	"9b79481b5d72e27b9f1dde42a26e3a5f9986982ae697ceb6887763484b65e2c6";
const FILES = [
	"/", "/api.js", "/app.css", "/app.js", "/clock.js", "/code.js",
	"/home.js", "/icon.png", "/icon.svg", "/manifest.webmanifest",
	"/register.js", "/ring.js", "/settings.js", "/vault.js", "/words.js",
];

async function digest(answers) {
	const all = new Blob(await Promise.all(
		answers.map((answer) => answer.clone().blob())));
	const hash = await crypto.subtle.digest("SHA-256",
		await all.arrayBuffer());
	return [...new Uint8Array(hash)]
		.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function install() {
	const answers = await Promise.all(
		FILES.map((path) => fetch(path, { cache: "reload" })));
	if (await digest(answers) !== VERSION)
		throw new Error("the service has another version");
	const cache = await caches.open(VERSION);
	await Promise.all(FILES.map((path, i) => cache.put(path, answers[i])));
}

async function activate() {
	for (const name of await caches.keys())
		if (name !== VERSION) await caches.delete(name);
	await clients.claim();
}

async function answer(request, path) {
	const cache = await caches.open(VERSION);
	return await cache.match(path) ?? fetch(request);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", () => skipWaiting());
addEventListener("fetch", (event) => {
	const { pathname, origin } = new URL(event.request.url);
	if (event.request.method === "GET" && origin === location.origin &&
		FILES.includes(pathname))
		event.respondWith(answer(event.request, pathname));
});
