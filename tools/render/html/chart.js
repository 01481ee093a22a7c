/* chart.js: what all charts share: scales, axes with round numbers, and a drawing area that scales with the page. */
const CHART = { width: 640, left: 64, right: 12, top: 10, bottom: 24 };

/* Round steps: 1, 2, 5 times a power of ten (bytes: of two). */
function roundStep(most, steps, isBytes) {
    const rough = most / steps || 1;
    if (isBytes)
        return 2 ** Math.ceil(Math.log2(rough));
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
}

function linear(from, to, low, high) {
    return (value) => low + (to > from ? (value - from) / (to - from) : 0) * (high - low);
}

function logarithmic(from, to, low, high) {
    const scale = linear(Math.log10(from), Math.log10(to), low, high);
    return (value) => scale(Math.log10(Math.max(value, from)));
}

function decades(from, to) {
    const ticks = [];
    for (let power = Math.ceil(Math.log10(from) - 1e-9); 10 ** power <= to * 1.0001; power++)
        ticks.push(10 ** power);
    return ticks;
}

/* "1 ms": an axis needs no digits behind. */
function tick(value, unit) {
    return quantity(value, unit).replace(/\.0+(?= )/, "").replace(/(\.\d*[1-9])0+(?= )/, "$1");
}

function chart(label, height) {
    return draw("svg", { viewBox: `0 0 ${CHART.width} ${height}`, role: "img", "aria-label": label, class: "chart" });
}

function axisLeft(svg, ticks, y, unit) {
    for (const value of ticks) {
        const at = y(value).toFixed(1);
        svg.append(draw("line", { class: "grid", x1: CHART.left, x2: CHART.width - CHART.right, y1: at, y2: at }),
            draw("text", { class: "axis", x: CHART.left - 6, y: at, "text-anchor": "end", "dominant-baseline": "middle" }, tick(value, unit)));
    }
}

function axisBelow(svg, ticks, x, bottom, unit) {
    for (const value of ticks) {
        const at = x(value).toFixed(1);
        svg.append(draw("line", { class: "grid", x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
            draw("text", { class: "axis", x: at, y: bottom + 16, "text-anchor": "middle" }, tick(value, unit)));
    }
}

function timeTicks(from, to) {
    const step = roundStep(to - from, 6), ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step)
        ticks.push(at);
    return ticks;
}
