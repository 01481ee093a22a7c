/* flame.js: one flame graph: the nodes of a tree as boxes, as wide as what they cost. Owns drawing, zoom, search marks
 * and walking by keyboard; the buttons around it are flame_tools.js's.
 *
 * The boxes are elements, so text, contrast, printing and assistive technology work as anywhere else: a tree whose
 * active item the container names. What is narrower than a pixel is not drawn; the table lists it. */
const NARROWEST = 1.2; /* pixels */

class Flame {
    constructor(element, listener) {
        this.element = element;
        this.listener = listener;
        this.side = 0;
        this.found = null;
        element.addEventListener("keydown", (event) => this.key(event));
        element.addEventListener("click", (event) => this.click(event));
        element.addEventListener("mousemove", (event) => this.hover(event));
        element.addEventListener("mouseleave", hideTooltip);
        element.addEventListener("blur", hideTooltip);
        element.addEventListener("focus", () => this.mark(this.active, false));
        new ResizeObserver(() => requestAnimationFrame(() => this.resized())).observe(element);
    }

    show(root, unit, side) {
        Object.assign(this, { root, unit, side, zoomed: root, active: root });
        this.draw();
    }

    setSide(side) {
        this.side = side;
        turnTree(this.root, side);
        if (!(this.zoomed.total[side] > 0))
            this.zoomed = this.root;
        this.active = this.zoomed;
        this.draw();
    }

    setSearch(found) {
        this.found = found;
        this.draw();
    }

    zoom(node) {
        if (!(node.total[this.side] > 0))
            return;
        this.zoomed = this.active = node;
        this.draw();
        this.listener.zoomed(node);
    }

    /* ---- drawing ---- */

    resized() {
        const width = this.element.clientWidth;
        if (this.root && width !== this.width)
            this.draw();
    }

    draw() {
        this.width = this.element.clientWidth;
        this.boxes = new Map();
        this.rows = [];
        const above = ancestors(this.zoomed).slice(0, -1);
        for (const node of above)
            this.box(node, 0, 1, "above");
        this.drawNode(this.zoomed);
        this.element.replaceChildren(...this.boxes.values());
        place(this.element, { "--rows": String(this.rows.length) });
        if (!this.boxes.has(this.active))
            this.active = this.zoomed;
        this.mark(this.active, false);
    }

    drawNode(node) {
        const whole = this.zoomed.total[this.side];
        const wide = whole > 0 ? node.total[this.side] / whole : node === this.zoomed ? 1 : 0;
        if (wide * this.width < NARROWEST && node !== this.zoomed)
            return;
        this.box(node, whole > 0 ? (node.left - this.zoomed.left) / whole : 0, wide, "");
        for (const child of node.children)
            this.drawNode(child);
    }

    box(node, left, wide, kind) {
        const hit = this.found && node.parent && node.kind !== "rest" && this.found.matches(node);
        const classes = ["node", kind, paint(node, this.side), hit ? "hit" : this.found ? "miss" : ""];
        const box = make("div", {
            role: "treeitem", id: `node-${this.boxes.size}`, class: classes.filter(Boolean).join(" "),
            "aria-level": node.depth + 1, "aria-selected": "false", "aria-label": this.label(node),
        }, wide * this.width > 24 ? boxText(node, this.side) : null);
        place(box, { left: `${(left * 100).toFixed(4)}%`, width: `${(wide * 100).toFixed(4)}%`, "--row": String(node.depth) });
        box.node = node;
        this.boxes.set(node, box);
        (this.rows[node.depth] ||= []).push(node);
    }

    label(node) {
        return [node.name, ...describe(node, this.root, this.zoomed, this.unit, this.side)].join(", ");
    }

    /* ---- pointer ---- */

    under(event) {
        const box = event.target.closest(".node");
        return box && box.node;
    }

    hover(event) {
        const node = this.under(event);
        if (!node)
            return hideTooltip();
        this.tell(node, event.clientX, event.clientY);
    }

    tell(node, x, y) {
        showTooltip([node.name, ...(node.module ? [node.module] : []),
            ...describe(node, this.root, this.zoomed, this.unit, this.side)], x, y);
    }

    click(event) {
        const node = this.under(event);
        if (node) {
            hideTooltip();
            this.zoom(node);
        }
    }

    /* ---- keyboard ---- */

    mark(node, tell) {
        const before = this.boxes.get(this.active), box = this.boxes.get(node);
        if (before)
            before.setAttribute("aria-selected", "false");
        this.active = node;
        box.setAttribute("aria-selected", "true");
        this.element.setAttribute("aria-activedescendant", box.id);
        if (!tell)
            return;
        box.scrollIntoView({ block: "nearest" });
        const at = box.getBoundingClientRect();
        this.tell(node, Math.max(at.left, 0), at.bottom - 12);
    }

    /* Among the boxes that are drawn; null where there is none. */
    next(key) {
        const node = this.active, row = this.rows[node.depth], at = row.indexOf(node);
        const drawn = (found) => (found && this.boxes.has(found) ? found : null);
        switch (key) {
        case "ArrowDown": return drawn(node.children[0]);
        case "ArrowUp": return drawn(node.parent);
        case "ArrowRight": return row[at + 1] || null;
        case "ArrowLeft": return row[at - 1] || null;
        case "Home": return this.zoomed;
        default: return undefined;
        }
    }

    key(event) {
        if (event.ctrlKey || event.metaKey || event.altKey)
            return;
        const next = this.next(event.key);
        if (next !== undefined) {
            event.preventDefault();
            if (next)
                this.mark(next, true);
        } else if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            this.zoom(this.active);
        } else if (event.key === "Escape") {
            hideTooltip();
            this.zoom(this.root);
        } else if (event.key === "Backspace" && this.zoomed.parent) {
            this.zoom(this.zoomed.parent);
        }
    }
}
