// Block Kit as Slack shows it. `context` has names(id), act(action), key (of the message) and elements' helpers.
import { chart } from "/page/charts.js";
import { el, icon, svg } from "/page/dom.js";
import { element } from "/page/elements.js";
import { markdown, mrkdwn, safe } from "/page/markdown.js";

export const words = (text, names) =>
  !text ? [] : typeof text === "string" ? [text] : text.type === "mrkdwn" ? mrkdwn(text.text, names) : [text.text];

const opened = new Map(); // steps that somebody has opened or closed, by message and task

const KINDS = {
  markdown: (one, { names }) => markdown(one.text, names),
  section: (one, context) => el("div", { class: "section" },
    el("div", {}, one.text && el("p", {}, words(one.text, context.names)),
      one.fields && el("div", { class: "fields" }, one.fields.map((field) => el("p", {}, words(field, context.names))))),
    one.accessory && el("div", { class: "accessory" }, element(one.accessory, one, context))),
  header: (one) => el("h3", {}, one.text.text),
  divider: () => el("hr"),
  context: (one, { names }) => el("p", { class: "note" }, one.elements.map((part) => [part.type === "image" ? picture(part, "small") : words(part, names), " "])),
  actions: (one, context) => el("div", { class: "buttons" }, one.elements.map((part) => element(part, one, context))),
  context_actions: (one, context) => el("div", { class: "buttons quiet" }, one.elements.map((part) => element(part, one, context))),
  task_card: (one, context) => el("ol", { class: "steps" }, step(one, context)),
  plan: (one, context) => el("div", { class: "plan" }, el("strong", {}, one.title), el("ol", { class: "steps" }, (one.tasks ?? []).map((task) => step(task, context)))),
  rich_text: (one, { names }) => rich(one.elements ?? [], names),
  image: (one) => el("figure", { class: "picture" }, one.title && el("figcaption", {}, one.title.text), picture(one, "")),
  table: (one, { names }) => grid(one.rows, names),
  data_table: (one, { names }) => dataTable(one, names),
  data_visualization: (one) => chart(one),
  alert: (one, { names }) => el("p", { class: `alert ${one.level ?? "default"}`, role: "note" }, words(one.text, names)),
  card: (one, context) => el("div", { class: "card" }, el("strong", {}, words(one.title, context.names)), el("p", { class: "note" }, words(one.subtitle, context.names)),
    el("p", {}, words(one.body, context.names)), el("div", { class: "buttons" }, (one.actions ?? []).map((part) => element(part, one, context)))),
  carousel: (one, context) => el("div", { class: "carousel" }, one.elements.map((card) => KINDS.card(card, context))),
  container: (one, context) => el("details", { class: "card", open: !one.default_collapsed }, el("summary", {}, words(one.title, context.names)), one.child_blocks.map((child) => block(child, context))),
  video: (one) => el("p", {}, el("a", { href: safe(one.title_url ?? one.video_url), target: "_blank", rel: "noopener noreferrer" }, one.title.text)),
  input: (one, context) => input(one, context),
};

export const block = (one, context) => (KINDS[one.type] ? KINDS[one.type](one, context) : el("p", { class: "note" }, `[${one.type}]`));

// All blocks of a message; steps that follow each other stand together.
export function blocks(list, context) {
  const nodes = [];
  let steps = null;
  for (const one of list) {
    if (one.type === "task_card") {
      if (!steps) nodes.push((steps = el("ol", { class: "steps", "aria-label": "Steps" })));
      steps.append(step(one, context));
    } else {
      steps = null;
      nodes.push(block(one, context));
    }
  }
  return nodes.flat(Infinity).filter(Boolean);
}

function step(task, context) {
  const state = task.status ?? "pending";
  const [details, output] = [task.details, task.output].map((part) => (typeof part === "string" ? part : plainOf(part)));
  const sources = task.sources ?? [];
  const mark = el("span", { class: `mark ${state}`, "aria-hidden": "true" }, state === "complete" ? icon("check") : state === "error" ? icon("close") : null);
  const title = [mark, el("span", { class: "hidden" }, `${state.replace("_", " ")}: `), el("span", {}, task.title)];
  if (!details && !output && !sources.length) return el("li", {}, el("div", { class: "step" }, title));
  const key = `${context.key} ${task.task_id}`;
  // A step fills while it runs and folds away when it is done; whoever opens it keeps it open.
  const isOpen = opened.get(key) ?? state === "in_progress";
  const box = el("details", { open: isOpen }, el("summary", { class: "step", onclick: () => opened.set(key, !box.open) }, title),
    details && el("p", { class: "thought" }, details), output && el("p", { class: "thought" }, output),
    sources.length > 0 && el("ul", { class: "sources" }, sources.map((one) =>
      el("li", {}, el("a", { href: safe(one.url), target: "_blank", rel: "noopener noreferrer" }, one.text || one.url)))));
  return el("li", {}, box);
}

const plainOf = (part) => (!part ? "" : part.text && typeof part.text === "string" ? part.text : (part.elements ?? []).map(plainOf).join(""));

function input(one, context) {
  const field = element(one.element, one, context);
  const id = `${one.block_id}-${one.element.action_id}`;
  const control = field.matches?.("input, select, textarea") ? field : field.querySelector?.("input, select, textarea");
  const isGroup = field.matches?.("fieldset");
  if (control && !isGroup) {
    control.id = id;
    control.removeAttribute("aria-label"); // the block's label names it
  }
  const label = [one.label.text, one.optional && el("span", { class: "optional" }, " (optional)")];
  if (isGroup) field.prepend(el("legend", {}, label));
  return el("div", { class: "input", "data-block": one.block_id }, !isGroup && el("label", { for: id }, label), field,
    one.hint && el("p", { class: "note" }, one.hint.text), el("p", { class: "error", role: "alert", hidden: true }));
}

const picture = (one, kind) => /^https?:/.test(one.image_url ?? "") && new URL(one.image_url).host !== location.host
  ? el("a", { href: one.image_url, target: "_blank", rel: "noopener noreferrer" }, one.alt_text || "image") // the page asks no other host for anything
  : el("img", { src: one.image_url, alt: one.alt_text ?? "", class: kind });

const cell = (one, names) => (one.type === "rich_text" ? rich(one.elements ?? [], names) : one.text ?? String(one.value ?? ""));
const isNumber = (one) => one.type === "raw_number";

function grid([head, ...rows], names, sort = null) {
  const heads = head.map((one, n) => el("th", { scope: "col" }, sort ? el("button", { type: "button", onclick: () => sort(n) }, cell(one, names)) : cell(one, names)));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads)),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((one) => el("td", { class: isNumber(one) ? "number" : "" }, cell(one, names))))))));
}

function dataTable(one, names) {
  const [head, ...rows] = one.rows;
  const size = one.page_size ?? 5;
  let [shown, by, turn] = [size, -1, 1];
  const value = (part) => (isNumber(part) ? Number(part.value) : plainOf(part) || part.text || "");
  const box = el("figure", { class: "data" });
  const draw = () => {
    const sorted = by < 0 ? rows : [...rows].sort((a, b) => turn * (value(a[by]) > value(b[by]) ? 1 : value(a[by]) < value(b[by]) ? -1 : 0));
    const sort = (column) => { [by, turn] = [column, by === column ? -turn : 1]; draw(); };
    box.replaceChildren(el("figcaption", {}, one.caption), grid([head, ...sorted.slice(0, shown)], names, sort));
    if (shown < rows.length) box.append(el("button", { type: "button", onclick: () => { shown = rows.length; draw(); } }, `Show all ${rows.length} rows`));
  };
  draw();
  return box;
}

function rich(elements, names) {
  return elements.flatMap((part) => {
    switch (part.type) {
      case "rich_text_section": return el("p", {}, rich(part.elements, names));
      case "rich_text_preformatted": return el("pre", {}, el("code", {}, plainOf(part)));
      case "rich_text_quote": return el("blockquote", {}, rich(part.elements, names));
      case "rich_text_list": return el(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => el("li", {}, rich(item.elements ?? [], names))));
      case "user": return el("span", { class: "mention" }, "@" + (names(part.user_id) ?? part.user_id));
      case "channel": return el("span", { class: "mention" }, "#" + (names(part.channel_id) ?? part.channel_id));
      case "broadcast": return el("span", { class: "mention" }, "@" + part.range);
      case "emoji": return `:${part.name}:`;
      case "link": return el("a", { href: safe(part.url), target: "_blank", rel: "noopener noreferrer" }, part.text || part.url);
      default: return styled(part);
    }
  });
}

function styled(part) {
  const lines = (part.text ?? "").split("\n").flatMap((line, n) => [n ? el("br") : null, line]);
  const tags = Object.entries({ bold: "strong", italic: "em", strike: "s", code: "code" }).filter(([name]) => part.style?.[name]);
  return tags.reduce((inner, [, tag]) => [el(tag, {}, inner)], lines);
}

export const caret = () => svg("svg", { class: "caret", viewBox: "0 0 8 16", "aria-hidden": "true" }, svg("rect", { width: 8, height: 16, rx: 2 }));
