/* html.mjs FOLDER REPORT DIFF: opens both pages in headless Chromium and uses them as a reader does. One line on standard
 * output for each thing that holds; exit 1 and a line on standard error for each that does not. Screenshots go to FOLDER.
 *
 * What the pages hold is html_test.cc's: main calls parse (9 s of CPU time) and send (3 s); in the comparison parse
 * takes 30 and 10 ms a request, send as much, cache is new, a connect takes 900 and 300 µs.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [folder, reportPath, diffPath] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: [...sandbox, "--disable-gpu", "--disable-dev-shm-usage"] });
let failures = 0;

async function check(name, body) {
    try {
        await body();
        console.log(`ok: ${name}`);
    } catch (error) {
        failures++;
        console.error(`not ok: ${name}: ${error.message}\n${error.stack.split("\n").find((line) => line.includes("html.mjs")) || ""}`);
    }
}

/* A page that keeps everything it says, asks for, or throws. */
async function open(path, width, height, theme, said) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
    page.setDefaultTimeout(15000);
    const own = pathToFileURL(path).href;
    page.on("console", (message) => said.push(`console ${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => said.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => { if (request.url() !== own) said.push(`request: ${request.url()}`); });
    await page.goto(own);
    await page.waitForSelector("html[data-ready=true]");
    return page;
}

const active = (page) => page.evaluate(() => {
    const flame = document.getElementById("flame");
    const box = document.getElementById(flame.getAttribute("aria-activedescendant"));
    return { focused: document.activeElement === flame, label: box.getAttribute("aria-label"), text: box.textContent,
        width: box.getBoundingClientRect().width / flame.clientWidth, selected: box.getAttribute("aria-selected") };
});
const boxes = (page) => page.locator("#flame .node").count();

async function keyboard(page) {
    const all = await boxes(page);
    await page.keyboard.press("f");
    assert.equal((await active(page)).focused, true);
    await page.keyboard.press("ArrowDown");
    assert.match((await active(page)).label, /^main, 12\.0 s ± .* \(95 %\), 100\.0 % of all, 1,200 samples$/);
    await page.keyboard.press("ArrowDown");
    const parse = await active(page);
    assert.match(parse.label, /^parse, 9\.00 s .*75\.0 % of all/);
    assert.ok(Math.abs(parse.width - 0.75) < 0.01, `three quarters wide, not ${parse.width}`);
    assert.equal(parse.selected, "true");
    await page.keyboard.press("ArrowRight");
    assert.match((await active(page)).label, /^send, 3\.00 s/);
    await page.keyboard.press("ArrowUp");
    assert.match((await active(page)).label, /^main/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const zoomed = await active(page);
    assert.match(zoomed.label, /^parse/);
    assert.ok(zoomed.width > 0.99, `as wide as the graph, not ${zoomed.width}`);
    assert.deepEqual(await page.locator("#crumbs li").allTextContents(), ["all", "main", "parse"]);
    assert.equal(await page.locator("#flame .node", { hasText: "send" }).count(), 0);
    assert.match(await page.locator("#status").textContent(), /^parse: 9\.00 s/);
    await page.keyboard.press("Backspace");
    assert.deepEqual(await page.locator("#crumbs li").allTextContents(), ["all", "main"]);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    assert.deepEqual(await page.locator("#crumbs li").allTextContents(), ["all"]);
    assert.equal(await boxes(page), all);
    assert.equal(await page.locator("#reset").isDisabled(), true);
}

async function search(page) {
    await page.keyboard.press("/");
    await page.keyboard.type("^par.e$");
    assert.equal(await page.locator("#matched").textContent(), "matched 75.0 % (9.00 s)");
    assert.deepEqual(await page.locator("#flame .hit").allTextContents(), ["parse"]);
    assert.equal(await page.locator("#flame .miss").count(), await boxes(page) - 1);
    await page.locator("#flame-search").fill("(");
    assert.match(await page.locator("#matched").textContent(), /not a regular expression/);
    await page.locator("#flame-search").press("Escape");
    assert.equal(await page.locator("#matched").textContent(), "");
    assert.equal(await page.locator("#flame .hit").count(), 0);
    assert.equal((await active(page)).focused, true);
}

async function invert(page) {
    await page.keyboard.press("i");
    assert.equal(await page.locator("#invert").getAttribute("aria-pressed"), "true");
    await page.keyboard.press("f");
    await page.keyboard.press("ArrowDown");
    assert.match((await active(page)).label, /^parse, 9\.00 s/);
    await page.keyboard.press("ArrowDown");
    assert.match((await active(page)).label, /^main, 9\.00 s/, "below it who called it");
    await page.locator("#invert").click();
    assert.equal(await page.locator("#invert").getAttribute("aria-pressed"), "false");
}

async function pointer(page) {
    const box = page.locator("#flame .node", { hasText: "send" }).first();
    await box.hover();
    assert.deepEqual((await page.locator(".tooltip div").allTextContents()).slice(0, 1), ["send"]);
    assert.match((await page.locator(".tooltip").textContent()), /3\.00 s ± .*25\.0 % of all.*300 samples/);
    await box.click();
    assert.match((await active(page)).label, /^send/);
    await page.locator("#reset").click();
    assert.match((await active(page)).label, /^all/);
}

async function costs(page) {
    const tab = page.locator("#flame-tabs [role=tab][aria-selected=true]");
    assert.match(await tab.textContent(), /^on CPU12\.0 s$/);
    await tab.press("End");
    assert.match(await tab.textContent(), /^freed at oncenot measured$/);
    assert.match(await page.locator("#flame-none").textContent(), /not measured in this run/);
    assert.equal(await page.locator("#flame").isVisible(), false);
    await tab.press("Home");
    assert.equal(await page.locator("#flame").isVisible(), true);
}

async function twin(page) {
    await page.locator("#flame-table summary").click();
    const rows = page.locator("#flame-rows tbody tr");
    await rows.first().waitFor();  // a page hears of an opened <details> in a task of its own
    assert.equal(await rows.count(), await boxes(page));
    const parse = await rows.filter({ hasText: "parse" }).locator("th, td").allTextContents();
    assert.deepEqual([parse[0], parse[2], parse[3], parse[5]], ["parse", "9.00 s", "75.0 %", "900"]);
    await page.locator("#flame-table summary").click();
}

async function sort(page) {
    const head = page.locator("#table-panel th", { hasText: /^Calls$/ });
    const column = async () => (await page.locator("#table-panel tbody tr td:nth-child(3)").allTextContents()).map((text) => Number(text.replaceAll(",", "")));
    await head.locator("button").click();
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    const down = await column();
    assert.deepEqual(down, [...down].sort((a, b) => b - a));
    assert.ok(down.length > 3 && down[0] > down[down.length - 1], "there is something to sort");
    await head.locator("button").press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await column(), [...down].reverse().sort((a, b) => a - b));
}

async function theme(page) {
    const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await colour();
    await page.keyboard.press("t");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.notEqual(await colour(), before);
    await page.locator("#theme").click();
    assert.equal(await colour(), before);
}

async function help(page) {
    await page.keyboard.press("?");
    assert.equal(await page.locator("#help").isVisible(), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#help").isVisible(), false);
}

async function moments(page) {
    const readout = page.locator(".timeline", { hasText: "Resident memory" }).locator(".readout b").first();
    const last = await readout.textContent();
    await page.locator("#moment").press("Home");
    assert.notEqual(await readout.textContent(), last);
    assert.ok(await page.locator(".timeline svg path.line").count() > 3);
    assert.ok(await page.locator("#scatter svg path.mark").count() > 0);
    assert.ok(await page.locator("#histograms svg rect.bar").count() > 0);
}

async function paper(page) {
    const closed = page.locator("details.finding:not([open])");
    const before = await closed.count();
    assert.ok(before > 0);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await closed.count(), 0);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.equal(await closed.count(), before);
}

async function names(page) {
    assert.equal(await page.locator("img, iframe, object, embed").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
    await page.locator("#table-tabs [role=tab]", { hasText: "Targets" }).click();
    assert.ok(await page.locator("#table-panel", { hasText: "<img src=x onerror=alert(1)>" }).count() > 0, "shown as what it is");
    await page.locator("#table-tabs [role=tab]").first().click();
}

async function policy(page) {
    await page.evaluate(() => {
        const script = document.createElement("script"), styled = document.createElement("p");
        script.textContent = "window.ran = true";
        styled.setAttribute("style", "color: red");
        document.body.append(script, styled);
        window.styled = styled.style.color;
    });
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.equal(await page.evaluate(() => window.styled), "");
}

async function comparison(page) {
    const box = (name) => page.locator("#flame .node", { hasText: new RegExp(`^(. )?${name}$`) });
    const width = async (name) => (await box(name).boundingBox()).width;
    assert.match(await box("parse").getAttribute("class"), /less step-\d/);
    assert.equal(await box("parse").textContent(), "− parse");
    assert.match(await box("send").getAttribute("class"), /same/);
    assert.match(await box("cache").getAttribute("class"), /more step-3/);
    assert.equal(await box("cache").textContent(), "+ cache");
    assert.match(await box("parse").getAttribute("aria-label"), /A 30\.0 ms a request, B 10\.0 ms a request, less: −20\.0 ms \(−66\.7 %\), ± .* \(99 %\)$/);
    assert.match(await page.locator("#time").textContent(), /connecting900 µs300 µs−66\.7 %/);
    assert.equal(await page.locator("#side-1").getAttribute("aria-pressed"), "true");
    const inB = await width("parse");
    await page.locator("#side-0").click();
    assert.ok(await width("parse") > inB * 1.3, "A's widths");
    assert.equal(await box("cache").count(), 0, "A has none of it");
    await page.locator("#side-1").click();
}

async function accessible(page) {
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
    assert.ok(found.passes.length > 20, "the checker ran");
    assert.deepEqual(found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target).slice(0, 3)}`), []);
}

async function looks(name, path, said) {
    for (const [width, height] of [[1440, 900], [360, 740]])
        for (const scheme of ["light", "dark"]) {
            const page = await open(path, width, height, scheme, said);
            await page.screenshot({ path: `${folder}/${name}-${width}x${height}-${scheme}.png`, fullPage: true });
            await check(`${name} fits ${width} columns, ${scheme}`, async () =>
                assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)));
            await page.locator("#flame-table summary").click();
            await page.locator("#flame-rows tbody tr").first().waitFor();
            if (width === 1440)
                await check(`${name} is accessible, ${scheme}`, () => accessible(page));
            await page.close();
        }
}

const said = [];
const report = await open(reportPath, 1440, 900, "light", said);
for (const [name, body] of Object.entries({ costs, keyboard, search, invert, pointer, twin, sort, theme, help, moments, paper, names }))
    await check(name, () => body(report));
const diff = await open(diffPath, 1440, 900, "light", said);
await check("comparison", () => comparison(diff));
await looks("report", reportPath, said);
await looks("diff", diffPath, said);
await check("nothing was said, asked for or thrown", () => assert.deepEqual(said, []));
await check("policy", async () => policy(await open(reportPath, 800, 600, "light", [])));
await browser.close();
process.exitCode = failures > 0 ? 1 : 0;
