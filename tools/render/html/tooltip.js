/* tooltip.js: one box that says what is under the pointer, or at the keyboard's place. It repeats what the page says
 * elsewhere (labels, tables), so assistive technology need not read it. */
const tooltip = make("div", { class: "tooltip", "aria-hidden": "true", hidden: true });

function showTooltip(lines, x, y) {
    tooltip.replaceChildren(...lines.map((line, i) => make("div", { class: i === 0 ? "tooltip-title" : null }, line)));
    tooltip.hidden = false;
    const box = tooltip.getBoundingClientRect();
    const left = Math.max(4, Math.min(x + 12, innerWidth - box.width - 8));
    const below = y + 18 + box.height < innerHeight;
    place(tooltip, { left: `${left}px`, top: `${below ? y + 18 : Math.max(4, y - box.height - 10)}px` });
}

function hideTooltip() {
    tooltip.hidden = true;
}
