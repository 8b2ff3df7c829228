// How far the device's clock is off. Never corrected silently: codes are made
// by the device's own clock, and the service learns how far that is off.

import { serviceTime } from "/api.js";

export const WARN_MS = 3 * 60 * 1000;

// The device's clock minus the service's, in milliseconds; its seconds are
// whole, so that on average half of one is missing.
export async function measure() {
	const before = Date.now(), start = performance.now();
	const time_s = await serviceTime();
	const trip = performance.now() - start;
	return before + trip / 2 - (time_s * 1000 + 500);
}
