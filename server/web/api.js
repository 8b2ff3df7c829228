// The service: PROTOCOL.md, section 1. What fails is a Problem whose type is
// one of the protocol's, or "offline" (this device), or "down" (the service).

const PATIENCE_MS = 15000;

export class Problem extends Error {
	constructor(type) {
		super(type);
		this.type = type;
	}
}

async function problemOf(response) {
	try {
		const { type } = await response.json();
		return new Problem(type.replace("about:emotp#", ""));
	} catch {
		return new Problem("down");
	}
}

async function send(path, options) {
	const patience = new AbortController();
	const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
	try {
		const response = await fetch(path, {
			...options, cache: "no-store", credentials: "omit",
			redirect: "error", signal: patience.signal,
		});
		if (!response.ok) throw await problemOf(response);
		return await response.json();
	} catch (error) {
		if (error instanceof Problem) throw error;
		throw new Problem(navigator.onLine ? "down" : "offline");
	} finally {
		clearTimeout(timer);
	}
}

function post(path, message) {
	return send(path, {
		method: "POST", body: JSON.stringify(message),
		headers: { "Content-Type": "application/json" },
	});
}

export const requestCode = (email) =>
	post("/v1/registration-codes", { email });
export const registerToken = (message) => post("/v1/tokens", message);
export const confirmToken = (id, otp, time) =>
	post(`/v1/tokens/${id}/confirmations`, { otp, time });
export const serviceTime = async () => (await send("/v1/time", {})).time;
