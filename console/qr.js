// Addresses for a telephone's camera (ISO/IEC 18004): dark on light in either theme, or cameras don't find them.
import { h, svg } from "./dom.js";
import { correction, generate } from "./lean-qr.js";

const QUIET = 4; // squares of margin

export function qrCode(text, label) {
	const code = generate(text, { minCorrectionLevel: correction.M });
	const side = code.size + 2 * QUIET;
	let d = "";

	for (let y = 0; y < code.size; y++) {
		for (let x = 0; x < code.size; x++) {
			if (code.get(x, y))
				d += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
		}
	}
	return h("figure", { class: "qr" }, svg("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label,
		"shape-rendering": "crispEdges" }, svg("rect", { width: side, height: side, fill: "#fff" }), svg("path", { d, fill: "#000" })),
	h("figcaption", { class: "hint" }, label));
}
