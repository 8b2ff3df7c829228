// Keeps the app whole for when there is no network. A version is installed
// complete or not at all; the API is never kept.

const VERSION = "emotp-1";
const FILES = [
	"/", "/api.js", "/app.css", "/app.js", "/clock.js", "/code.js",
	"/home.js", "/icon.svg", "/manifest.webmanifest", "/register.js",
	"/ring.js", "/settings.js", "/vault.js", "/words.js",
];

addEventListener("install", (event) => {
	event.waitUntil(caches.open(VERSION)
		.then((cache) => cache.addAll(
			FILES.map((path) => new Request(path, { cache: "reload" }))))
		.then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
	event.waitUntil(caches.keys()
		.then((names) => Promise.all(names
			.filter((name) => name !== VERSION)
			.map((name) => caches.delete(name))))
		.then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
	const url = new URL(event.request.url);
	if (event.request.method !== "GET" || url.origin !== location.origin ||
		!FILES.includes(url.pathname)) return;
	event.respondWith(caches.match(url.pathname)
		.then((kept) => kept ?? fetch(event.request)));
});
