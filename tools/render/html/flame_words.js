/* flame_words.js: what a node of a flame graph says, and the class that gives it its colour. In a comparison the sign
 * in front of a name says the same as red and blue. */

function ofUnit(value, unit) {
    return quantity(value, unit) + (isDiff ? flames.of.per : "");
}

function paint(node, side) {
    if (node.kind === "rest" || node.kind === "other" || !node.parent)
        return "plain";
    if (isDiff)
        return paintDifference(node, side);
    if (node.kind !== "function")
        return node.kind;
    if (node.module === data.program)
        return `own shade-${hash(node.name) % 3}`;
    return `library shade-${hash(node.module) % 3}`;
}

function hash(text) {
    let sum = 5381;
    for (let i = 0; i < text.length; i++)
        sum = (sum * 33 + text.charCodeAt(i)) % 4294967296;
    return sum;
}

/* How far a changed node is from its other side, in three steps. */
function paintDifference(node) {
    if (node.judgement !== 1 && node.judgement !== 2)
        return "same";
    const [a, b] = node.total, most = Math.max(a, b);
    const by = most > 0 ? Math.abs(b - a) / most : 0;
    return `${node.judgement === 1 ? "less" : "more"} step-${by > 0.66 ? 3 : by > 0.33 ? 2 : 1}`;
}

function sign(node) {
    return isDiff && node.judgement === 1 ? "− " : isDiff && node.judgement === 2 ? "+ " : "";
}

function boxText(node) {
    return sign(node) + node.name;
}

function describe(node, root, zoomed, unit, side) {
    return isDiff ? describeDifference(node, unit) : describeCost(node, root, zoomed, unit, side);
}

function describeCost(node, root, zoomed, unit) {
    const total = node.total[0], lines = [];
    lines.push(`${quantity(total, unit)}${node.margin === null ? "" : ` ± ${quantity(total * node.margin, unit)} (95 %)`}`);
    lines.push(`${share(total / (root.total[0] || 1))} of all`);
    if (zoomed !== root && zoomed.total[0] > 0 && node.depth >= zoomed.depth)
        lines.push(`${share(total / zoomed.total[0])} of ${zoomed.name}`);
    if (node.self[0] > 0 && node.self[0] !== total)
        lines.push(`${quantity(node.self[0], unit)} of it itself`);
    if (node.samples > 0)
        lines.push(plural(node.samples, "sample"));
    return lines;
}

function describeDifference(node, unit) {
    const [a, b] = node.total;
    const lines = [`A ${ofUnit(a, unit)}`, `B ${ofUnit(b, unit)}`];
    const by = a > 0 ? ` (${change((b - a) / a)})` : "";
    lines.push(`${JUDGEMENTS[node.judgement]}: ${b >= a ? "+" : "−"}${quantity(Math.abs(b - a), unit)}${by}`
        + (node.half === null ? "" : `, ± ${quantity(node.half, unit)} (99 %)`));
    return lines;
}
