/* <vv-map>: MapLibre over our own style, from the JSON within. Features open what they are, places can
   be picked, points dragged by mouse, touch and arrow keys; everything else is in the table beside. */
import { addProtocol, Map as GlMap, Marker, NavigationControl, Popup, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";
import { addSheet, onThemeChange } from "viavolta/theme";
import { number, say } from "viavolta/words";
import { EUROPE, featureLayers, mapStyle } from "viavolta/map-style";

setWorkerUrl(import.meta.resolve("maplibre-gl/worker"));
addSheet(import.meta.resolve("maplibre-gl/sheet"));
addProtocol("pmtiles", new Protocol().tile);

const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const isTouch = matchMedia("(pointer: coarse)").matches;

class MapElement extends HTMLElement {
  connectedCallback() {
    if (this.map) return;
    this.data = JSON.parse(this.querySelector("script").textContent);
    for (const base of this.data.basemaps) base.url = new URL(base.url, location.href).href;
    this.querySelector(".map-failed")?.remove();
    this.canvas = document.createElement("div");
    this.canvas.className = "map-canvas";
    this.append(this.canvas);
    try {
      this.start();
    } catch {
      this.fail();
    }
  }

  disconnectedCallback() {
    this.stopTheme?.();
    this.map?.remove();
    this.map = null;
  }

  fail() {
    const words = document.createElement("p");
    words.className = "map-failed";
    words.textContent = say("map-failed");
    this.replaceChildren(this.querySelector("script"), words);
  }

  start() {
    const data = this.data;
    this.map = new GlMap({
      container: this.canvas,
      style: this.style_(),
      bounds: data.bounds ?? boundsOf(data.layers) ?? EUROPE,
      fitBoundsOptions: { padding: 36, maxZoom: 15 },
      attributionControl: { compact: false, customAttribution: data.credit || undefined },
      cooperativeGestures: isTouch,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      fadeDuration: isCalm ? 0 : 200,
      locale: locale(),
    });
    this.map.keyboard.disableRotation();
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-left");
    this.map.getCanvas().setAttribute("aria-label", `${data.title}. ${say("map-keys")}`);
    this.stopTheme = onThemeChange(() => this.map.setStyle(this.style_(), { diff: false }));
    this.map.on("click", (event) => this.onClick(event));
    this.map.on("mousemove", (event) => {
      this.map.getCanvas().style.cursor = data.picks || this.featureAt(event.point) ? "pointer" : "";
    });
    this.map.once("idle", () => this.setAttribute("data-ready", ""));
    this.legend();
    this.markers = data.layers.filter((layer) => layer.draggable).flatMap((layer) => this.pins(layer));
    if (data.picks) this.startPicking();
    this.listen();
  }

  style_() {
    const style = mapStyle(this.data);
    for (const layer of this.data.layers) {
      if (layer.draggable) continue;
      style.sources[`own-${layer.key}`] = { type: "geojson", data: layer.features };
      style.layers.push(...featureLayers(layer));
    }
    return style;
  }

  /* what is on the map */

  legend() {
    const layers = this.data.layers.filter((layer) => layer.label);
    if (!layers.length) return;
    const box = document.createElement("div");
    box.className = "map-legend";
    const list = document.createElement("ul");
    list.className = "legend";
    for (const layer of layers) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(layer.shown));
      button.append(swatch(layer), layer.label);
      button.addEventListener("click", () => this.toggle(layer, button));
      item.append(button);
      list.append(item);
    }
    box.append(list);
    this.append(box);
  }

  toggle(layer, button) {
    layer.shown = !layer.shown;
    button.setAttribute("aria-pressed", String(layer.shown));
    for (const marker of this.markers) {
      if (marker.layer === layer) marker.getElement().hidden = !layer.shown;
    }
    for (const { id } of layer.draggable ? [] : featureLayers(layer)) {
      this.map.setLayoutProperty(id, "visibility", layer.shown ? "visible" : "none");
    }
  }

  featureAt(point) {
    if (!this.map.isStyleLoaded()) return null;
    const around = [[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]];
    return this.map.queryRenderedFeatures(around).find((feature) => feature.source.startsWith("own-"));
  }

  onClick(event) {
    if (this.data.picks) {
      this.pick(event.lngLat);
      return;
    }
    const feature = this.featureAt(event.point);
    if (feature) this.open(this.layerOf(feature.source), feature.properties, event.lngLat);
  }

  layerOf(source) {
    return this.data.layers.find((layer) => `own-${layer.key}` === source);
  }

  open(layer, properties, at) {
    const shown = layer.popup.filter(({ key }) => properties[key] !== undefined && properties[key] !== null);
    if (!shown.length) return;
    const list = document.createElement("dl");
    list.className = "facts";
    for (const { key, label } of shown) {
      const name = document.createElement("dt");
      name.textContent = label;
      const value = document.createElement("dd");
      value.textContent = typeof properties[key] === "number" ? number(properties[key], properties[key] % 1 ? 1 : 0) : properties[key];
      list.append(name, value);
    }
    this.popup?.remove();
    this.popup = new Popup({ maxWidth: "20rem", focusAfterOpen: false }).setLngLat(at).setDOMContent(list).addTo(this.map);
  }

  /** Move to a feature and open it; buttons with data-show="layer:id" beside the map call this. */
  show(key, id) {
    const layer = this.data.layers.find((other) => other.key === key);
    const feature = layer?.features.features.find((other) => String(other.properties.id) === id);
    if (!feature) return;
    const box = boundsOf([{ features: { features: [feature] } }]);
    this.map.fitBounds(box, { padding: 60, maxZoom: 15, animate: !isCalm });
    this.open(layer, feature.properties, [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
  }

  /** Draw layers that are there already with new features. */
  update(layers) {
    for (const { key, features } of layers) {
      const layer = this.data.layers.find((other) => other.key === key);
      if (!layer) continue;
      layer.features = features;
      this.map?.getSource(`own-${key}`)?.setData(features);
    }
  }

  listen() {
    const place = this.closest(".map-with-table") ?? document;
    place.addEventListener("click", (event) => {
      const button = event.target.closest("[data-show]");
      if (!button || !this.map) return;
      const [key, ...id] = button.dataset.show.split(":");
      this.show(key, id.join(":"));
      this.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
    });
  }

  /* points that move */

  pins(layer) {
    return layer.features.features.map((feature) => {
      const { id, name } = feature.properties;
      const moved = (at) => {
        feature.geometry.coordinates = [at.lng, at.lat];
        const detail = { layer: layer.key, id, lat: at.lat, lon: at.lng };
        this.dispatchEvent(new CustomEvent("vv-moved", { bubbles: true, detail }));
      };
      const marker = this.pin(feature.geometry.coordinates, name ?? String(id), moved);
      marker.layer = layer;
      return marker;
    });
  }

  pin(at, name, moved) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "map-pin";
    element.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 23s8-8.6 8-14A8 8 0 0 0 4 9c0 5.4 8 14 8 14z" fill="currentColor"/><circle cx="12" cy="9" r="3.2" fill="#fff"/></svg>';
    const marker = new Marker({ element, draggable: true, anchor: "bottom" }).setLngLat(at).addTo(this.map);
    element.setAttribute("aria-label", say("map-pin", { what: name }));
    marker.on("dragend", () => moved(marker.getLngLat()));
    element.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 1 : 10;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const from = this.map.project(marker.getLngLat());
      marker.setLngLat(this.map.unproject([from.x + way[0], from.y + way[1]]));
      clearTimeout(this.keyMoved);
      this.keyMoved = setTimeout(() => moved(marker.getLngLat()), 300);
    });
    return marker;
  }

  startPicking() {
    [this.lat, this.lon] = this.data.picks.map((id) => document.getElementById(id));
    const follow = () => {
      const at = [Number(this.lon.value), Number(this.lat.value)];
      if (!this.lat.value || !this.lon.value || at.some(Number.isNaN)) return;
      if (Math.abs(at[0]) > 180 || Math.abs(at[1]) > 85) return;
      this.placePin(at);
      if (!this.map.getBounds().contains(at)) this.map.jumpTo({ center: at, zoom: Math.max(12, this.map.getZoom()) });
    };
    for (const field of [this.lat, this.lon]) field.addEventListener("change", follow);
    follow();
  }

  placePin(at) {
    if (this.picked) this.picked.setLngLat(at);
    else this.picked = this.pin(at, this.data.title, (to) => this.pick(to));
  }

  pick(at) {
    const { lng, lat } = at.wrap();
    this.placePin([lng, lat]);
    this.lat.value = lat.toFixed(5);
    this.lon.value = lng.toFixed(5);
    for (const field of [this.lat, this.lon]) field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function boundsOf(layers) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (part) => {
    if (typeof part[0] !== "number") part.forEach(take);
    else {
      box[0] = Math.min(box[0], part[0]);
      box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]);
      box[3] = Math.max(box[3], part[1]);
    }
  };
  for (const layer of layers) for (const feature of layer.features.features) if (feature.geometry) take(feature.geometry.coordinates);
  return box[0] <= box[2] ? box : null;
}

function swatch(layer) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 28 14");
  svg.setAttribute("aria-hidden", "true");
  const mark = document.createElementNS(svg.namespaceURI, { point: "circle", line: "line", area: "rect" }[layer.shape]);
  const at = { point: { cx: 14, cy: 7, r: 5 }, line: { x1: 2, y1: 7, x2: 26, y2: 7 }, area: { x: 4, y: 2, width: 20, height: 10 } }[layer.shape];
  for (const [name, value] of Object.entries(at)) mark.setAttribute(name, value);
  mark.setAttribute("class", layer.shape === "line" ? `swatch-${layer.colour}` : `fill-${layer.colour}`);
  svg.append(mark);
  return svg;
}

function locale() {
  return {
    "NavigationControl.ZoomIn": say("zoom-in"),
    "NavigationControl.ZoomOut": say("zoom-out"),
    "AttributionControl.ToggleAttribution": say("map-sources"),
    "Popup.Close": say("close"),
    "Map.Title": say("map"),
    "Marker.Title": say("map"),
    "CooperativeGesturesHandler.MobileHelpText": say("two-fingers"),
    "CooperativeGesturesHandler.WindowsHelpText": say("two-fingers"),
    "CooperativeGesturesHandler.MacHelpText": say("two-fingers"),
  };
}

customElements.define("vv-map", MapElement);
