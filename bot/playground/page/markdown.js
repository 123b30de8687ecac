/** Markdown and mrkdwn as DOM: blocks here, what is within a line in inline.js. */

import { h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { markdownInline, slackInline } from "./inline.js";

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])(\s+)(.*)$/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const TASK = /^\[([ xX])\]\s+/;

/** Show Markdown in `parent`; where the text has only grown, what stood there before stays. */
export function showMarkdown(parent, text) {
  const blocks = parse(text.replaceAll("\r\n", "\n").split("\n"));
  reconcile(
    parent,
    blocks.map((block, index) => ({
      key: `${index} ${block.type}`,
      version: block.source,
      build: () => BUILDERS[block.type](block),
      update: block.type === "code" ? (node) => growCode(node, block) : undefined,
    })),
  );
}

/** The blocks of some lines, each with its source. */
export function parse(lines) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const { block, next } = read(lines, at) ?? paragraph(lines, at);
    blocks.push({ ...block, source: lines.slice(at, next).join("\n") });
    at = next;
  }
  return blocks;
}

const READERS = [fence, heading, rule, quote, table, list];

function read(lines, at) {
  for (const reader of READERS) {
    const found = reader(lines, at);
    if (found) return found;
  }
  return null;
}

function fence(lines, at) {
  const opening = FENCE.exec(lines[at]);
  if (!opening) return null;
  const [, indent, sign, language] = opening;
  const closing = new RegExp(`^ {0,3}\\${sign[0]}{${sign.length},}\\s*$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end])) end += 1;
  const body = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
  return { block: { type: "code", language, text: body.join("\n") }, next: Math.min(end + 1, lines.length) };
}

function heading(lines, at) {
  const found = HEADING.exec(lines[at]);
  return found && { block: { type: "heading", level: found[1].length, text: found[2] }, next: at + 1 };
}

function rule(lines, at) {
  return RULE.test(lines[at]) ? { block: { type: "rule" }, next: at + 1 } : null;
}

function quote(lines, at) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  if (end === at) return null;
  const inside = lines.slice(at, end).map((line) => QUOTE.exec(line)[1]);
  return { block: { type: "quote", children: parse(inside) }, next: end };
}

function table(lines, at) {
  if (!lines[at].includes("|") || !DELIMITERS.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return null;
  const head = cells(lines[at]);
  const aligned = cells(lines[at + 1]);
  if (head.length !== aligned.length) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const rows = lines.slice(at + 2, end).map(cells);
  return { block: { type: "table", head, rows, align: aligned.map(alignment) }, next: end };
}

function cells(line) {
  const inside = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  const parts = inside.match(/(?:\\\||`[^`]*`|[^|])+|(?<=\|)(?=\|)|^(?=\|)/g) ?? [""];
  return parts.map((part) => part.trim().replaceAll("\\|", "|"));
}

const alignment = (cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left");

function list(lines, at) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const base = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let next = at;
  for (let found = first; found && isSibling(found, base, ordered); found = ITEM.exec(lines[next] ?? "")) {
    const item = itemLines(lines, next, found, base);
    items.push(asItem(item.lines));
    next = item.next;
  }
  return { block: { type: "list", ordered, start: Number.parseInt(first[2], 10) || 1, items }, next };
}

const isSibling = ([, indent, marker], base, ordered) => Math.abs(indent.length - base) < 2 && /\d/.test(marker) === ordered;

/** An item's lines without their indentation: what stands further right, and lazy text. */
function itemLines(lines, at, [, , marker, gap, text], base) {
  const width = base + marker.length + Math.min(gap.length, 4);
  const own = [text];
  let next = at + 1;
  while (next < lines.length && belongs(lines, next, base)) {
    own.push(lines[next].replace(new RegExp(`^ {0,${width}}`), ""));
    next += 1;
  }
  return { lines: own, next: next + blanksBefore(lines, next, base) };
}

function belongs(lines, at, base) {
  const line = lines[at];
  if (!line.trim()) return indentOf(lines.slice(at).find((later) => later.trim()) ?? "") >= base + 2;
  if (indentOf(line) >= base + 2) return true;
  return Boolean(lines[at - 1].trim()) && !ITEM.test(line) && !startsBlock(lines, at);
}

/** One empty line between two items does not end a list. */
function blanksBefore(lines, at, base) {
  const found = !lines[at]?.trim() && ITEM.exec(lines[at + 1] ?? "");
  return found && found[1].length <= base + 1 ? 1 : 0;
}

const indentOf = (line) => (line.trim() ? line.length - line.trimStart().length : -1);

function asItem(lines) {
  const task = TASK.exec(lines[0]);
  if (task) lines = [lines[0].slice(task[0].length), ...lines.slice(1)];
  return { done: task ? task[1] !== " " : null, children: parse(lines) };
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end) && !ITEM.test(lines[end])) end += 1;
  return { block: { type: "paragraph", text: lines.slice(at, end).join("\n").trim() }, next: end };
}

const startsBlock = (lines, at) => [fence, heading, rule, quote, table].some((reader) => reader(lines, at));

const BUILDERS = {
  paragraph: ({ text }) => h("p", {}, markdownInline(text)),
  heading: ({ level, text }) => h(`h${Math.min(level + 2, 6)}`, { class: `heading-${level}` }, markdownInline(text)),
  rule: () => h("hr"),
  quote: ({ children }) => h("blockquote", {}, children.map(built)),
  code: ({ language, text }) => codeBlock(text, language),
  list: ({ ordered, start, items }) =>
    h(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null }, items.map(itemNode)),
  table: ({ head, rows, align }) => tableNode(head, rows, align),
};

const built = (block) => BUILDERS[block.type](block);

function itemNode({ done, children }) {
  const [first, ...rest] = children;
  const text = first?.type === "paragraph" ? markdownInline(first.text) : first ? [built(first)] : [];
  const box = done === null ? null : h("input", { type: "checkbox", disabled: true, checked: done, "aria-label": done ? "done" : "to do" });
  return h("li", { class: box && "task" }, box, text, rest.map(built));
}

function tableNode(head, rows, align) {
  const cell = (tag) => (text, column) => h(tag, { class: `align-${align[column] ?? "left"}` }, markdownInline(text));
  const width = head.length;
  const body = rows.map((row) => h("tr", {}, Array.from({ length: width }, (_, column) => cell("td")(row[column] ?? "", column))));
  const table = h("table", {}, h("thead", {}, h("tr", {}, head.map(cell("th")))), h("tbody", {}, body));
  return h("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": "Table" }, table);
}

/** Code with its language and a button that copies it. */
export function codeBlock(text, language = "") {
  const code = h("code", {}, text);
  const copy = h("button", { class: "copy", type: "button", "aria-label": "Copy code", onclick: () => copyFrom(code, copy) }, icon("copy"), h("span", {}, "Copy"));
  return h("div", { class: "code" }, h("div", { class: "code-bar" }, h("span", {}, language), copy), h("pre", { tabindex: 0 }, code));
}

function growCode(node, { text, language }) {
  node.querySelector("pre code").textContent = text;
  node.querySelector(".code-bar span").textContent = language;
}

async function copyFrom(code, button) {
  await navigator.clipboard.writeText(code.textContent);
  button.lastChild.textContent = "Copied";
  setTimeout(() => (button.lastChild.textContent = "Copy"), 1500);
}

/** Slack's mrkdwn as nodes: preformatted text, quotes, and lines. */
export function mrkdwn(text) {
  return text.split(/```\n?([\s\S]*?)\n?```\n?/).flatMap((part, index) => (index % 2 ? [codeBlock(entities(part))] : quoted(part)));
}

function quoted(text) {
  if (!text) return [];
  const groups = text.split(/((?:^(?:&gt;|>) ?.*(?:\n|$))+)/m);
  return groups.flatMap((part, index) => {
    if (index % 2 === 0) return slackInline(part.replace(/\n$/, index < groups.length - 1 ? "" : "\n"));
    return [h("blockquote", {}, slackInline(part.replace(/^(?:&gt;|>) ?/gm, "").trimEnd()))];
  });
}

const entities = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
