/* print.js: paper has no clicks: findings are opened for it, and closed again behind. */

function startPrinting() {
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll("details.finding:not([open])")];
        opened.forEach((each) => { each.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((each) => { each.open = false; }));
}
