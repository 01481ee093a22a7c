/* flame_tools.js: what is around the flame graph: which cost, search, inversion, breadcrumbs, the table of the same
 * nodes, and what was left out. */
const flames = { graph: null, of: null, inverted: false, side: isDiff ? 1 : 0, query: "" };

function flameOrder() {
    return flames.of.orders[flames.inverted ? 1 : 0];
}

function flameEmpty(one) {
    return !one.measured || !(one.total[0] > 0 || one.total[1] > 0);
}

function flameDetail(one) {
    if (!one.measured)
        return "not measured";
    if (flameEmpty(one))
        return "none seen";
    if (isDiff)
        return `${quantity(one.total[0] / one.units[0], one.unit)} → ${quantity(one.total[1] / one.units[1], one.unit)}${one.per}`;
    return quantity(one.total[0], one.unit);
}

/* Where most of the time goes that does not wait for work; what is bytes comes first only where no time was sampled. */
const COST_OF_PART = { cpu: "cpu", lock: "lock", idle: null, join: null, unaccounted: null, run_queue: null };

function firstFlame() {
    const weights = {};
    for (const part of data.time) {
        const cost = part.id in COST_OF_PART ? COST_OF_PART[part.id] : "blocked";
        weights[cost] = (weights[cost] || 0) + ((isDiff ? Math.max(part.a || 0, part.b || 0) : part.ns) || 0);
    }
    const shown = data.flames.filter((one) => !flameEmpty(one));
    return shown.sort((a, b) => (weights[b.id] || 0) - (weights[a.id] || 0))[0] || data.flames[0];
}

function startFlames() {
    flames.graph = new Flame(byId("flame"), { zoomed: showZoom });
    const box = byId("flame-search");
    box.addEventListener("input", () => searchFlame(box.value));
    box.addEventListener("keydown", (event) => {
        if (event.key === "Escape" || event.key === "Enter") {
            if (event.key === "Escape")
                searchFlame(box.value = "");
            byId("flame").focus();
            event.preventDefault();
        }
    });
    byId("invert").addEventListener("click", invertFlame);
    byId("reset").addEventListener("click", () => flames.graph.zoom(flames.graph.root));
    byId("flame-table").addEventListener("toggle", fillFlameTable);
    for (const side of isDiff ? [0, 1] : [])
        byId(`side-${side}`).addEventListener("click", () => chooseSide(side));
    const tabs = makeTabs("What the flame graph shows", byId("flame-panel"), data.flames.map((one) => ({
        id: one.id, title: one.title, detail: flameDetail(one), off: flameEmpty(one), one })), (item) => chooseFlame(item.one));
    byId("flame-tabs").append(tabs.element);
    tabs.select(firstFlame().id);
}

function chooseFlame(one) {
    const empty = flameEmpty(one);
    flames.of = one;
    byId("flame-some").hidden = empty;
    byId("flame-none").hidden = !empty;
    byId("flame-none").textContent = one.measured ? `${one.title}: none was seen.` : `${one.title}: not measured in this run.`;
    if (!empty)
        showOrder();
}

function showOrder() {
    const order = flameOrder(), one = flames.of;
    byId("flame").setAttribute("aria-label", `Flame graph, ${one.title}, ${flames.inverted ? "who cost, and below who called it"
        : "who calls whom"}. Arrow keys walk, Enter zooms, Escape resets.`);
    byId("invert").setAttribute("aria-pressed", String(flames.inverted));
    byId("left-out").textContent = leftOut(order, one);
    flames.graph.show(readTree(order.nodes, flames.side, one.units), one.unit, flames.side);
    searchFlame(flames.query);
    showZoom(flames.graph.root);
}

function leftOut(order, one) {
    const parts = [];
    if (one.samples > 0)
        parts.push(`From ${plural(one.samples, "sample")}; ± is the 95 % interval.`);
    if (order.pruned === 0)
        return parts.concat("No node was left out.").join(" ");
    const weight = isDiff ? order.pruned_weight.map((each, i) => `${"AB"[i]} ${ofUnit(each / one.units[i], one.unit)}`).join(", ")
        : `${quantity(order.pruned_weight[0], one.unit)}, ${share(order.pruned_weight[0] / (one.total[0] || 1))}`;
    parts.push(`${plural(order.pruned, "node")} below ${(order.below * 100).toFixed(2)} % of all ${order.pruned === 1 ? "is" : "are"} left out to keep `
        + `this file small; their weight (${weight}) is kept in the boxes “(too small to show)”.`);
    return parts.join(" ");
}

function invertFlame() {
    flames.inverted = !flames.inverted;
    showOrder();
    say(flames.inverted ? "Inverted: the functions that cost, and below each who called it" : "Who calls whom");
}

function chooseSide(side) {
    flames.side = side;
    for (const each of [0, 1])
        byId(`side-${each}`).setAttribute("aria-pressed", String(each === side));
    flames.graph.setSide(side);
    showZoom(flames.graph.zoomed);
}

/* ---- search ---- */

function searchFlame(query) {
    flames.query = query;
    flames.graph.setSearch(query === "" ? null : matcher(query));
    showMatches();
}

function showMatches() {
    const { found, root, zoomed, unit, side } = flames.graph;
    const out = byId("matched");
    if (!found) {
        out.textContent = "";
        return;
    }
    const weight = matchedShare(root, found.matches, side), whole = root.total[side];
    const inside = zoomed === root ? "" : `, ${share(matchedShare(zoomed, found.matches, side) / (zoomed.total[side] || 1))} of what is shown`;
    out.textContent = `matched ${share(weight / (whole || 1))} (${quantity(weight, unit)})${inside}`
        + (found.literal ? "; not a regular expression, searched as text" : "");
}

/* ---- where the graph is ---- */

function showZoom(node) {
    const path = ancestors(node);
    const crumbs = path.map((each, i) => make("li", {}, i === path.length - 1
        ? make("span", { "aria-current": "location" }, each.name)
        : make("button", { type: "button", click: () => flames.graph.zoom(each) }, each.name)));
    if (crumbs.length > 7)
        crumbs.splice(2, crumbs.length - 6, make("li", {}, "…"));
    byId("crumbs").replaceChildren(...crumbs);
    byId("reset").disabled = node === flames.graph.root;
    say(`${node.name}: ${describe(node, flames.graph.root, node, flames.graph.unit, flames.side).join(", ")}`);
    showMatches();
    fillFlameTable();
}

/* ---- the same nodes as a table ---- */

const NODE_COLUMNS = isDiff
    ? [["Function", "text"], ["Module", "text"], ["A", "value"], ["B", "value"], ["Change", "value"], ["", "text"], ["±", "value"]]
    : [["Function", "text"], ["Module", "text"], ["Total", "value"], ["Share", "share"], ["Self", "value"], ["Samples", "count"], ["±", "value"]];

function nodeCells(node, root) {
    const [a, b] = node.total;
    if (isDiff)
        return [node, node.module, a, b, b - a, JUDGEMENTS[node.judgement], node.half];
    return [node, node.module, a, a / (root.total[0] || 1), node.self[0], node.samples > 0 ? node.samples : null,
        node.margin === null ? null : a * node.margin];
}

function fillFlameTable() {
    const box = byId("flame-table"), place_ = byId("flame-rows");
    if (!box.open || flameEmpty(flames.of))
        return place_.replaceChildren();
    const { root, zoomed, unit } = flames.graph, rows = [];
    eachNode(zoomed, (node) => rows.push(nodeCells(node, root)));
    const columns = NODE_COLUMNS.map(([title, kind]) => [title, kind === "value" ? unit : kind]);
    place_.replaceChildren(makeTable({ title: `${flames.of.title}, as a table${zoomed === root ? "" : `, below ${zoomed.name}`}`,
        columns, rows, nested: true }));
}
