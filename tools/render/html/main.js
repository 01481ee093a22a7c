/* main.js: puts the page together from its data. Last in the script. */

function start() {
    document.body.append(tooltip);
    startTheme();
    startKeys();
    startPrinting();
    for (const only of document.querySelectorAll(isDiff ? ".report-only" : ".diff-only"))
        only.remove();
    if (isDiff) {
        differencePage();
    } else {
        verdict();
        startTimelines();
        startScatter();
        startHistograms();
    }
    startFlames();
    startTables();
    document.documentElement.dataset.ready = "true";
}

start();
