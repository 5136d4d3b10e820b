// The explorer page. explorer_data.js, written when the site is built, has the functions.
"use strict";

const fastactMath = (() => {
  const {exp, expm1, log, log1p, tanh, cosh, sin, cos, sqrt, abs, sign, PI: pi, min: minimum, max: maximum} = Math;

  // erf by its series at small arguments, erfc by its continued fraction at large ones; each to 1e-14.
  function series(x) {
    let term = x, sum = x;
    for (let n = 1; abs(term) > 1e-18 * abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / sqrt(pi) * sum;
  }
  function fraction(x) {
    let below = x;
    for (let n = 80; n > 0; n--) below = x + n / 2 / below;
    return exp(-x * x) / sqrt(pi) / below;
  }
  const erfc = x => x > 2 ? fraction(x) : x < -2 ? 2 - fraction(-x) : 1 - series(x);
  const erf = x => abs(x) < 2 ? series(x) : x > 0 ? 1 - fraction(x) : fraction(-x) - 1;
  return {exp, expm1, log, log1p, tanh, cosh, sin, cos, sqrt, abs, sign, pi, minimum, maximum, erf, erfc,
          where: (condition, a, b) => condition ? a : b, sigmoid: x => 1 / (1 + exp(-x))};
})();

function fastactExplorer(root) {
  const functions = fastactFunctions(fastactMath), TITLES = ["f(x)", "f'(x)", "f''(x)"];
  const WIDTH = 340, HEIGHT = 250, POINTS = 680, LEFT = 34, BOTTOM = 20, X_MOST = 10;
  let chosen = [], values = {}, x = 1, span = 5, soon;

  // ---- elements ----

  function make(parent, tag, attributes = {}, text = "") {
    const element = document.createElementNS(tag === "svg" ? "http://www.w3.org/2000/svg" : parent.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return parent.appendChild(element);
  }

  function slider(parent, label, attributes, value, changed) {
    const line = make(parent, "label", {class: "slider"});
    make(line, "span", {}, label);
    const input = make(line, "input", {type: "range", ...attributes}), output = make(line, "output");
    input.value = value;
    output.textContent = number(value, 4);
    input.addEventListener("input", () => {
      output.textContent = number(+input.value, 4);
      changed(+input.value);
      draw();
    });
    return {input, output};
  }

  const number = (value, digits = 8) => String(+value.toPrecision(digits)).replaceAll("-", "\u2212");

  // Text with code between backquotes.
  function prose(parent, text) {
    text.split("`").forEach((part, k) => part && make(parent, k % 2 ? "code" : "span", {}, part));
  }

  // ---- the state, which the address keeps: #gelu,elu(alpha=2)&x=1&span=5, at first also after ? ----

  const given = each => values[each.name] ??= each.parameters.map(parameter => parameter.value);

  function remember() {
    const names = chosen.map(each => {
      const moved = each.parameters.map((parameter, k) => [parameter, given(each)[k]])
        .filter(([parameter, value]) => value !== parameter.value)
        .map(([parameter, value]) => `${parameter.name}=${+value.toPrecision(4)}`);
      return each.name + (moved.length ? `(${moved})` : "");
    });
    history.replaceState(null, "", `#${names}&x=${x}&span=${span}`);
  }

  function recall() {
    const text = (location.hash || location.search).slice(1) || "gelu,silu,relu";
    const plain = text.replace(/%[2-7][0-9a-f]/gi, code => String.fromCharCode(parseInt(code.slice(1), 16)));
    const [names, ...others] = plain.split("&");
    const options = Object.fromEntries(others.map(each => each.split("=")));
    const within = (text, low, high, otherwise) =>
      Number.isFinite(parseFloat(text)) ? Math.min(Math.max(parseFloat(text), low), high) : otherwise;
    [chosen, values] = [[], {}];
    for (const [, name, inside = ""] of names.matchAll(/(\w+)(?:\(([^)]*)\))?/g)) {
      const each = functions.find(each => each.name === name || each.aliases.includes(name));
      if (!each || chosen.includes(each)) continue;
      chosen.push(each);
      const told = Object.fromEntries(inside.split(",").map(each => each.split("=")));
      values[each.name] = each.parameters.map(({name, low, high, value}) => within(told[name], low, high, value));
    }
    x = within(options.x, -X_MOST, X_MOST, 1);
    span = +[2, 5, X_MOST].find(each => each === +options.span) || 5;
    cursor.input.value = x;
    cursor.output.textContent = number(x, 4);
    for (const input of spans.querySelectorAll("input")) input.checked = +input.value === span;
    for (const input of list.querySelectorAll("input")) input.checked = chosen.some(each => each.name === input.value);
    parameters();
    draw();
  }

  // ---- drawing ----

  // The polyline of one output; it is broken where the function jumps.
  function path(curve, output, toX, toY) {
    const at = x => curve(x)[output];
    function jumps(a, b) {
      const before = at(a), after = at(b);
      if (!(Math.abs(toY(after) - toY(before)) > 1)) return false;
      if (b - a < 1e-9) return true;
      const middle = (a + b) / 2;
      return Math.abs(at(middle) - before) > Math.abs(after - at(middle)) ? jumps(a, middle) : jumps(middle, b);
    }
    let text = "", last = -span;
    for (let k = 0; k <= POINTS; k++) {
      const x = -span + 2 * span * k / POINTS;
      text += `${k === 0 || jumps(last, x) ? "M" : "L"}${toX(x).toFixed(1)} ${toY(at(x)).toFixed(1)}`;
      last = x;
    }
    return text;
  }

  function limits(curves) {
    let low = 0, high = 0;
    for (const curve of curves) {
      for (let k = 0; k <= POINTS; k++) {
        for (const y of curve(-span + 2 * span * k / POINTS)) [low, high] = [Math.min(low, y), Math.max(high, y)];
      }
    }
    [low, high] = [Math.max(low, -span), Math.min(high, span)];
    const room = Math.max(0.06 * (high - low), 0.02);
    return [low - room, high + room];
  }

  function ticks(low, high) {
    const step = [0.1, 0.2, 0.5, 1, 2, 5].find(step => (high - low) / step <= 7) ?? 10;
    const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
    return Array.from({length: count}, (_, k) => +((first + k) * step).toFixed(2));
  }

  function panel(order) {
    const shown = chosen.map((each, k) => ({each, colour: k % 7})).filter(({each}) => each.curves[order])
      .map(({each, colour}) => ({each, colour, curve: x => each.curves[order](x, ...given(each))}));
    const figure = make(panels, "figure"), [low, high] = limits(shown.map(({curve}) => curve));
    make(figure, "figcaption", {}, TITLES[order]);
    const names = shown.map(({each}) => each.name).join(", ");
    const svg = make(figure, "svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
                                     "aria-label": `${TITLES[order]} of ${names}`});
    const toX = x => LEFT + (x + span) / (2 * span) * (WIDTH - LEFT - 4);
    const toY = y => Math.max(-HEIGHT, Math.min(2 * HEIGHT, (high - y) / (high - low) * (HEIGHT - BOTTOM)));
    for (const tick of ticks(-span, span)) {
      make(svg, "path", {class: tick ? "grid" : "axis", d: `M${toX(tick)} 0V${HEIGHT - BOTTOM}`});
      make(svg, "text", {x: toX(tick), y: HEIGHT - 5, "text-anchor": "middle"}, number(tick));
    }
    for (const tick of ticks(low, high)) {
      make(svg, "path", {class: tick ? "grid" : "axis", d: `M${LEFT} ${toY(tick)}H${WIDTH}`});
      make(svg, "text", {x: LEFT - 4, y: toY(tick) + 4, "text-anchor": "end"}, number(tick));
    }
    const inside = make(svg, "svg", {x: 0, y: 0, width: WIDTH, height: HEIGHT - BOTTOM});
    if (Math.abs(x) <= span) make(inside, "path", {class: "cursor", d: `M${toX(x)} 0V${HEIGHT}`});
    for (const {each, colour, curve} of shown) {
      curve(x).forEach((y, output) => {
        make(inside, "path", {class: `curve colour${colour} output${output}`, d: path(curve, output, toX, toY)});
        if (Math.abs(x) <= span) make(inside, "circle", {class: `dot colour${colour}`, cx: toX(x), cy: toY(y), r: 4});
      });
      const kinks = order ? [] : each.kinks(...given(each)).filter(kink => Math.abs(kink) <= span);
      for (const kink of kinks) {
        make(inside, "circle", {class: `kink colour${colour}`, cx: toX(kink), cy: toY(curve(kink)[0]), r: 3});
      }
    }
  }

  // x follows the pointer. A drawing replaces the panels, so the event's own target may be gone.
  function point(event) {
    const box = document.elementFromPoint(event.clientX, event.clientY)?.closest("figure")?.lastChild.getBoundingClientRect();
    if (!box) return;
    const at = (event.clientX - box.left) / box.width * WIDTH;
    const nearest = Math.round(((at - LEFT) / (WIDTH - LEFT - 4) * 2 - 1) * span * 20) / 20;
    x = Math.max(-span, Math.min(span, nearest));
    cursor.input.value = x;
    cursor.output.textContent = number(x, 4);
    draw();
  }

  function comparison() {
    const head = make(make(table, "thead"), "tr"), body = make(table, "tbody");
    make(head, "td");
    chosen.forEach((each, k) => {
      const cell = make(head, "th", {scope: "col"});
      make(cell, "span", {class: `swatch colour${k % 7}`});
      make(cell, "a", {href: each.page}, each.name);
    });
    function row(label, fill) {
      const line = make(body, "tr");
      make(line, "th", {scope: "row"}, label);
      for (const each of chosen) fill(make(line, "td"), each);
    }
    TITLES.forEach((title, order) => row(title.replace("x", number(x, 4)), (cell, each) => {
      const outputs = each.curves[order]?.(x, ...given(each)) ?? [];
      Object.assign(cell.dataset, {name: each.name, order});
      cell.textContent = outputs.map(output => number(output)).join(", ") || "\u2013";
    }));
    const labels = new Set(chosen.flatMap(each => each.facts.map(([label]) => label)));
    for (const label of labels) {
      row(label, (cell, each) => prose(cell, each.facts.find(([other]) => other === label)?.[1] ?? "\u2013"));
    }
  }

  function draw() {
    panels.replaceChildren();
    table.replaceChildren();
    const words = chosen.filter(each => !each.curves.length).map(each => each.name);
    const rows = chosen.some(each => each.curves.length === 1);
    note.textContent = [chosen.length ? "" : "Choose a function.",
                        rows ? "Of a function of rows: the outputs for the row (x, 0, 1), solid, dashed and dotted." : "",
                        words.length ? `${words.join(", ")}: no curve, the formula is in words.` : ""].join(" ").trim();
    TITLES.forEach((_, order) => chosen.some(each => each.curves[order]) && panel(order));
    if (chosen.length) comparison();
    clearTimeout(soon);
    soon = setTimeout(remember, 200);  // browsers limit how often the address may change
  }

  // ---- controls ----

  function parameters() {
    sliders.replaceChildren();
    for (const each of chosen) {
      each.parameters.forEach(({name, doc, low, high}, k) => {
        const {input} = slider(sliders, `${each.name}: ${name}`, {min: low, max: high, step: "any", title: doc},
                               given(each)[k], value => values[each.name][k] = value);
        input.dataset.name = `${each.name}.${name}`;
      });
    }
  }

  function choose(each, wanted) {
    chosen = wanted ? [...chosen, each] : chosen.filter(other => other !== each);
    parameters();
    draw();
  }

  root.replaceChildren();
  const search = make(make(root, "label", {class: "search"}, "Search "), "input",
                      {type: "search", placeholder: "hardswish, torch.nn.ELU, classifier \u2026"});
  const list = make(root, "div", {class: "functions", role: "group", "aria-label": "functions"});
  for (const each of functions) {
    const label = make(list, "label"), input = make(label, "input", {type: "checkbox", value: each.name});
    make(label, "span", {}, each.name);
    input.addEventListener("change", () => choose(each, input.checked));
    const searched = each.facts.filter(([name]) => ["also called", "elsewhere", "best for"].includes(name));
    label.dataset.text = [each.name, ...searched.map(([, text]) => text)].join(" ").toLowerCase();
  }
  search.addEventListener("input", () => {
    const text = search.value.trim().toLowerCase();
    for (const label of list.children) label.hidden = !label.dataset.text.includes(text);
  });
  const controls = make(root, "div", {class: "controls"});
  const spans = make(controls, "fieldset");
  make(spans, "legend", {}, "range of x");
  for (const each of [2, 5, X_MOST]) {
    const label = make(spans, "label"), input = make(label, "input", {type: "radio", name: "span", value: each});
    make(label, "span", {}, `\u00b1${each}`);
    input.addEventListener("change", () => { span = each; draw(); });
  }
  const cursor = slider(controls, "x", {min: -X_MOST, max: X_MOST, step: 0.05}, x, value => x = value);
  const sliders = make(root, "div", {class: "controls"}), note = make(root, "p", {class: "note", "aria-live": "polite"});
  const panels = make(root, "div", {class: "panels"});
  panels.addEventListener("pointermove", point);
  const table = make(make(root, "div", {class: "comparison", tabindex: 0, role: "region", "aria-label": "comparison"}), "table");
  window.addEventListener("hashchange", recall);
  recall();
}

if (typeof document !== "undefined") fastactExplorer(document.getElementById("fastact-explorer"));
