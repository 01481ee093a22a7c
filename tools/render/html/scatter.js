/* scatter.js: single calls from the flight recorder: when, and how long, by class. Classes differ by shape as well as by
 * colour. The table lists the same calls. */
const SCATTER_HEIGHT = 300;

const MARKS = [
    (x, y) => `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`,
    (x, y) => `M${x - 3} ${y - 3}h6v6h-6z`,
    (x, y) => `M${x} ${y - 4}l4 7h-8z`,
    (x, y) => `M${x} ${y - 4}l4 4l-4 4l-4 -4z`,
    (x, y) => `M${x - 4} ${y - 1}h3v-3h2v3h3v2h-3v3h-2v-3h-3z`,
    (x, y) => `M${x} ${y + 4}l4 -7h-8z`,
    (x, y) => `M${x - 4} ${y - 1.5}h8v3h-8z`,
    (x, y) => `M${x - 1.5} ${y - 4}v8h3v-8z`,
];

/* Columns: start, duration (ns), hook, target, class, error. */
function readEvents() {
    const { columns } = data.events;
    return columns[0].map((start, i) => ({ start: start * 1000, ns: columns[1][i], hook: word(columns[2][i]), target: word(columns[3][i]),
        kind: columns[4][i], error: columns[5][i] === null ? "" : word(columns[5][i]), tid: columns[6][i] }));
}

/* One chart; what stands nearest to the pointer is told. */
function scatter(events, kinds, off, width) {
    const shown = events.filter((event) => !off.has(event.kind));
    const longest = Math.max(...events.map((event) => event.ns)), shortest = Math.max(100, Math.min(...events.map((event) => event.ns)));
    const from = 10 ** Math.floor(Math.log10(shortest)), to = 10 ** Math.ceil(Math.log10(Math.max(longest, from * 10)));
    const bottom = SCATTER_HEIGHT - CHART.bottom, end = Math.max(data.wall_ns, ...events.map((event) => event.start));
    const x = linear(0, end, CHART.left, width - CHART.right), y = logarithmic(from, to, bottom, CHART.top);
    const svg = chart(`${plural(shown.length, "call")} by start and duration, the longest ${duration(longest)}`, width, SCATTER_HEIGHT);
    axisLeft(svg, decades(from, to), y, "ns", width);
    axisBelow(svg, timeTicks(0, end, width), x, bottom, "ns");
    kinds.forEach((kind, i) => svg.append(draw("path", { class: `mark mark-${i % MARKS.length}`,
        d: shown.filter((event) => event.kind === kind).map((event) => MARKS[i % MARKS.length](+x(event.start).toFixed(1), +y(event.ns).toFixed(1))).join("") })));
    svg.addEventListener("mousemove", (pointer) => {
        const box = svg.getBoundingClientRect(), left = pointer.clientX - box.left, top = pointer.clientY - box.top;
        const far = (event) => (x(event.start) - left) ** 2 + (y(event.ns) - top) ** 2;
        const nearest = shown.reduce((best, event) => (best === null || far(event) < far(best) ? event : best), null);
        if (nearest === null || far(nearest) > 400)
            return hideTooltip();
        showTooltip([`${nearest.hook} ${nearest.target}`, duration(nearest.ns), `at ${tick(nearest.start, "ns")}`,
            ...(nearest.error ? [nearest.error] : [])], pointer.clientX, pointer.clientY);
    });
    svg.addEventListener("mouseleave", hideTooltip);
    return svg;
}

function startScatter() {
    const events = readEvents(), parent = byId("scatter");
    if (events.length === 0) {
        byId("scatter-note").textContent = data.events.note || "The flight recorder holds no call.";
        byId("scatter-table").hidden = true;
        return;
    }
    const kinds = data.events.classes.map((_, i) => i).filter((kind) => events.some((event) => event.kind === kind));
    const off = new Set();
    const { holder, redraw } = responsive(SCATTER_HEIGHT, (width) => scatter(events, kinds, off, width));
    parent.append(holder);
    byId("scatter-legend").append(...kinds.map((kind, i) => make("label", {},
        make("input", { type: "checkbox", checked: true, change: (event) => { event.target.checked ? off.delete(kind) : off.add(kind); redraw(); } }),
        draw("svg", { viewBox: "-6 -6 12 12", class: "key-mark", "aria-hidden": "true" },
            draw("path", { class: `mark mark-${i % MARKS.length}`, d: MARKS[i % MARKS.length](0, 0) })),
        data.events.classes[kind])));
    byId("scatter-note").textContent = data.events.note;
    byId("scatter-table").addEventListener("toggle", (event) => {
        if (event.target.open && byId("scatter-rows").childElementCount === 0)
            byId("scatter-rows").append(makeTable({ title: "Calls in the flight recorder, slowest first",
                columns: [["Call", "text"], ["Target", "text"], ["Class", "text"], ["Start", "ns"], ["Duration", "ns"], ["Error", "text"], ["Thread", "text"]],
                rows: [...events].sort((a, b) => b.ns - a.ns).map((event) => [event.hook, event.target, data.events.classes[event.kind],
                    event.start, event.ns, event.error, event.tid === null ? null : String(event.tid)]) }));
    });
}
