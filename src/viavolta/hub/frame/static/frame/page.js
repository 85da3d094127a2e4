/* What every page does beyond HTML: menus that close, the theme at once, messages, and the loading
   of pictures when a page has some. Without it every page still works. */
import { number, say } from "viavolta/words";
import { setTheme } from "viavolta/theme";

const root = document.documentElement;
root.classList.add("has-js");

/* Elements with a module of their own are loaded when a page, or a part swapped in, has one. */
const PARTS = {
  "vv-map": "viavolta/map",
  "vv-chart": "viavolta/chart",
  "vv-gantt": "viavolta/gantt",
  "vv-tags": "viavolta/tags",
  "[data-live]": "viavolta/live",
};
const loaded = new Set();

function loadParts(within) {
  for (const [tag, name] of Object.entries(PARTS)) {
    if (!loaded.has(tag) && within.querySelector(tag)) {
      loaded.add(tag);
      import(name).catch(() => notice(say("not-loaded"), "is-bad"));
    }
  }
}

/** Show a message where messages stand, once; it is read out by screen readers. */
export function notice(text, kind = "") {
  let place = document.querySelector(".notices");
  if (!place) {
    place = document.createElement("div");
    place.className = "notices";
    place.setAttribute("role", "status");
    document.querySelector("#main > .inner").prepend(place);
  }
  if ([...place.children].some((shown) => shown.textContent.trim() === text)) return;
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  place.append(box);
}

/* menus: one open at a time, closed by Escape and by a click elsewhere */
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  closeMenus();
  menu?.querySelector("summary").focus();
});
const toggle = document.querySelector(".nav-toggle");
toggle?.addEventListener("click", () => {
  const isOpen = document.querySelector("#nav-main").classList.toggle("is-open");
  toggle.setAttribute("aria-expanded", String(isOpen));
});

/* the theme: at once, without a new page */
document.querySelector("[data-theme-form]")?.addEventListener("submit", (event) => {
  const theme = event.submitter?.value;
  if (!theme) return;
  event.preventDefault();
  setTheme(theme);
  for (const button of event.target.querySelectorAll("button")) {
    if (button.value === theme) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  closeMenus();
});

/* dialogs: <button data-dialog="id"> opens, <button data-close> within closes */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  event.target.closest("[data-close]")?.closest("dialog")?.close();
});

/* a wrong form: the summary of its errors is read first */
document.querySelector("[data-focus]")?.focus();

/* sliders: <input type="range" data-output="id"> tells its value in that element while it moves */
document.addEventListener("input", ({ target }) => {
  const told = document.getElementById(target.dataset?.output);
  if (told) told.textContent = number(Number(target.value), 1);
});

/* files: drop them anywhere on their frame */
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    const drop = event.target.closest?.(".drop");
    if (!drop) return;
    event.preventDefault();
    drop.classList.toggle("is-over", type === "dragenter" || type === "dragover");
    if (type !== "drop") return;
    const input = drop.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.addEventListener("htmx:after:swap", () => loadParts(document));
document.addEventListener("htmx:response:error", () => notice(say("request-failed"), "is-bad"));
document.addEventListener("htmx:error", () => notice(say("request-failed"), "is-bad"));
loadParts(document);
