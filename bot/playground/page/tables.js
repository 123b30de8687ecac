/** table and data_table blocks. */

import { count, h } from "./dom.js";
import { icon } from "./icons.js";
import { plainText, richText } from "./richtext.js";

const PAGE = 5;

/** A table block: its first row is the head. */
export function table({ rows = [], column_settings: columns = [] }) {
  const aligned = (at) => `align-${columns[at]?.align ?? (rows[1]?.[at]?.type === "raw_number" ? "right" : "left")}`;
  const row = (tag) => (cells) => h("tr", {}, cells.map((one, at) => h(tag, { class: aligned(at) }, cell(one))));
  const [head, ...body] = rows;
  const node = h("table", {}, head && h("thead", {}, row("th")(head)), h("tbody", {}, body.map(row("td"))));
  return h("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": "Table" }, node);
}

function cell(one) {
  if (one?.type === "rich_text") return richText(one);
  if (one?.type === "raw_number") return one.text ?? Number(one.value).toLocaleString();
  return one?.text ?? "";
}

const valueOf = (one) => (one?.type === "raw_number" ? Number(one.value) : (one?.text ?? plainText(one)));

/** A data_table block: can be searched, sorted by column, and turned page by page. */
export function dataTable(block) {
  const view = { sorted: -1, down: false, page: 0, search: "" };
  const body = h("tbody");
  const foot = h("div", { class: "table-foot" });
  const head = headOf(block, view, () => draw(block, view, { body, foot, head }));
  const redraw = () => draw(block, view, { body, foot, head });
  const search = h("input", {
    type: "search",
    placeholder: "Filter rows",
    "aria-label": `Filter ${block.caption}`,
    oninput: () => {
      Object.assign(view, { search: search.value.toLowerCase(), page: 0 });
      redraw();
    },
  });
  redraw();
  const node = h("table", {}, h("caption", { class: "sr" }, block.caption), h("thead", {}, head), body);
  return h("div", { class: "data-table" }, h("div", { class: "table-title" }, h("strong", {}, block.caption), search), h("div", { class: "table-scroll" }, node), foot);
}

function headOf({ rows }, view, redraw) {
  const sortBy = (column) => () => {
    view.down = view.sorted === column && !view.down;
    view.sorted = column;
    redraw();
  };
  return h("tr", {}, (rows?.[0] ?? []).map((one, at) => h("th", { scope: "col" }, h("button", { type: "button", onclick: sortBy(at) }, cell(one), icon("chevron")))));
}

function draw(block, view, { body, foot, head }) {
  const size = block.page_size ?? PAGE;
  const rows = chosen(block.rows?.slice(1) ?? [], view);
  const pages = Math.max(Math.ceil(rows.length / size), 1);
  view.page = Math.min(view.page, pages - 1);
  const named = block.row_header_column_index ?? 0;
  const cells = (row) => row.map((one, at) => h(at === named ? "th" : "td", { scope: at === named ? "row" : null, class: one?.type === "raw_number" ? "align-right" : null }, cell(one)));
  body.replaceChildren(...rows.slice(view.page * size, (view.page + 1) * size).map((row) => h("tr", {}, cells(row))));
  [...head.children].forEach((one, at) => one.setAttribute("aria-sort", at === view.sorted ? (view.down ? "descending" : "ascending") : "none"));
  const turn = (by, name) => h("button", { type: "button", class: "quiet", disabled: by < 0 ? view.page === 0 : view.page >= pages - 1, onclick: () => turned(by) }, name);
  const turned = (by) => {
    view.page += by;
    draw(block, view, { body, foot, head });
  };
  foot.replaceChildren(h("span", {}, count(rows.length, "row")), pages > 1 ? h("span", { class: "pages" }, turn(-1, "Back"), `${view.page + 1} of ${pages}`, turn(1, "Next")) : "");
}

function chosen(rows, { search, sorted, down }) {
  const found = search ? rows.filter((row) => row.some((one) => String(valueOf(one)).toLowerCase().includes(search))) : [...rows];
  if (sorted < 0) return found;
  const order = (one, other) => compare(valueOf(one[sorted]), valueOf(other[sorted]));
  return found.sort((one, other) => (down ? -order(one, other) : order(one, other)));
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}
