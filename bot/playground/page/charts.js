/** data_visualization blocks: bars, lines, areas and pies as SVG, with every value to be read. */

import { h, svg } from "./dom.js";

const WIDTH = 520;
const HEIGHT = 240;
const LEFT = 44;
const BOTTOM = 30;
const TOP = 10;
const COLORS = 8;

/** A chart with its title and legend. */
export function chart({ title, chart: given = {} }) {
  const pie = given.type === "pie";
  const names = pie ? segmentsOf(given).map((one) => one.label) : seriesOf(given).map((one) => one.name);
  const drawing = pie ? drawPie(given) : drawAxes(given);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", spoken(title, given));
  return h("figure", { class: "chart" }, h("figcaption", {}, title), drawing, legend(names));
}

const segmentsOf = (given) => (given.segments ?? []).map(({ label, value }) => ({ label: String(label), value: Number(value) || 0 }));

function seriesOf({ series = [] }) {
  return series.map(({ name, data = [] }) => ({ name: String(name ?? ""), values: data.map((one) => Number(one?.value ?? one) || 0) }));
}

function categoriesOf(given) {
  const labels = (given.series?.[0]?.data ?? []).map((one) => one?.label);
  return (given.axis_config?.categories ?? labels).map((one) => String(one?.label ?? one ?? ""));
}

function spoken(title, given) {
  if (given.type === "pie") return `${title}: ${segmentsOf(given).map((one) => `${one.label} ${one.value}`).join(", ")}`;
  const categories = categoriesOf(given);
  const rows = seriesOf(given).map(({ name, values }) => `${name}: ${values.map((value, at) => `${categories[at]} ${value}`).join(", ")}`);
  return `${title}. ${rows.join(". ")}`;
}

function legend(names) {
  if (names.length < 2) return null;
  return h("ul", { class: "legend" }, names.map((name, at) => h("li", { class: colorOf(at) }, name)));
}

const colorOf = (at) => `series-${at % COLORS}`;

function drawPie(given) {
  const segments = segmentsOf(given);
  const total = segments.reduce((sum, one) => sum + one.value, 0) || 1;
  let turned = 0;
  const slices = segments.map(({ label, value }, at) => {
    const from = turned;
    turned += value / total;
    const share = `${label}: ${value} (${Math.round((100 * value) / total)} %)`;
    return svg("path", { d: slice(from, turned), class: colorOf(at) }, svg("title", {}, share));
  });
  return svg("svg", { class: "pie", viewBox: "-100 -100 200 200" }, slices);
}

function slice(from, to) {
  if (to - from >= 0.9999) return "M0,-90A90,90 0 1 1 -0.01,-90ZM0,-48A48,48 0 1 0 0.01,-48Z";
  const point = (turn, radius) => `${radius * Math.sin(turn * 2 * Math.PI)},${-radius * Math.cos(turn * 2 * Math.PI)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(from, 90)}A90,90 0 ${large} 1 ${point(to, 90)}L${point(to, 48)}A48,48 0 ${large} 0 ${point(from, 48)}Z`;
}

function drawAxes(given) {
  const series = seriesOf(given);
  const categories = categoriesOf(given);
  const scale = scaleOf(series.flatMap((one) => one.values));
  const draw = given.type === "bar" ? bars : given.type === "area" ? areas : lines;
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    gridlines(scale),
    categoryLabels(categories),
    series.map((one, at) => draw(one, at, { scale, categories, count: series.length })),
    axisTitles(given.axis_config ?? {}),
  );
}

/** Round numbers that hold all values and zero. */
function scaleOf(values) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values, low === 0 ? 1 : 0);
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const from = Math.floor(low / step) * step;
  const to = Math.ceil(high / step) * step;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - from) / (to - from));
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, at) => from + at * step);
  return { y, ticks };
}

function gridlines({ y, ticks }) {
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  return ticks.flatMap((tick) => [
    svg("line", { x1: LEFT, x2: WIDTH - 6, y1: y(tick), y2: y(tick), class: tick === 0 ? "zero" : "grid" }),
    svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, short.format(tick)),
  ]);
}

const band = (categories) => (WIDTH - LEFT - 10) / Math.max(categories.length, 1);
const middle = (categories, at) => LEFT + band(categories) * (at + 0.5);

function categoryLabels(categories) {
  const every = Math.ceil(categories.length / 10);
  return categories.map((name, at) =>
    at % every ? null : svg("text", { x: middle(categories, at), y: HEIGHT - 12, "text-anchor": "middle" }, name.slice(0, 12)),
  );
}

function axisTitles({ x_label: x, y_label: y }) {
  return [
    x ? svg("text", { x: WIDTH - 6, y: HEIGHT - 1, "text-anchor": "end", class: "axis" }, x) : null,
    y ? svg("text", { x: 2, y: TOP, class: "axis" }, y) : null,
  ];
}

const tip = (name, category, value) => svg("title", {}, `${name} · ${category}: ${value}`);

function bars({ name, values }, at, { scale, categories, count }) {
  const width = (band(categories) * 0.72) / count;
  return values.map((value, index) => {
    const x = middle(categories, index) + (at - count / 2) * width;
    const [top, bottom] = [scale.y(Math.max(value, 0)), scale.y(Math.min(value, 0))];
    const box = { x: x + 1, y: top, width: Math.max(width - 2, 1), height: Math.max(bottom - top, 1), rx: 2 };
    return svg("rect", { ...box, class: colorOf(at) }, tip(name, categories[index], value));
  });
}

function lines({ name, values }, at, { scale, categories }) {
  const points = values.map((value, index) => [middle(categories, index), scale.y(value)]);
  const dots = points.map(([cx, cy], index) => svg("circle", { cx, cy, r: 3.2, class: colorOf(at) }, tip(name, categories[index], values[index])));
  return [svg("polyline", { points: points.join(" "), class: `stroke ${colorOf(at)}` }), dots];
}

function areas(series, at, view) {
  const { scale, categories } = view;
  const points = series.values.map((value, index) => [middle(categories, index), scale.y(value)]);
  const ends = [[points.at(-1)?.[0] ?? LEFT, scale.y(0)], [points[0]?.[0] ?? LEFT, scale.y(0)]];
  return [svg("polygon", { points: [...points, ...ends].join(" "), class: `area ${colorOf(at)}` }), lines(series, at, view)];
}
