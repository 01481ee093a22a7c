/* table.js: tables of any shape: a column knows what its figures are; a click or Enter on a title sorts by it. Only
 * some rows are put into the page at first; what the file leaves out is said below. */
const FIRST_ROWS = 25;

function cellText(value, kind) {
    if (value === null || value === undefined)
        return UNKNOWN;
    return kind === "text" ? String(value) : quantity(value, kind);
}

/* The place of a node in a tree is shown by its indent. */
function cell(value, kind, at) {
    if (value !== null && typeof value === "object") {
        const name = make("th", { scope: "row", class: "text nested" }, value.name);
        return place(name, { "--depth": String(Math.min(value.depth, 40)) });
    }
    const attributes = { class: kind === "text" ? "text" : value === 0 ? "figure zero" : "figure" };
    if (at === 0)
        return make("th", { scope: "row", ...attributes }, cellText(value, kind));
    return make("td", attributes, cellText(value, kind));
}

function compareCells(a, b, kind) {
    if (a === null || b === null)
        return (a === null) - (b === null);
    const named = (value) => (typeof value === "object" ? value.name : value);
    return kind === "text" ? String(named(a)).localeCompare(String(named(b))) : b - a;
}

/* table: {title, columns: [[title, kind]], rows, left_out, note, nested} */
function makeTable(table) {
    let order = null, backwards = false, all = table.nested;
    const body = make("tbody", {});
    const more = make("button", { type: "button", class: "show-all", click: () => { all = true; show(); } });
    const heads = table.columns.map(([title, kind], at) => make("th", { scope: "col", class: kind === "text" ? "text" : "figure" },
        make("button", { type: "button", click: () => sort(at) }, title || "Judgement")));

    function sort(at) {
        backwards = order === at ? !backwards : false;
        order = at;
        heads.forEach((head, i) => {
            if (i === at)
                head.setAttribute("aria-sort", (table.columns[at][1] === "text") === backwards ? "descending" : "ascending");
            else
                head.removeAttribute("aria-sort");
        });
        if (table.columns[at][1] !== "text")
            heads[at].setAttribute("aria-sort", backwards ? "ascending" : "descending");
        show();
    }

    function show() {
        let rows = table.rows;
        if (order !== null) {
            const kind = table.columns[order][1];
            rows = [...rows].sort((a, b) => compareCells(a[order], b[order], kind) * (backwards ? -1 : 1));
        }
        const shown = all ? rows : rows.slice(0, FIRST_ROWS);
        body.replaceChildren(...shown.map((row) => make("tr", {}, row.map((value, at) => cell(value, table.columns[at][1], at)))));
        more.textContent = `Show all ${count(rows.length)} rows`;
        more.hidden = shown.length === rows.length;
    }

    show();
    return make("div", { class: "table" },
        make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": table.title },
            make("table", {}, make("caption", { class: "hidden" }, table.title), make("thead", {}, make("tr", {}, heads)), body)),
        more,
        table.note ? make("p", { class: "muted" }, table.note) : null,
        table.left_out > 0 ? make("p", { class: "muted" }, `${plural(table.left_out, "row")} more, with less of it, left out to keep this file small.`) : null);
}

/* ---- the tables of the report ---- */

function readTable(table) {
    const texts = table.columns.map((column) => column[1] === "text");
    return { ...table, rows: table.rows.map((row) => row.map((value, at) => (texts[at] && value !== null ? word(value) : value))) };
}

function startTables() {
    const panel = byId("table-panel");
    const tabs = makeTabs("Tables", panel, data.tables.map((table) => ({
        id: `table-${table.id}`, title: table.title, detail: table.rows.length > 0 ? count(table.rows.length + (table.left_out || 0)) : "none",
        off: table.rows.length === 0, table })), (item) => {
        panel.replaceChildren(item.table.rows.length > 0 ? makeTable(readTable(item.table))
            : make("p", { class: "muted" }, item.table.empty || "None."));
    });
    byId("table-tabs").append(tabs.element);
    tabs.select(`table-${(data.tables.find((table) => table.rows.length > 0) || data.tables[0]).id}`);
}
