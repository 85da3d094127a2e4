/* <vv-gantt>: lanes over a day as SVG from the JSON within. Arrow keys go from bar to bar and lane to
   lane, + and - change the scale, a tip tells what a bar is. */
import { say } from "viavolta/words";

const SVG = "http://www.w3.org/2000/svg";
const LANE = 24;
const HEAD = 26;
const LABEL = 96;

class Gantt extends HTMLElement {
  connectedCallback() {
    if (this.frame) return;
    this.data = JSON.parse(this.querySelector("script").textContent);
    const bars = this.data.lanes.flatMap((lane) => lane.bars);
    this.from = bars.length ? Math.floor(Math.min(...bars.map((bar) => bar[0])) / 3600) : 0;
    this.to = bars.length ? Math.ceil(Math.max(...bars.map((bar) => bar[1])) / 3600) : 24;
    this.scale = 1;
    this.at = [0, -1];
    this.frame = document.createElement("div");
    this.frame.className = "gantt";
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "application");
    this.frame.setAttribute("aria-label", `${this.data.title}. ${say("gantt-keys")}`);
    this.tip = document.createElement("p");
    this.tip.className = "gantt-tip";
    this.tip.setAttribute("role", "status");
    this.tip.textContent = say("gantt-keys");
    this.append(this.tip, this.frame);
    this.frame.addEventListener("keydown", (event) => this.onKey(event));
    this.frame.addEventListener("pointermove", (event) => this.onPoint(event));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this);
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
    this.frame = null;
  }

  get hour() {
    return Math.max(14, ((this.clientWidth - LABEL - 12) / Math.max(1, this.to - this.from)) * this.scale);
  }

  x(seconds) {
    return LABEL + (seconds / 3600 - this.from) * this.hour;
  }

  draw() {
    const width = LABEL + (this.to - this.from) * this.hour + 12;
    const height = HEAD + this.data.lanes.length * LANE + 6;
    const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const step = [1, 2, 3, 4, 6, 12].find((hours) => hours * this.hour >= 44) ?? 24;
    for (let hour = this.from; hour <= this.to; hour += step) {
      svg.append(make("line", { x1: this.x(hour * 3600), x2: this.x(hour * 3600), y1: HEAD - 6, y2: height, class: "grid-line" }));
      if (this.x(hour * 3600) + 40 < width) svg.append(make("text", { x: this.x(hour * 3600) + 3, y: 16 }, clock(hour * 3600)));
    }
    this.data.lanes.forEach((lane, row) => svg.append(this.lane(lane, row)));
    this.frame.replaceChildren(svg);
    this.mark();
  }

  lane(lane, row) {
    const group = make("g", {});
    const y = HEAD + row * LANE;
    group.append(make("text", { x: 6, y: y + 16 }, short(lane.label)));
    lane.bars.forEach(([start, end, kind], i) => {
      const colour = this.data.kinds[kind]?.colour ?? "r-rest";
      const width = Math.max(1.5, this.x(end) - this.x(start) - 0.5);
      group.append(make("rect", { x: this.x(start), y: y + 4, width, height: LANE - 8, rx: 2, class: `bar fill-${colour}`, "data-row": row, "data-bar": i }));
    });
    return group;
  }

  onPoint(event) {
    const bar = event.target.closest?.("rect.bar");
    if (bar) this.go(Number(bar.dataset.row), Number(bar.dataset.bar), false);
  }

  onKey(event) {
    const [row, i] = this.at;
    const lanes = this.data.lanes;
    if (!lanes.length) return;
    const last = lanes[row].bars.length - 1;
    if (event.key === "ArrowRight") this.go(row, Math.min(last, i + 1), true);
    else if (event.key === "ArrowLeft") this.go(row, Math.max(0, i - 1), true);
    else if (event.key === "Home") this.go(row, 0, true);
    else if (event.key === "End") this.go(row, last, true);
    else if (event.key === "ArrowDown") this.goNear(Math.min(lanes.length - 1, row + 1));
    else if (event.key === "ArrowUp") this.goNear(Math.max(0, row - 1));
    else if (event.key === "+") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else return;
    event.preventDefault();
  }

  goNear(row) {
    const [oldRow, oldBar] = this.at;
    const start = this.data.lanes[oldRow].bars[Math.max(0, oldBar)]?.[0] ?? 0;
    const found = this.data.lanes[row].bars.findIndex((bar) => bar[1] > start);
    this.go(row, found < 0 ? this.data.lanes[row].bars.length - 1 : found, true);
  }

  zoom(factor) {
    this.scale = Math.min(24, Math.max(1, this.scale * factor));
    this.draw();
  }

  go(row, i, follow) {
    this.at = [row, i];
    const lane = this.data.lanes[row];
    const bar = lane?.bars[i];
    if (!bar) return;
    const [start, end, kind, text] = bar;
    const label = this.data.kinds[kind]?.label ?? kind;
    this.tip.textContent = [lane.label, `${clock(start)}–${clock(end)}`, label, text].filter(Boolean).join(" · ");
    this.mark();
    if (follow) this.frame.querySelector(".is-focus")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  mark() {
    this.frame.querySelector(".is-focus")?.classList.remove("is-focus");
    const [row, i] = this.at;
    this.frame.querySelector(`rect[data-row="${row}"][data-bar="${i}"]`)?.classList.add("is-focus");
  }
}

function make(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(seconds) {
  const minutes = Math.round(seconds / 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function short(label) {
  return label.length > 13 ? `${label.slice(0, 12)}…` : label;
}

customElements.define("vv-gantt", Gantt);
