/* Depots dragged on the map: the row of the table follows, and the map follows the row. */
const table = document.querySelector("[data-depots]");
const field = (row, name) => table?.querySelector(`[name="depots-${row}-${name}"]`);

document.addEventListener("vv-moved", (event) => {
  const { layer, id, lat, lon } = event.detail;
  if (layer !== "depots" || !field(id, "lat")) return;
  field(id, "lat").value = lat.toFixed(6);
  field(id, "lon").value = lon.toFixed(6);
});
