// Slack's data_visualization block as inline SVG, with the same figures in a table.
import { el, svg } from "/page/dom.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [430, 240, 46, 44, 12];
const color = (n) => `var(--chart-${(n % 6) + 1})`;
const figure = (value) => new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);

export function chart(block) {
  const { chart: it, title } = block;
  const drawn = it.type === "pie" ? pie(it, title) : axes(it, title);
  return el("figure", { class: "chart" }, el("figcaption", {}, title), drawn, legend(it),
    el("details", {}, el("summary", {}, "Show as table"), el("div", { class: "scroll" }, table(it, title))));
}

function legend(it) {
  const names = it.type === "pie" ? it.segments.map((one) => one.label) : it.series.map((one) => one.name);
  if (it.type !== "pie" && names.length < 2) return null;
  return el("ul", { class: "legend" }, names.map((name, n) => el("li", {}, el("i", { style: `background:${color(n)}` }), name)));
}

function table(it, title) {
  const head = it.type === "pie" ? ["", "Value"] : [it.axis_config.x_label ?? "", ...it.series.map((one) => one.name)];
  const rows = it.type === "pie"
    ? it.segments.map((one) => [one.label, figure(one.value)])
    : it.axis_config.categories.map((label, n) => [label, ...it.series.map((one) => figure(one.data[n]?.value ?? 0))]);
  return el("table", {}, el("caption", { class: "hidden" }, title), el("thead", {}, el("tr", {}, head.map((one) => el("th", { scope: "col" }, one)))),
    el("tbody", {}, rows.map(([label, ...values]) => el("tr", {}, el("th", { scope: "row" }, label), values.map((one) => el("td", { class: "number" }, one))))));
}

function pie(it, title) {
  const whole = it.segments.reduce((sum, one) => sum + one.value, 0) || 1;
  let turned = -Math.PI / 2;
  const at = (angle, radius) => `${(130 + radius * Math.cos(angle)).toFixed(1)} ${(130 + radius * Math.sin(angle)).toFixed(1)}`;
  const slices = it.segments.flatMap((one, n) => {
    const [from, part] = [turned, one.value / whole];
    turned += part * 2 * Math.PI;
    const shape = part > 0.9999
      ? svg("circle", { cx: 130, cy: 130, r: 110, fill: color(n) })
      : svg("path", { d: `M130 130 L${at(from, 110)} A110 110 0 ${part > 0.5 ? 1 : 0} 1 ${at(turned, 110)} Z`, fill: color(n) });
    const tip = svg("title", {}, `${one.label}: ${figure(one.value)} (${Math.round(part * 100)} %)`);
    shape.append(tip);
    const [x, y] = at((from + turned) / 2, 74).split(" ");
    return [shape, part > 0.06 && svg("text", { x, y, class: "on-color", "text-anchor": "middle", dy: "0.35em" }, `${Math.round(part * 100)} %`)];
  });
  return svg("svg", { viewBox: "0 0 260 260", class: "pie", role: "img", "aria-label": `Pie chart: ${title}` }, slices);
}

// Round steps that take in every value, zero included.
function scale(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (high - low || 1) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * size).find((one) => one >= rough);
  const [from, to] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  return { from, to, ticks: Array.from({ length: Math.round((to - from) / step) + 1 }, (_, n) => from + n * step) };
}

function axes(it, title) {
  const { categories, x_label: below, y_label: beside } = it.axis_config;
  const { from, to, ticks } = scale(it.series.flatMap((one) => one.data.map((point) => point.value)));
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - from) / (to - from));
  const slot = (WIDTH - LEFT - 8) / categories.length;
  const x = (n) => LEFT + slot * (n + 0.5);
  const every = Math.ceil(categories.length / Math.floor((WIDTH - LEFT) / 56));
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${it.type} chart: ${title}` },
    ticks.map((one) => [
      svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(one), y2: y(one), class: one === 0 ? "zero" : "grid" }),
      svg("text", { x: LEFT - 8, y: y(one), dy: "0.35em", "text-anchor": "end" }, new Intl.NumberFormat("en", { notation: "compact" }).format(one)),
    ]),
    categories.map((label, n) => n % every === 0 &&
      svg("text", { x: x(n), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, label.length > 10 && slot < 76 ? `${label.slice(0, 9)}…` : label)),
    below && svg("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 6, "text-anchor": "middle", class: "axis" }, below),
    beside && svg("text", { x: 12, y: HEIGHT / 2, "text-anchor": "middle", class: "axis", transform: `rotate(-90 12 ${HEIGHT / 2})` }, beside),
    it.type === "bar" ? bars(it.series, x, y, slot) : lines(it, x, y));
}

const tip = (name, point) => svg("title", {}, `${name}, ${point.label}: ${figure(point.value)}`);

function bars(series, x, y, slot) {
  const wide = Math.min(46, (slot * 0.72) / series.length);
  return series.flatMap((one, s) => one.data.map((point, n) => {
    const [top, base] = [Math.min(y(point.value), y(0)), Math.max(y(point.value), y(0))];
    const left = x(n) - (wide * series.length) / 2 + s * wide;
    return svg("rect", { x: left + 1, y: top, width: wide - 2, height: Math.max(1, base - top), rx: 3, fill: color(s) }, tip(one.name, point));
  }));
}

function lines({ series, type }, x, y) {
  return series.flatMap((one, s) => {
    const path = one.data.map((point, n) => `${n ? "L" : "M"}${x(n).toFixed(1)} ${y(point.value).toFixed(1)}`).join(" ");
    const closed = `${path} L${x(one.data.length - 1)} ${y(0)} L${x(0)} ${y(0)} Z`;
    return [
      type === "area" && svg("path", { d: closed, fill: color(s), opacity: 0.25 }),
      svg("path", { d: path, fill: "none", stroke: color(s), "stroke-width": 2.5, "stroke-linejoin": "round" }),
      one.data.map((point, n) => svg("circle", { cx: x(n), cy: y(point.value), r: 3.5, fill: color(s) }, tip(one.name, point))),
    ];
  });
}
