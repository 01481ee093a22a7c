/* timeline.js: what the process used over time, one chart for each kind of resource, one moment for all of them. */
const TIMELINE_HEIGHT = 130;

/* Cumulative figures become rates between two readings; a gap where one is not known. */
function seriesPoints(series, at) {
    if (!series.rate)
        return series.values.map((value, i) => [at[i], value]);
    const points = [[at[0], null]];
    for (let i = 1; i < at.length; i++) {
        const before = series.values[i - 1], now = series.values[i], seconds = (at[i] - at[i - 1]) / 1e9;
        points.push([at[i], before === null || now === null || !(seconds > 0) ? null : Math.max(0, now - before) * series.scale / seconds]);
    }
    return points;
}

function linePath(points, x, y) {
    let path = "", pen = false;
    for (const [at, value] of points) {
        path += value === null ? "" : `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = value !== null;
    }
    return path;
}

/* What is drawn of one group; `moment` is the reading that the cursor stands at. */
function drawTimeline(group, lines, at, width, moment) {
    const values = lines.flatMap((series) => series.points.map((point) => point[1])).filter((value) => value !== null);
    const most = Math.max(...values, 0), step = roundStep(most || 1, 3, group.unit.startsWith("bytes"));
    const bottom = TIMELINE_HEIGHT - CHART.bottom, top = Math.max(step, Math.ceil(most / step) * step), last = at[at.length - 1];
    const x = linear(at[0], last, CHART.left, width - CHART.right), y = linear(0, top, bottom, CHART.top);
    const summary = lines.map((series) => `${series.title} at most ${quantity(Math.max(...series.points.map((point) => point[1] ?? 0)), group.unit)}`);
    const svg = chart(`${group.title} over ${duration(last - at[0])}: ${summary.join(", ")}`, width, TIMELINE_HEIGHT);
    axisLeft(svg, Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step), y, group.unit, width);
    axisBelow(svg, timeTicks(at[0], last, width), x, bottom, "ns");
    lines.forEach((series, i) => svg.append(draw("path", { class: `line line-${i}`, d: linePath(series.points, x, y) })));
    svg.append(draw("line", { class: "cursor", y1: CHART.top, y2: bottom, x1: x(at[moment]).toFixed(1), x2: x(at[moment]).toFixed(1) }));
    return { svg, x };
}

/* moments: {at, show}: the reading that all charts stand at, and how to choose another. */
function timeline(group, at, moments) {
    const lines = group.series.map((series) => ({ ...series, points: seriesPoints(series, at) }))
        .filter((series) => series.points.some((point) => point[1] !== null));
    if (lines.length === 0)
        return null;
    const readouts = lines.map((series, i) => make("span", { class: "readout" }, make("span", { class: `key line-${i}`, "aria-hidden": "true" }),
        `${series.title} `, make("b", {}, "")));
    const { holder, redraw } = responsive(TIMELINE_HEIGHT, (width) => {
        const { svg, x } = drawTimeline(group, lines, at, width, moments.at);
        svg.addEventListener("mousemove", (event) => {
            const left = event.clientX - svg.getBoundingClientRect().left;
            moments.show(at.reduce((best, value, i) => (Math.abs(x(value) - left) < Math.abs(x(at[best]) - left) ? i : best), 0));
        });
        return svg;
    });
    const show = () => {
        redraw();
        lines.forEach((series, i) => {
            readouts[i].lastChild.textContent = quantity(series.points[moments.at][1], group.unit);
        });
    };
    return { figure: make("figure", { class: "timeline" }, make("figcaption", {}, make("b", {}, group.title), readouts), holder), show };
}

function startTimelines() {
    const resources = data.resources, at = resources.at, parent = byId("timelines"), moment = byId("moment");
    if (at.length < 2) {
        parent.append(make("p", { class: "muted" }, "Fewer than two readings: nothing to draw over time."));
        byId("moment-row").hidden = true;
        return;
    }
    const moments = { at: -1, show: (i) => {
        if (i === moments.at)
            return;
        moments.at = i;
        moment.value = String(i);
        moment.setAttribute("aria-valuetext", duration(at[i]));
        byId("moment-text").textContent = tick(at[i], "ns");
        charts.forEach((each) => each.show());
    } };
    const charts = resources.groups.map((group) => timeline(group, at, moments)).filter(Boolean);
    moment.max = String(at.length - 1);
    moment.addEventListener("input", () => moments.show(Number(moment.value)));
    parent.append(...charts.map((each) => each.figure));
    byId("timeline-note").textContent = [resources.note, resources.every > 1 ? `One of ${resources.every} readings is in this file.` : ""].join(" ");
    moments.show(at.length - 1);
}
