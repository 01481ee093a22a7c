/* tabs.js: one of several views, chosen by tabs: arrow keys move and choose, as the ARIA practices ask. */

/* items: [{id, title, detail, off}]; choose(item) is called at every choice, the first one by select(id). */
function makeTabs(label, panel, items, choose) {
    const buttons = items.map((item, at) => make("button", {
        role: "tab", type: "button", id: `tab-${item.id}`, "aria-controls": panel.id, "aria-selected": "false",
        tabindex: -1, class: item.off ? "off" : null, click: () => select(at),
    }, item.title, item.detail ? make("span", { class: "tab-detail" }, item.detail) : null));

    function select(at, focus) {
        buttons.forEach((button, i) => {
            button.setAttribute("aria-selected", String(i === at));
            button.tabIndex = i === at ? 0 : -1;
        });
        panel.setAttribute("aria-labelledby", buttons[at].id);
        if (focus)
            buttons[at].focus();
        choose(items[at]);
    }

    function step(event) {
        const at = buttons.indexOf(event.target.closest("button")), last = items.length - 1;
        const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
        if (at < 0 || to === undefined)
            return;
        event.preventDefault();
        select(to, true);
    }

    panel.setAttribute("role", "tabpanel");
    return {
        element: make("div", { role: "tablist", "aria-label": label, class: "tabs", keydown: step }, buttons),
        select: (id) => select(Math.max(0, items.findIndex((item) => item.id === id))),
    };
}
