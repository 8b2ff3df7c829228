// The ring: ten segments, clockwise from the top; each turns grey once its
// tenth of the period is over.

export const SEGMENTS = 10;
const RADIUS = 94, GAP = 3.4; // of 200 units; degrees between two segments

function point(degrees) {
	const angle = (degrees - 90) * Math.PI / 180;
	return `${(100 + RADIUS * Math.cos(angle)).toFixed(2)} ` +
		(100 + RADIUS * Math.sin(angle)).toFixed(2);
}

export function drawRing(svg) {
	for (let i = 0; i < SEGMENTS; i++) {
		const path = document.createElementNS(svg.namespaceURI, "path");
		const from = point(i * 360 / SEGMENTS + GAP / 2);
		const to = point((i + 1) * 360 / SEGMENTS - GAP / 2);
		path.setAttribute("d",
			`M ${from} A ${RADIUS} ${RADIUS} 0 0 1 ${to}`);
		svg.append(path);
	}
}

export function spentAt(now_ms, period_s) {
	const period_ms = period_s * 1000;
	return Math.floor(now_ms % period_ms * SEGMENTS / period_ms);
}

export function showSpent(svg, spent) {
	[...svg.querySelectorAll("path")].forEach((path, i) =>
		path.classList.toggle("spent", i < spent));
}
