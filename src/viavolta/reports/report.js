// Gives a report its downloads, filters and pages. The page says everything without this script.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // ---- downloads ----------------------------------------------------------------------------
  const isNumber = (cell) => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(cell);

  // A text cell that a spreadsheet would run as a formula gets an apostrophe in front.
  const csvCell = (value) => {
    let cell = String(value);
    if (/^[=+\-@\t\r]/.test(cell) && !isNumber(cell)) cell = "'" + cell;
    return /[",\r\n]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell;
  };
  const csvText = (rows) => "\ufeff" + rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
  const tableRows = (table) =>
    all("tr", table).map((row) => all("th,td", row).map((cell) => cell.dataset.v ?? cell.textContent));

  const save = (content, type, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  // The style sheet does not travel with a picture, so its colours are written into the copy.
  const PAINT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family",
    "font-size", "font-weight", "text-anchor", "paint-order", "display"];
  const pictureText = (svg) => {
    const copy = svg.cloneNode(true);
    const twins = [copy, ...all("*", copy)];
    [svg, ...all("*", svg)].forEach((element, i) => {
      const style = getComputedStyle(element);
      if (element !== svg) for (const name of PAINT) twins[i].setAttribute(name, style.getPropertyValue(name));
      twins[i].removeAttribute("class");
    });
    all('[display="none"]', copy).forEach((element) => element.remove());
    return new XMLSerializer().serializeToString(copy);
  };

  for (const button of all("button.csv")) {
    const table = one("table", button.parentElement);
    button.hidden = false;
    button.addEventListener("click", () => save(csvText(tableRows(table)), "text/csv", table.dataset.name + ".csv"));
  }
  for (const button of all("button.svg")) {
    const figure = button.closest("figure");
    button.hidden = false;
    button.addEventListener("click", () => {
      const svg = all(".picture svg", figure).find((s) => getComputedStyle(s).display !== "none");
      if (svg) save(pictureText(svg), "image/svg+xml", figure.dataset.name + ".svg");
    });
  }

  // ---- filters of tables --------------------------------------------------------------------
  for (const bar of all("[data-for]")) {
    const table = one('table[data-name="' + bar.dataset.for + '"]');
    const status = one(".by-status", bar), word = one(".by-word", bar);
    const apply = () => {
      const wanted = word.value.trim().toLowerCase();
      for (const row of all("tbody tr", table)) {
        const own = one("[data-status]", row)?.dataset.status;
        row.hidden = Boolean((status.value && own !== status.value) ||
          (wanted && !row.textContent.toLowerCase().includes(wanted)));
      }
    };
    bar.hidden = false;
    status.addEventListener("change", apply);
    word.addEventListener("input", apply);
  }

  // ---- blocks -------------------------------------------------------------------------------
  const block = one("#gantt-data");
  const gantt = block ? startGantt(JSON.parse(block.textContent)) : null;

  function startGantt(data) {
    const svg = one("#gantt"), box = svg.parentElement, labels = one("#gantt-labels");
    const rows = all("g[data-i]", svg), names = all("text[data-i]", labels);
    const filter = one("#gantt-filter"), order = one("#gantt-order"), output = one("#gantt-page");
    const back = one("#gantt-back"), next = one("#gantt-next");
    const buses = data.buses;
    const texts = buses.map((bus) => {
      const words = new Set([bus.id, bus.type, bus.depot]);
      for (const row of bus.rows) for (const k of [3, 4]) if (row[k] >= 0) words.add(data.names[row[k]]);
      return [...words].join("\n").toLowerCase();
    });
    let page = 0, found = [];

    const search = () => {
      const wanted = filter.value.trim().toLowerCase();
      found = buses.map((_, i) => i).filter((i) => !wanted || texts[i].includes(wanted));
      if (order.value === "low") found.sort((a, b) => buses[a].low - buses[b].low || a - b);
      if (order.value === "name") {
        found.sort((a, b) => buses[a].id.localeCompare(buses[b].id, "en", { numeric: true }) || a - b);
      }
      page = 0;
      show();
    };

    const show = () => {
      const first = page * data.page, shown = found.slice(first, first + data.page);
      const place = new Map(shown.map((bus, k) => [bus, k]));
      rows.forEach((row, i) => {
        const k = place.get(i);
        row.setAttribute("class", k === undefined ? "off" : "row");
        names[i].setAttribute("class", k === undefined ? "off" : "");
        if (k === undefined) return;
        const top = data.head + k * data.row;
        row.setAttribute("transform", "translate(" + data.label + " " + (top + 2) + ")");
        names[i].setAttribute("y", top + 16);
      });
      const width = data.label + data.plot + data.end;
      const height = data.head + Math.max(shown.length, 1) * data.row + 4;
      svg.setAttribute("viewBox", "0 0 " + width + " " + height);
      svg.setAttribute("height", height);
      const words = { a: first + 1, b: first + shown.length, n: found.length };
      output.textContent = found.length
        ? data.words.page.replace(/\{(\w)\}/g, (_, key) => words[key].toLocaleString(document.documentElement.lang))
        : data.words.none;
      back.disabled = page === 0;
      next.disabled = first + data.page >= found.length;
    };

    const clock = (second) => {
      const days = Math.floor(second / 86400), rest = second - days * 86400;
      const two = (n) => String(Math.floor(n)).padStart(2, "0");
      return two(rest / 3600) + ":" + two((rest % 3600) / 60) + (days ? " +" + days : "");
    };
    const name = (i) => (i < 0 ? "" : data.names[i]);
    const percent = (bus, kwh) => ((100 * kwh) / bus.cap).toFixed(0);

    // Which activity lies under the pointer, in one line of words.
    const readout = document.createElement("div");
    readout.id = "gantt-readout";
    box.after(readout);
    svg.addEventListener("pointermove", (event) => {
      const spot = svg.getBoundingClientRect();
      const scale = (data.label + data.plot + data.end) / spot.width;
      const k = Math.floor(((event.clientY - spot.top) * scale - data.head) / data.row);
      const second = data.first + (((event.clientX - spot.left) * scale - data.label) / data.plot) * (data.last - data.first);
      const bus = buses[found[page * data.page + k]];
      const row = bus && k >= 0 ? bus.rows.find((r) => r[1] <= second && second < r[2]) : undefined;
      readout.textContent = row
        ? [bus.id, clock(row[1]) + "\u2013" + clock(row[2]), data.kinds[row[0]],
          name(row[3]) && data.words.line.replace("{name}", () => name(row[3])),
          row[5] === row[6] ? name(row[5]) : name(row[5]) + " \u2192 " + name(row[6]),
          row[7] ? row[7].toFixed(1) + " km" : "",
          row[8] ? row[8].toFixed(1) + " kWh" : "", row[9] ? "+" + row[9].toFixed(1) + " kWh" : "",
          data.words.battery.replace("{p}", percent(bus, row[10]))].filter(Boolean).join(" \u00b7 ")
        : "";
    });

    // Names stay in sight while the day scrolls under them.
    box.addEventListener("scroll", () => {
      labels.setAttribute("transform", "translate(" + box.scrollLeft + " 0)");
    }, { passive: true });

    const cells = (bus) => bus.rows.map((r) => [bus.id, data.kinds[r[0]], name(r[3]), name(r[4]), name(r[5]),
      name(r[6]), clock(r[1]), clock(r[2]), r[7], r[8], r[9], r[10], percent(bus, r[10])]);
    const pick = one("#gantt-bus"), list = one("#gantt-one");
    const listBus = () => {
      const table = document.createElement("table");
      const add = (parent, tag, values) => {
        const row = parent.insertRow();
        for (const value of values) {
          const cell = document.createElement(tag);
          cell.textContent = value;
          if (typeof value === "number") cell.className = "n";
          row.append(cell);
        }
      };
      add(table.createTHead(), "th", data.words.columns.slice(1));
      const body = table.createTBody();
      for (const row of cells(buses[pick.value])) add(body, "td", row.slice(1));
      const frame = document.createElement("div");
      frame.className = "table-box";
      frame.append(table);
      list.replaceChildren(frame);
    };
    const activitiesCsv = () => csvText([data.words.columns, ...buses.flatMap(cells)]);
    one("#gantt-csv").addEventListener("click", () => save(activitiesCsv(), "text/csv", data.words.file + ".csv"));
    svg.addEventListener("click", (event) => {
      const row = event.target.closest("[data-i]");
      if (!row) return;
      pick.value = row.dataset.i;
      one("#gantt-detail").closest("details").open = true;
      listBus();
    });

    filter.addEventListener("input", search);
    order.addEventListener("change", search);
    pick.addEventListener("change", listBus);
    back.addEventListener("click", () => { page -= 1; show(); });
    next.addEventListener("click", () => { page += 1; show(); });
    one("#gantt-controls").hidden = false;
    one("#gantt-detail").hidden = false;
    search();
    listBus();
    return { activitiesCsv };
  }

  window.viavoltaReport = { csvText, tableRows, pictureText, gantt };
})();
