/* keys.js: keys that work anywhere on the page, except where the reader types. */

function typing(event) {
    return event.target.closest("input[type=search], select, textarea") !== null;
}

function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || byId("help").open)
        return;
    const action = {
        "/": () => byId("flame-search").focus(),
        f: () => byId("flame").focus(),
        i: invertFlame,
        t: toggleTheme,
        "?": () => byId("help").showModal(),
    }[event.key];
    if (action) {
        event.preventDefault();
        action();
    }
}

function startKeys() {
    document.addEventListener("keydown", onKey);
    byId("help-button").addEventListener("click", () => byId("help").showModal());
    byId("help-close").addEventListener("click", () => byId("help").close());
}
