/* Parts of a page that follow what happens: <div id="x" data-live="5"> is fetched anew from the page's
   own address every 5 seconds while the page is seen, and not while somebody types or chooses in it.
   New features of a map outside the part come in its JSON block of the map's id and "-now". */

function isBusy(part) {
  const at = document.activeElement;
  return (part.contains(at) && at.matches("input, select, textarea")) || part.querySelector("details[data-menu][open]");
}

function follow(part) {
  const target = `#${part.id}`;
  let due;
  const later = () => {
    clearTimeout(due);
    if (!document.hidden) due = setTimeout(refresh, Number(part.dataset.live) * 1000);
  };
  const refresh = async () => {
    const now = document.querySelector(target);
    if (!now) return;
    if (!isBusy(now)) {
      await htmx.ajax("GET", location.href, { target, select: target, swap: "outerMorph" }).catch(() => {});
      showOnMaps(document.querySelector(target));
    }
    later();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(due) : refresh()));
  later();
}

function showOnMaps(part) {
  for (const block of part?.querySelectorAll('script[type="application/json"][id$="-now"]') ?? []) {
    const figure = document.getElementById(block.id.slice(0, -"-now".length));
    figure?.querySelector("vv-map")?.update?.(JSON.parse(block.textContent));
  }
}

for (const part of document.querySelectorAll("[data-live]")) follow(part);
