// How far the device's clock is off. Never corrected silently: codes are made
// by the device's own clock, and the service learns how far that is off.

import { serviceTime } from "/api.js";

export const WARN_MS = 3 * 60 * 1000;

// The device's clock minus the service's, in milliseconds. The service tells
// whole seconds, so that on average half of one is missing.
export async function measure() {
	const before_ms = Date.now(), start_ms = performance.now();
	const time_s = await serviceTime();
	const trip_ms = performance.now() - start_ms;
	return before_ms + trip_ms / 2 - (time_s * 1000 + 500);
}

// Calls act at most 100 ms after each time that the device's clock shows
// another tenth of a second, also after sleep and when the clock is set. A
// timer alone would stand still while the device sleeps, and go on late.
export function everyTenth(act) {
	let timer;
	function tick() {
		clearTimeout(timer);
		if (document.hidden) return;
		act();
		timer = setTimeout(tick, 100 - Date.now() % 100);
	}
	document.addEventListener("visibilitychange", tick);
	addEventListener("pageshow", tick);
	addEventListener("focus", tick);
	tick();
}
