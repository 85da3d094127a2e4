/* The theme of the page, and its colours as pictures need them. */
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

/** Whether the page is dark now. */
export function isDark() {
  const wanted = root.dataset.theme;
  return wanted === "dark" || (wanted !== "light" && system.matches);
}

/** Change the theme and keep it: "auto", "light" or "dark". */
export function setTheme(theme) {
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=31536000; SameSite=Lax${secure}`;
  for (const listener of listeners) listener();
}

/** Call `listener` when the colours change; returns what stops it. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
system.addEventListener("change", () => {
  for (const listener of listeners) listener();
});

const probe = document.createElement("span");
probe.hidden = true;

/** A colour of the sheet, such as "--r0", as rgb(...): pictures cannot read light-dark(). */
export function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const sheets = new Set();

/** Load a style sheet that only some pictures need. */
export function addSheet(address) {
  if (sheets.has(address)) return;
  sheets.add(address);
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.prepend(link);
}
