// HOTP (RFC 4226) and TOTP (RFC 6238). Time is an argument.

const HASHES = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function decode(base32) {
	const bytes = new Uint8Array(Math.floor(base32.length * 5 / 8));
	let bits = 0, count = 0, at = 0;
	for (const letter of base32) {
		bits = (bits << 5 | ALPHABET.indexOf(letter)) & 0xfff;
		count += 5;
		if (count >= 8) {
			count -= 8;
			bytes[at++] = bits >> count;
		}
	}
	return bytes;
}

// A key that signs and that no script can read out again.
export async function importSecret(base32, algorithm) {
	const bytes = decode(base32);
	const key = await crypto.subtle.importKey("raw", bytes,
		{ name: "HMAC", hash: HASHES[algorithm] }, false, ["sign"]);
	bytes.fill(0);
	return key;
}

export function stepAt(now_ms, period_s) {
	return Math.floor(now_ms / 1000 / period_s);
}

export async function codeOf(account, step) {
	const message = new DataView(new ArrayBuffer(8));
	message.setUint32(0, Math.floor(step / 2 ** 32));
	message.setUint32(4, step >>> 0);
	const mac = new DataView(
		await crypto.subtle.sign("HMAC", account.key, message.buffer));
	const offset = mac.getUint8(mac.byteLength - 1) & 15;
	const number = mac.getUint32(offset) & 0x7fffffff;
	return String(number % 10 ** account.digits)
		.padStart(account.digits, "0");
}

// "123 456", "1234 5678"
export function grouped(code) {
	const half = code.length / 2;
	return `${code.slice(0, half)}\u00a0${code.slice(half)}`;
}
