/* The style of the basemap in the colours of the sheet; words are drawn with the reader's own fonts,
   since a style without `glyphs` needs no server of them. */
import { colour } from "viavolta/theme";

const FONT = ["sans-serif"];
const EUROPE = [-11, 35, 30, 60];

/** The style: outlines of countries everywhere, and each basemap where it has tiles. */
export function mapStyle({ outlines, basemaps }) {
  const sources = { outlines: { type: "geojson", data: outlines }, grounds: { type: "geojson", data: grounds(basemaps) } };
  const layers = [
    { id: "sea", type: "background", paint: { "background-color": colour("--map-water") } },
    { id: "land", type: "fill", source: "outlines", paint: { "fill-color": colour("--map-land"), "fill-antialias": false } },
    { id: "countries", type: "line", source: "outlines", paint: { "line-color": colour("--map-border"), "line-width": 0.8 } },
    { id: "ground", type: "fill", source: "grounds", minzoom: 8, paint: { "fill-color": colour("--map-land"), "fill-antialias": false } },
  ];
  for (const base of basemaps) {
    sources[base.name] = {
      type: "vector",
      url: `pmtiles://${base.url}`,
      attribution: '© <a href="https://www.openstreetmap.org/copyright" rel="noreferrer">OpenStreetMap</a>',
    };
    layers.push(...baseLayers(base));
  }
  return { version: 8, sources, layers };
}

export { EUROPE };

/* Where a basemap begins, its own water counts and no longer the coarse outlines. */
function grounds(basemaps) {
  const features = basemaps.map(({ bounds: [west, south, east, north] }) => {
    const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
  });
  return { type: "FeatureCollection", features };
}

function baseLayers({ name }) {
  const at = (id, type, layer, rest) => ({ id: `${name}-${id}`, type, source: name, "source-layer": layer, ...rest });
  const wide = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];
  const round = { "line-cap": "round", "line-join": "round" };
  return [
    at("built", "fill", "built", { paint: { "fill-color": colour("--map-built") } }),
    at("green", "fill", "green", { paint: { "fill-color": colour("--map-green") } }),
    at("water", "fill", "water", { paint: { "fill-color": colour("--map-water") } }),
    at("streams", "line", "streams", { paint: { "line-color": colour("--map-water"), "line-width": wide(9, 0.6, 16, 4) } }),
    at("buildings", "fill", "buildings", { minzoom: 14, paint: { "fill-color": colour("--map-building"), "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0.3, 15.5, 1] } }),
    at("local-edge", "line", "streets", { minzoom: 12, layout: round, paint: { "line-color": colour("--map-road-edge"), "line-width": wide(12, 0.8, 18, 15) } }),
    at("main-edge", "line", "roads", { layout: round, paint: { "line-color": colour("--map-road-edge"), "line-width": wide(7, 1, 12, 3, 18, 24) } }),
    at("local", "line", "streets", { minzoom: 13, layout: round, paint: { "line-color": colour("--map-road"), "line-width": wide(13, 0.6, 18, 12) } }),
    at("main", "line", "roads", { layout: round, paint: { "line-color": colour("--map-main"), "line-width": wide(7, 0.5, 12, 1.8, 18, 20) } }),
    at("rail", "line", "rail", { minzoom: 9, paint: { "line-color": colour("--map-rail"), "line-width": wide(9, 0.6, 18, 4), "line-dasharray": [4, 2] } }),
    at("border", "line", "borders", { paint: { "line-color": colour("--map-border"), "line-width": 1.2, "line-dasharray": [4, 2] } }),
    at("street-names", "symbol", "streets", { minzoom: 15, layout: { ...words(11), "symbol-placement": "line" }, paint: ink() }),
    at("road-names", "symbol", "roads", { minzoom: 13, layout: { ...words(11), "symbol-placement": "line" }, paint: ink() }),
    at("places", "symbol", "places", { layout: { ...words(["interpolate", ["linear"], ["zoom"], 6, 11, 14, 15]), "symbol-sort-key": ["get", "rank"] }, paint: ink() }),
  ];
}

/** Layout of words from a property. */
export function words(size, property = "name") {
  return { "text-field": ["to-string", ["get", property]], "text-font": FONT, "text-size": size, "text-max-width": 9 };
}

/** Colours of words. */
export function ink() {
  return { "text-color": colour("--map-ink"), "text-halo-color": colour("--map-halo"), "text-halo-width": 1.4 };
}

/** The layers that draw one layer of features. */
export function featureLayers(layer) {
  const source = `own-${layer.key}`;
  const paintColour = layer.colourBy ? named(layer.colourBy, layer.colour) : colour(`--${layer.colour}`);
  const size = layer.sizeBy ? ["coalesce", ["get", layer.sizeBy], layer.size] : layer.size;
  const visibility = layer.shown ? "visible" : "none";
  const base = { source, layout: { visibility } };
  if (layer.shape === "area") {
    return [
      { ...base, id: `${source}-fill`, type: "fill", paint: { "fill-color": paintColour, "fill-opacity": 0.45 } },
      { ...base, id: `${source}-edge`, type: "line", paint: { "line-color": paintColour, "line-width": 1.5 } },
    ];
  }
  if (layer.shape === "line") {
    const layout = { visibility, "line-cap": "round", "line-join": "round" };
    return [
      { ...base, layout, id: `${source}-halo`, type: "line", paint: { "line-color": colour("--map-halo"), "line-width": ["+", size, 3], "line-opacity": 0.8 } },
      { ...base, layout, id: `${source}-line`, type: "line", paint: { "line-color": paintColour, "line-width": size } },
    ];
  }
  const dots = {
    ...base, id: `${source}-dot`, type: "circle",
    paint: { "circle-color": paintColour, "circle-radius": size, "circle-stroke-color": colour("--map-halo"), "circle-stroke-width": 1.5 },
  };
  if (!layer.text) return [dots];
  const layout = { visibility, ...words(12, layer.text), "text-anchor": "left", "text-offset": [0.8, 0], "text-justify": "left" };
  return [dots, { ...base, id: `${source}-text`, type: "symbol", minzoom: 9, layout, paint: ink() }];
}

function named(property, fallback) {
  const names = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r-rest", "good", "warn", "bad"];
  return ["match", ["get", property], ...names.flatMap((name) => [name, colour(`--${name}`)]), colour(`--${fallback}`)];
}
