/* histogram.js: how long calls took: counts by duration on a logarithmic scale, with the percentiles marked. */
const HISTOGRAM_HEIGHT = 150, HISTOGRAMS_FIRST = 6, BINS_OF_OCTAVE = 4;

function binStart(bin) {
    return 2 ** (bin / BINS_OF_OCTAVE);
}

function percentiles(one) {
    return [["p50", one.p50], ["p90", one.p90], ["p99", one.p99], ["max", one.max]].filter(([, value]) => value > 0);
}

/* At least a decade and a half, so that calls that all took the same are a bar and not a wall. */
function histogramRange(one) {
    const from = binStart(one.first), to = Math.max(binStart(one.first + one.counts.length), one.max || 0);
    const widen = Math.sqrt(Math.max(1, 32 * from / to));
    return [from / widen, to * widen];
}

function drawHistogram(one, name, width) {
    const bottom = HISTOGRAM_HEIGHT - CHART.bottom, top = CHART.top + 14;
    const [from, to] = histogramRange(one);
    const x = logarithmic(from, to, CHART.left, width - CHART.right);
    const most = Math.max(...one.counts), step = Math.max(1, roundStep(most, 3)), y = linear(0, Math.ceil(most / step) * step, bottom, top);
    const marks = percentiles(one);
    const svg = chart(`${name}: ${plural(one.total, "call")}, ${marks.map(([label, value]) => `${label} ${duration(value)}`).join(", ")}`, width, HISTOGRAM_HEIGHT);
    axisLeft(svg, Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step), y, "count", width);
    axisBelow(svg, decades(from, to), x, bottom, "ns");
    one.counts.forEach((number, i) => {
        const left = x(binStart(one.first + i)), right = x(binStart(one.first + i + 1));
        if (number > 0)
            svg.append(draw("rect", { class: "bar", x: left.toFixed(1), width: Math.max(1, right - left - 0.6).toFixed(1),
                y: Math.min(y(number), bottom - 1).toFixed(1), height: Math.max(1, bottom - y(number)).toFixed(1) },
            draw("title", {}, `${duration(binStart(one.first + i))} to ${duration(binStart(one.first + i + 1))}: ${plural(number, "call")}`)));
    });
    let free = -Infinity;
    for (const [label, value] of marks) {
        const at = x(value);
        svg.append(draw("line", { class: "percentile", x1: at.toFixed(1), x2: at.toFixed(1), y1: CHART.top + 10, y2: bottom }));
        if (at > free)
            svg.append(draw("text", { class: "axis", x: Math.min(at, width - 14).toFixed(1), y: CHART.top + 6, "text-anchor": "middle" }, label));
        free = Math.max(free, at + 24);
    }
    return svg;
}

function histogram(one) {
    const name = one.target === null ? word(one.hook) : `${word(one.hook)} ${word(one.target)}`;
    return make("figure", { class: "histogram" }, make("figcaption", {}, make("b", {}, name), make("span", { class: "muted" },
        ` ${plural(one.total, "call")} · ${percentiles(one).map(([label, value]) => `${label} ${duration(value)}`).join(" · ")}`)),
    responsive(HISTOGRAM_HEIGHT, (width) => drawHistogram(one, name, width)).holder);
}

function startHistograms() {
    const all = data.histograms, parent = byId("histograms");
    if (all.length === 0)
        parent.append(make("p", { class: "muted" }, "No call was timed."));
    parent.append(...all.slice(0, HISTOGRAMS_FIRST).map(histogram));
    const more = byId("more-histograms");
    more.hidden = all.length <= HISTOGRAMS_FIRST;
    more.textContent = `Show all ${all.length} histograms`;
    more.addEventListener("click", () => {
        parent.append(...all.slice(HISTOGRAMS_FIRST).map(histogram));
        more.hidden = true;
    });
}
