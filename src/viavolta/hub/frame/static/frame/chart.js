/* <vv-chart>: lines, areas, steps and bars by uPlot from the JSON within; arrow keys read values. */
import uPlot from "uplot";
import { addSheet, colour, onThemeChange } from "viavolta/theme";
import { locale, number } from "viavolta/words";

addSheet(import.meta.resolve("uplot/sheet"));

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4], [12, 4]];

class Chart extends HTMLElement {
  connectedCallback() {
    if (this.plot) return;
    this.data = JSON.parse(this.querySelector("script").textContent);
    this.tabIndex = 0;
    this.setAttribute("role", "img");
    this.setAttribute("aria-label", summary(this.data));
    this.tip = document.createElement("div");
    this.tip.className = "chart-tip";
    this.tip.setAttribute("role", "status");
    this.tip.hidden = true;
    this.draw();
    this.stopTheme = onThemeChange(() => this.draw());
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this);
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("blur", () => this.show(null));
  }

  disconnectedCallback() {
    this.stopTheme?.();
    this.sizes?.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  fit() {
    const width = Math.floor(this.clientWidth);
    if (width > 0 && this.plot && width !== this.plot.width) {
      this.plot.setSize({ width, height: heightFor(width) });
    }
  }

  draw() {
    this.plot?.destroy();
    const width = Math.max(240, Math.floor(this.clientWidth));
    const { columns, bands } = stack(this.data);
    this.plot = new uPlot(this.options(width, bands), columns, this);
    this.append(this.tip);
  }

  options(width, bands) {
    const data = this.data;
    const ink = colour("--ink-soft");
    const line = colour("--line");
    const zoned = data.kind === "time" ? { tzDate: (s) => uPlot.tzDate(new Date(s * 1e3), data.zone) } : {};
    return {
      width,
      height: heightFor(width),
      ...zoned,
      bands,
      padding: [12, 12, 0, 0],
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      legend: { show: false },
      scales: {
        x: { time: data.kind === "time", range: data.kind === "name" ? [-0.6, data.x.length - 0.4] : undefined },
        y: { range: (_plot, low, high) => span(low, high, data.limits) },
      },
      axes: [this.xAxis(ink, line), this.yAxis(ink, line)],
      series: [{}, ...data.series.map((series, i) => look(series, i, data))],
      hooks: { setCursor: [(plot) => this.show(plot.cursor.idx)], draw: [(plot) => drawLimits(plot, data.limits)] },
    };
  }

  xAxis(stroke, line) {
    const data = this.data;
    const axis = { stroke, grid: { show: false }, ticks: { stroke: line }, font: "12px system-ui", size: data.kind === "time" ? 50 : 36 };
    if (data.kind === "name") {
      axis.splits = () => data.x;
      axis.values = () => data.names;
    } else if (data.kind === "time") {
      axis.values = timeLabels(data.zone);
    } else {
      axis.values = (_plot, ticks) => ticks.map((tick) => number(tick, decimals(ticks)));
    }
    return axis;
  }

  yAxis(stroke, line) {
    return {
      stroke, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui", size: 58,
      values: (_plot, ticks) => ticks.map((tick) => number(tick, decimals(ticks))),
    };
  }

  onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const last = this.data.x.length - 1;
    let next;
    if (step) next = Math.min(last, Math.max(0, (this.at ?? (step > 0 ? -1 : last + 1)) + step));
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else return;
    event.preventDefault();
    this.plot.setCursor({ left: this.plot.valToPos(this.data.x[next], "x"), top: 10 });
    this.show(next);
  }

  show(i) {
    this.at = i ?? undefined;
    this.tip.hidden = i === null || i === undefined;
    if (this.tip.hidden) return;
    const rows = this.data.series.map((series) => [series.label, `${number(series.values[i], series.digits)} ${this.data.unit}`]);
    const list = document.createElement("dl");
    for (const [label, value] of rows) list.append(cell("dt", label), cell("dd", value));
    this.tip.replaceChildren(cell("strong", xText(this.data, i)), list);
    const left = this.plot.valToPos(this.data.x[i], "x") + this.plot.bbox.left / devicePixelRatio;
    const room = this.clientWidth - this.tip.offsetWidth - 4;
    this.tip.style.left = `${Math.max(0, Math.min(room, left + 12 > room ? left - this.tip.offsetWidth - 12 : left + 12))}px`;
    this.tip.style.top = "8px";
  }
}

function heightFor(width) {
  return Math.round(Math.min(420, Math.max(220, width * 0.42)));
}

function cell(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function summary(data) {
  return `${data.title}. ${data.series.map((series) => series.label).join(", ")}.`;
}

function xText(data, i) {
  if (data.kind === "name") return data.names[i];
  if (data.kind === "number") return `${data.xLabel} ${number(data.x[i], data.xDigits)}`;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: data.zone }).format(data.x[i] * 1e3);
}

function timeLabels(timeZone) {
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone });
  const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone });
  return (_plot, ticks) => {
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : 0;
    let before = "";
    return ticks.map((tick) => {
      const at = tick * 1e3;
      if (step >= 27 * 86400) return month.format(at);
      const date = day.format(at);
      if (step >= 86400) return date;
      const text = date === before ? clock.format(at) : `${clock.format(at)}\n${date}`;
      before = date;
      return text;
    });
  };
}

function decimals(ticks) {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : 1;
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

function span(low, high, limits) {
  const values = [low ?? 0, high ?? 1, ...limits.map((limit) => limit.value), 0];
  const bottom = Math.min(...values);
  const top = Math.max(...values);
  const room = (top - bottom || 1) * 0.06;
  return [bottom < 0 ? bottom - room : 0, top + room];
}

function look(series, i, data) {
  const stroke = () => colour(`--${series.colour}`);
  const base = { label: series.label, stroke, width: 2, points: { show: data.x.length === 1 }, spanGaps: false };
  if (series.style === "bar") {
    return { ...base, width: 0, fill: stroke, points: { show: false }, paths: uPlot.paths.bars({ size: [0.6, 90], align: 0 }) };
  }
  if (series.style === "step") return { ...base, dash: DASHES[i % 7], paths: uPlot.paths.stepped({ align: 1 }) };
  if (series.style === "area") return { ...base, width: 1.5, fill: () => faded(series.colour, data.stacked ? 0.75 : 0.28) };
  return { ...base, dash: DASHES[i % 7] };
}

function faded(name, alpha) {
  return colour(`--${name}`).replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

/* Stacked series: sums from the first on, drawn from the top sum down so that all are seen. */
function stack(data) {
  const columns = data.series.map((series) => series.values);
  if (!data.stacked) return { columns: [data.x, ...columns], bands: [] };
  const sums = new Array(data.x.length).fill(0);
  const stacked = columns.map((values) => values.map((value, i) => (sums[i] += value ?? 0)));
  const bands = stacked.slice(1).map((_values, i) => ({ series: [i + 2, i + 1] }));
  return { columns: [data.x, ...stacked], bands };
}

function drawLimits(plot, limits) {
  const { ctx, bbox } = plot;
  for (const limit of limits) {
    const y = Math.round(plot.valToPos(limit.value, "y", true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = colour("--bad");
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

customElements.define("vv-chart", Chart);
