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

function timeline(group, at) {
    const lines = group.series.map((series) => ({ ...series, points: seriesPoints(series, at) }))
        .filter((series) => series.points.some((point) => point[1] !== null));
    if (lines.length === 0)
        return null;
    const values = lines.flatMap((series) => series.points.map((point) => point[1])).filter((value) => value !== null);
    const most = Math.max(...values, 0), step = roundStep(most || 1, 3, group.unit.startsWith("bytes"));
    const bottom = TIMELINE_HEIGHT - CHART.bottom, top = Math.max(step, Math.ceil(most / step) * step);
    const x = linear(at[0], at[at.length - 1], CHART.left, CHART.width - CHART.right), y = linear(0, top, bottom, CHART.top);
    const summary = lines.map((series) => `${series.title} at most ${quantity(Math.max(...series.points.map((point) => point[1] ?? 0)), group.unit)}`);
    const svg = chart(`${group.title} over ${duration(at[at.length - 1] - at[0])}: ${summary.join(", ")}`, TIMELINE_HEIGHT);
    axisLeft(svg, Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step), y, group.unit);
    axisBelow(svg, timeTicks(at[0], at[at.length - 1]), x, bottom, "ns");
    lines.forEach((series, i) => svg.append(draw("path", { class: `line line-${i}`, d: linePath(series.points, x, y) })));
    const cursor = draw("line", { class: "cursor", y1: CHART.top, y2: bottom, x1: -10, x2: -10 });
    svg.append(cursor);
    const readouts = lines.map((series, i) => make("span", { class: "readout" }, make("span", { class: `key line-${i}`, "aria-hidden": "true" }),
        `${series.title} `, make("b", {}, "")));
    const show = (i) => {
        cursor.setAttribute("x1", x(at[i]).toFixed(1));
        cursor.setAttribute("x2", x(at[i]).toFixed(1));
        lines.forEach((series, each) => {
            readouts[each].lastChild.textContent = quantity(series.points[i][1], group.unit);
        });
    };
    const figure = make("figure", { class: "timeline" }, make("figcaption", {}, make("b", {}, group.title), readouts), svg);
    return { figure, show, svg, x };
}

function startTimelines() {
    const resources = data.resources, at = resources.at;
    const parent = byId("timelines");
    if (at.length < 2) {
        parent.append(make("p", { class: "muted" }, "Fewer than two readings: nothing to draw over time."));
        byId("moment-row").hidden = true;
        return;
    }
    const charts = resources.groups.map((group) => timeline(group, at)).filter(Boolean);
    const moment = byId("moment");
    moment.max = String(at.length - 1);
    const show = (i) => {
        moment.value = String(i);
        moment.setAttribute("aria-valuetext", duration(at[i]));
        byId("moment-text").textContent = duration(at[i]);
        charts.forEach((each) => each.show(i));
    };
    for (const each of charts) {
        each.svg.addEventListener("mousemove", (event) => {
            const box = each.svg.getBoundingClientRect(), left = (event.clientX - box.left) / box.width * CHART.width;
            show(at.reduce((best, value, i) => (Math.abs(each.x(value) - left) < Math.abs(each.x(at[best]) - left) ? i : best), 0));
        });
        parent.append(each.figure);
    }
    moment.addEventListener("input", () => show(Number(moment.value)));
    byId("timeline-note").textContent = [resources.note, resources.every > 1 ? `One of ${resources.every} readings is in this file.` : ""].join(" ");
    show(at.length - 1);
}
