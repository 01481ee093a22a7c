/* dom.js: elements, made by hand. Whatever a segment says is set as text: no string of it can become markup, and no
 * attribute that runs code is ever set. */
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
        if (value === null || value === undefined || value === false)
            continue;
        if (typeof value === "function")
            element.addEventListener(name, value);
        else
            element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
    return element;
}

function make(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children) {
    return fill(document.createElementNS(SVG, name), attributes, children);
}

function byId(id) {
    return document.getElementById(id);
}

/* Styles go through the object model: the page's policy allows no style attribute. */
function place(element, properties) {
    for (const [name, value] of Object.entries(properties))
        element.style.setProperty(name, value);
    return element;
}

function say(text) {
    byId("status").textContent = text;
}
