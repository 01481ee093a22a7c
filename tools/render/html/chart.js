/* chart.js: what all charts share: scales, axes with round numbers, and a drawing area as wide as the page allows. */
const CHART = { left: 66, right: 12, top: 10, bottom: 24 };

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

function chart(label, width, height) {
    return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" });
}

/* Drawn for the width there is, again when that changes, so that letters keep their size. The height is fixed: a
 * drawing must not change the size that made it. */
function responsive(height, render) {
    const holder = place(make("div", { class: "holder" }), { height: `${height}px` });
    let width = 0;
    const redraw = () => {
        if (width > 0)
            holder.replaceChildren(render(width));
    };
    new ResizeObserver(() => requestAnimationFrame(() => {
        const now = Math.round(holder.clientWidth);
        if (now > 0 && now !== width) {
            width = now;
            redraw();
        }
    })).observe(holder);
    return { holder, redraw };
}

function axisLeft(svg, ticks, y, unit, width) {
    for (const value of ticks) {
        const at = y(value).toFixed(1);
        svg.append(draw("line", { class: "grid", x1: CHART.left, x2: width - CHART.right, y1: at, y2: at }),
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

function timeTicks(from, to, width) {
    const step = roundStep(to - from, Math.max(2, Math.min(10, width / 90))), ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step)
        ticks.push(at);
    return ticks;
}
