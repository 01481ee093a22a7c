/* difference.js: the first screen of a comparison: the two sides, the sentence, and where the time went in each. */

function differenceHeader() {
    const [a, b] = data.sides.map((side) => word(side.command));
    byId("title").textContent = a === b ? a : `${a} → ${b}`;
    data.sides.forEach((side, i) => byId("facts").append(fact(`${"AB"[i]}: ${[`pid ${side.pid}`, word(side.run),
        duration(side.wall_ns), plural(side.threads, "thread"), side.runs > 1 ? plural(side.runs, "run") : ""].filter(Boolean).join(", ")}`)));
}

/* What became of a finding, and what the optimizers did: the tables below have the figures of it. */
function outcomes() {
    const table = (id) => readTable(data.tables.find((each) => each.id === id)).rows;
    const findings = table("findings").map(([title, outcome, a, b]) => [title,
        `${outcome}${a > 0 || b > 0 ? `: ${quantity(a, "ns")} → ${quantity(b, "ns")} to gain, a ${data.basis}` : ""}`]);
    const optimizers = table("optimizers").filter((row) => row[1] !== row[2] || row[3] > 0 || row[4] > 0)
        .map(([name, before, after]) => [name, before === after ? before : `${before} → ${after}`]);
    return [["Findings", findings], ["Optimizers", optimizers]].filter(([, rows]) => rows.length > 0).map(([title, rows]) =>
        [make("h3", { class: "minor" }, title), make("dl", { class: "outcomes" }, rows.map(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]))]);
}

const WORSE = { less: "better", more: "worse" };

function differenceVerdict() {
    fill(byId("findings"), {}, [make("p", { class: `sentence ${WORSE[data.judgement] || ""}` }, data.verdict),
        outcomes(), make("p", { class: "muted small" }, data.basis_note)]);
}

function differenceBar(value, most, kind) {
    return make("span", { class: `pair-bar ${kind}`, "aria-hidden": "true" },
        place(make("span", {}), { width: `${most > 0 ? (value / most * 100).toFixed(2) : 0}%` }));
}

function differenceTime() {
    const most = Math.max(...data.time.flatMap((part) => [part.a || 0, part.b || 0]));
    byId("time-title").textContent = `Where the time went, a ${data.basis}`;
    const rows = data.time.filter((part) => part.a > 0 || part.b > 0).map((part) => make("tr", {},
        make("th", { scope: "row" }, part.title),
        make("td", { class: "bars wide" }, differenceBar(part.a || 0, most, "a"), differenceBar(part.b || 0, most, "b")),
        make("td", { class: "figure" }, quantity(part.a, "ns")),
        make("td", { class: "figure" }, quantity(part.b, "ns")),
        make("td", { class: `figure judgement-${part.judgement}` }, differenceWords(part))));
    byId("time").append(make("table", { class: "time-table" },
        make("caption", { class: "hidden" }, "Where the time went on both sides"),
        make("thead", {}, make("tr", {}, ["Part", "", "A", "B", "Change"].map((title, i) =>
            (i === 1 ? make("td", { class: "wide" }) : make("th", { scope: "col", class: i > 1 ? "figure" : null }, title))))),
        make("tbody", {}, rows)));
}

function differenceWords(part) {
    if (part.judgement === 0 || part.judgement === 3 || !(part.a > 0))
        return JUDGEMENTS[part.judgement];
    return change((part.b - part.a) / part.a);
}

function differencePage() {
    differenceHeader();
    differenceVerdict();
    differenceTime();
}
