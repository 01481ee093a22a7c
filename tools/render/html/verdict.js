/* verdict.js: the first screen: what ran, what to change first and what it gives at most, and where the time went. */

function fact(text, kind) {
    return make("li", { class: kind || null }, text);
}

function header() {
    const ran = data.process;
    const self = data.self;
    const facts = [
        fact(`pid ${ran.pid}` + (ran.others > 0 ? ` and ${count(ran.others)} more` : "")),
        fact(duration(data.wall_ns)),
        fact(plural(ran.threads, "thread")),
        fact(ran.state, ["exited", "running"].includes(ran.state) ? null : "warn"),
        ran.exit_status ? fact(`exit status ${ran.exit_status}`, "warn") : null,
        fact(`libstrong cost ${share(self.share)} (estimated)`),
        fact(`${plural(self.dropped, "sample")} dropped`, self.dropped > 0 ? "warn" : null),
    ];
    byId("title").textContent = word(ran.command);
    byId("facts").append(...facts.filter(Boolean));
}

/* ---- findings ---- */

function advice(label, text, code) {
    if (!text)
        return [];
    return [make("dt", {}, label), make("dd", {}, code ? make("code", {}, text) : text)];
}

function evidenceFacts(finding) {
    const parts = [];
    if (finding.count > 0)
        parts.push(`n = ${count(finding.count)}` + (finding.window_ns > 0 ? ` in ${duration(finding.window_ns)}` : ""));
    if (finding.p99_ns > 0)
        parts.push(`p50 ${duration(finding.p50_ns)}, p99 ${duration(finding.p99_ns)}`);
    parts.push(`confidence ${finding.confidence}`);
    return parts.join(" · ");
}

function gainBar(finding) {
    const part = data.thread_ns > 0 ? finding.gain_ns / data.thread_ns : 0;
    return make("span", { class: "gain-bar", "aria-hidden": "true" },
        place(make("span", {}), { width: `${Math.min(100, part * 100).toFixed(2)}%` }));
}

function gainText(finding) {
    if (!(finding.gain_ns > 0))
        return "";
    const part = data.thread_ns > 0 ? ` (${(finding.gain_ns / data.thread_ns * 100).toFixed(0)} %)` : "";
    return `at most ${duration(finding.gain_ns)}${part}`;
}

const SEVERITIES = { critical: "Critical", warning: "Warning", note: "Note" };

function findingCard(finding, number, open) {
    const gain = gainText(finding);
    return make("details", { class: `finding ${finding.severity}`, open },
        make("summary", {},
            make("span", { class: "number" }, String(number)),
            make("span", { class: "finding-title" }, finding.title),
            make("span", { class: "severity" }, SEVERITIES[finding.severity]),
            make("span", { class: "gain" }, gain, gain ? gainBar(finding) : null)),
        make("div", { class: "finding-body" },
            make("p", {}, finding.evidence),
            make("p", { class: "muted" }, evidenceFacts(finding)),
            make("dl", {},
                advice("Where", finding.where),
                advice("Follows from", finding.explained_by),
                advice("Fix", finding.fix),
                advice("Bound", finding.gain_ns > 0 && finding.assumption ? `${gain}, if ${finding.assumption}` : ""),
                advice("Risk", finding.risk),
                advice("Verify", finding.verify))));
}

/* What follows from another finding is listed below what does not; notes promise nothing, and come after. */
function findings() {
    const list = byId("findings");
    const own = data.findings.filter((finding) => !finding.explained_by);
    const real = own.filter((finding) => finding.severity !== "note");
    const rest = own.filter((finding) => finding.severity === "note");
    const following = data.findings.filter((finding) => finding.explained_by);
    let number = 0;
    if (real.length === 0)
        list.append(make("p", { class: "all-clear" }, "No bottleneck found that is worth a change."));
    for (const finding of real)
        list.append(findingCard(finding, ++number, number === 1));
    for (const [title, some] of [["Notes", rest], ["Explained by a finding above", following]]) {
        if (some.length > 0)
            fill(list, {}, [make("h3", { class: "minor" }, title), some.map((finding) => findingCard(finding, ++number, false))]);
    }
}

/* ---- where the time went ---- */

function timeParts() {
    const measured = data.time.filter((part) => part.ns === null || part.ns > 0 || part.id === "unaccounted");
    const last = (part) => (part.id === "unaccounted" ? 2 : part.id === "idle" ? 1 : part.id === "cpu" ? -1 : 0);
    return measured.sort((a, b) => last(a) - last(b) || b.ns - a.ns);
}

function time() {
    const parts = timeParts();
    byId("time-title").textContent = `Where ${duration(data.thread_ns)} of thread time went`;
    const bar = make("div", { class: "time-bar", "aria-hidden": "true" }, parts.map((part) =>
        place(make("span", { class: `part-${part.id}`, title: `${part.title}: ${duration(part.ns || 0)}` }),
            { "flex-grow": String(data.thread_ns > 0 ? (part.ns || 0) / data.thread_ns : 0) })));
    const rows = parts.map((part) => make("tr", {},
        make("th", { scope: "row" }, make("span", { class: `swatch part-${part.id}`, "aria-hidden": "true" }), part.title),
        make("td", { class: "figure" }, part.ns === null ? "not measured" : share(part.ns / (data.thread_ns || 1))),
        make("td", { class: "figure" }, part.ns === null ? "" : duration(part.ns)),
        make("td", { class: "muted small wide" }, timeDetail(part))));
    byId("time").append(bar, make("table", { class: "time-table" },
        make("caption", { class: "hidden" }, "Where the time of all threads went"),
        make("thead", { class: "hidden" }, make("tr", {}, ["part", "share", "time", "mostly"].map((title) =>
            make("th", { scope: "col" }, title)))),
        make("tbody", {}, rows)));
}

/* What most of it was spent on, and how often. */
function timeDetail(part) {
    const parts = [part.detail, part.top !== null && part.top_ns > 0 ? word(part.top) : null,
        part.calls > 0 ? plural(part.calls, "call") : null];
    return parts.filter(Boolean).join(" · ");
}

function itself() {
    const self = data.self;
    byId("itself").append(
        `libstrong itself: ${duration(self.sampling_ns)} in samples and readings (measured), ${duration(self.calls_ns)} in calls `
        + `(estimated): ${share(self.share)} in all. ${plural(self.samples, "sample")} taken, ${count(self.dropped)} dropped, `
        + `${count(self.overflows)} that found no room in a table. libstrong ${word(data.process.library)}, strong-report ${data.version}.`);
    if (data.notes.length > 0)
        byId("itself").append(make("ul", {}, data.notes.map((note) =>
            make("li", {}, word(note[0]) + (note[1] > 1 ? ` (${count(note[1])} times)` : "")))));
}

function verdict() {
    header();
    findings();
    time();
    itself();
}
