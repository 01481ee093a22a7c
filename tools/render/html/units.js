/* units.js: numbers as people read them, by the same rules as analyse/units.h. null is "not measured", never 0. */
const UNKNOWN = "–";

function significant(value) {
    const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return value.toFixed(digits);
}

function scaled(value, step, names) {
    let at = 0;
    while (value >= step * 0.9995 && at + 1 < names.length) {
        value /= step;
        at++;
    }
    return significant(value).replace(/^(\d+)\.0+$/, at === 0 ? "$1" : "$&") + " " + names[at];
}

function duration(ns) {
    const seconds = ns / 1e9;
    if (seconds < 99.95)
        return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
    if (seconds < 3600)
        return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
    return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} min`;
}

/* Fractions of a byte mean nothing, except as a rate: "0.31 B a request". */
function bytes(value) {
    return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

function count(value) {
    const whole = Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value) : value;
    return whole.toLocaleString("en", { maximumFractionDigits: 2 });
}

function share(value) {
    const percent = value * 100;
    if (percent !== 0 && Math.abs(percent) < 0.05)
        return "< 0.1 %";
    return percent.toFixed(1) + " %";
}

/* A value in one of the units that the data names. */
function quantity(value, unit) {
    if (value === null || value === undefined)
        return UNKNOWN;
    if (value < 0 && unit !== "change")
        return "−" + quantity(-value, unit);
    switch (unit) {
    case "ns": return duration(value);
    case "bytes": return bytes(value);
    case "share": return share(value);
    case "change": return change(value);
    case "per_second": return count(value) + "/s";
    case "bytes_per_second": return bytes(value) + "/s";
    default: return typeof value === "number" ? count(value) : String(value);
    }
}

/* On an axis: as few digits as it takes, and seconds rather than minutes. */
function tick(value, unit) {
    const text = unit === "ns" && value >= 1e9 && value < 1e12 ? count(value / 1e9) + " s" : quantity(value, unit);
    return text.replace(/\.0+(?=[ /]|$)/, "").replace(/(\.\d*[1-9])0+(?= )/, "$1");
}

/* With its sign, for differences: the sign says it without colour. */
function change(value) {
    if (value >= 2)
        return "×" + significant(1 + value);
    return (value >= 0 ? "+" : "−") + share(Math.abs(value));
}

function plural(number, word) {
    return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
