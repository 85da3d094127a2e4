/* The page of a scenario: a depot that is dragged on the map moves in its row, and the estimate follows. */
document.addEventListener("vv-moved", ({ detail }) => {
  if (detail.layer !== "depots") return;
  const row = document.querySelector(`[data-depot="${CSS.escape(String(detail.id))}"]`);
  if (!row) return;
  row.querySelector('[name$="-lat"]').value = detail.lat.toFixed(5);
  const lon = row.querySelector('[name$="-lon"]');
  lon.value = detail.lon.toFixed(5);
  lon.dispatchEvent(new Event("change", { bubbles: true }));
});
