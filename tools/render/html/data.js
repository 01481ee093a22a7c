/* data.js: the document that strong-report wrote into this page. Texts are kept once, in `strings`; flame graphs and
 * tables name them by their place in it. */
const data = JSON.parse(byId("data").textContent);
const isDiff = data.kind === "diff";

function word(index) {
    return index === null ? "" : data.strings[index];
}

const KINDS = ["function", "hook", "target", "other"];

function symbol(index) {
    const at = index * 3;
    return { name: word(data.symbols[at]), module: word(data.symbols[at + 1]), kind: KINDS[data.symbols[at + 2]] };
}
