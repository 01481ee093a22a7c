/* tree.js: a tree of calls out of its flat form, and the questions a flame graph asks of it.
 *
 * Nodes come parent first. In a report a node is 6 numbers: depth, symbol, self, left out, samples, margin in
 * thousandths; in a comparison 8: depth, symbol, self of A and B, left out of A and B, judgement, half of the interval.
 * "Left out" is the weight of children too small to be in this file: they become one node of their own, so that what
 * a node has is always its self and what its children have. */
const STRIDE = isDiff ? 8 : 6;
const JUDGEMENTS = ["within noise", "less", "more", "not known"];

function makeNode(depth, parent, of) {
    return { depth, parent, name: of.name, module: of.module, kind: of.kind, children: [], self: [0, 0], total: [0, 0],
        samples: 0, margin: null, judgement: 3, half: null, left: 0 };
}

function readNode(flat, at, parent, units) {
    const node = makeNode(flat[at], parent, symbol(flat[at + 1]));
    let rest;
    if (isDiff) {
        node.self = [flat[at + 2] / units[0], flat[at + 3] / units[1]];
        rest = [flat[at + 4] / units[0], flat[at + 5] / units[1]];
        node.judgement = flat[at + 6];
        node.half = flat[at + 7];
    } else {
        node.self = [flat[at + 2], 0];
        rest = [flat[at + 3], 0];
        node.samples = flat[at + 4];
        node.margin = flat[at + 5] === null ? null : flat[at + 5] / 1000;
    }
    if (rest[0] > 0 || rest[1] > 0) {
        const small = makeNode(node.depth + 1, node, { name: "(too small to show)", module: "", kind: "rest" });
        small.self = rest;
        node.children.push(small);
    }
    return node;
}

/* Every node's total, and where its children lie: children after their own, largest first. */
function sumUp(node, side) {
    node.total = [...node.self];
    for (const child of node.children) {
        sumUp(child, side);
        node.total[0] += child.total[0];
        node.total[1] += child.total[1];
    }
    node.children.sort((a, b) => (a.kind === "rest") - (b.kind === "rest") || b.total[side] - a.total[side]);
}

function layOut(node, left, side) {
    node.left = left;
    for (const child of node.children) {
        layOut(child, left, side);
        left += child.total[side];
    }
}

/* units: by what each side is divided. */
function readTree(flat, side, units) {
    const path = [];
    for (let at = 0; at < flat.length; at += STRIDE) {
        const parent = flat[at] > 0 ? path[flat[at] - 1] : null;
        const node = readNode(flat, at, parent, units);
        path.length = node.depth;
        path.push(node);
        if (parent)
            parent.children.push(node);
    }
    const root = path[0];
    sumUp(root, side);
    layOut(root, 0, side);
    return root;
}

function turnTree(root, side) {
    sumUp(root, side);
    layOut(root, 0, side);
}

function eachNode(node, visit) {
    visit(node);
    for (const child of node.children)
        eachNode(child, visit);
}

function ancestors(node) {
    const path = [];
    for (let at = node; at; at = at.parent)
        path.unshift(at);
    return path;
}

/* What a search found: a regular expression where it is one, else its letters; case does not matter. */
function matcher(query) {
    try {
        const expression = new RegExp(query, "i");
        return { matches: (node) => expression.test(node.name) || expression.test(node.module), literal: false };
    } catch {
        const letters = query.toLowerCase();
        const has = (text) => text.toLowerCase().includes(letters);
        return { matches: (node) => has(node.name) || has(node.module), literal: true };
    }
}

/* Nothing is counted twice: below a match nothing more is added. */
function matchedShare(node, matches, side) {
    if (node.parent && node.kind !== "rest" && matches(node))
        return node.total[side];
    return node.children.reduce((sum, child) => sum + matchedShare(child, matches, side), 0);
}
