/* theme.js: light and dark: what the system prefers, until the reader chooses. The choice is kept where the browser
 * lets a file keep anything. */
const THEME_KEY = "strong-report-theme";

function preferredTheme() {
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function currentTheme() {
    return document.documentElement.dataset.theme || preferredTheme();
}

function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = theme === "dark" ? "Light theme" : "Dark theme";
    try {
        localStorage.setItem(THEME_KEY, theme);
    } catch {
        /* nothing is kept: the next visit starts with the system's */
    }
}

function toggleTheme() {
    setTheme(currentTheme() === "dark" ? "light" : "dark");
}

function startTheme() {
    let kept = null;
    try {
        kept = localStorage.getItem(THEME_KEY);
    } catch {
        kept = null;
    }
    if (kept === "dark" || kept === "light")
        document.documentElement.dataset.theme = kept;
    byId("theme").textContent = currentTheme() === "dark" ? "Light theme" : "Dark theme";
    byId("theme").addEventListener("click", toggleTheme);
}
