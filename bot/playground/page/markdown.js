// Markdown and Slack's mrkdwn as DOM nodes. Text never becomes HTML: nothing a message says can run.

import { el } from "/page/dom.js";

export const safe = (url) => (/^(https?:|mailto:)/i.test(url) ? url : "#");
const link = (url, label) =>
  el("a", { href: safe(url), target: "_blank", rel: "noopener noreferrer" }, label);
const plain = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const INLINE = new RegExp(
  [
    "(?<code>`+)(?<coded>.+?)\\k<code>(?!`)",
    "<(?<kind>[@#!]?)(?<token>[^<>|\\s]+)(?:\\|(?<label>[^<>]*))?>",
    "!?\\[(?<shown>[^\\]]*)\\]\\((?<url>[^)\\s]+)[^)]*\\)",
    "(?<strong>\\*\\*|__)(?=\\S)(?<bold>.+?\\S?)\\k<strong>",
    "(?<em>[*_])(?=\\S)(?<slant>[^*_]+?)\\k<em>(?![\\w])",
    "~~(?<gone>.+?)~~",
    "(?<bare>https?:\\/\\/[^\\s<>)]+)",
  ].join("|"),
  "u",
);

// `names` tells people and channels by id; `mrkdwn` makes single stars bold, as Slack does.
export function inline(text, names, mrkdwn = false) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const part = found.groups;
    if (found.index) nodes.push(plain(rest.slice(0, found.index)));
    if (part.code) nodes.push(el("code", {}, plain(part.coded.trim() || part.coded)));
    else if (part.token) nodes.push(token(part, names));
    else if (part.url) nodes.push(link(part.url, part.shown || part.url));
    else if (part.strong) nodes.push(el("strong", {}, ...inline(part.bold, names, mrkdwn)));
    else if (part.em) {
      const tag = mrkdwn && part.em === "*" ? "strong" : "em";
      nodes.push(el(tag, {}, ...inline(part.slant, names, mrkdwn)));
    } else if (part.gone) nodes.push(el("s", {}, ...inline(part.gone, names, mrkdwn)));
    else nodes.push(link(part.bare, part.bare));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) nodes.push(plain(rest));
  return nodes;
}

function token({ kind, token: value, label }, names) {
  if (kind === "@") return el("span", { class: "mention" }, "@" + (label || names(value) || value));
  if (kind === "#") return el("span", { class: "mention" }, "#" + (label || names(value) || value));
  if (kind === "!") return el("span", { class: "mention" }, "@" + (label || value));
  if (/^(https?:|mailto:)/.test(value)) return link(value, label || value.replace("mailto:", ""));
  return `<${value}${label ? "|" + label : ""}>`;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const ROW = /^\s*\|/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

export function markdown(text, names) {
  const lines = text.split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (!line.trim()) at += 1;
    else if (FENCE.test(line)) at = fence(lines, at, nodes);
    else if (ROW.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? "")) at = table(lines, at, nodes, names);
    else if (ITEM.test(line)) at = list(lines, at, nodes, names);
    else if (heading) {
      nodes.push(el(heading[1].length < 3 ? "h3" : "h4", {}, ...inline(heading[2], names)));
      at += 1;
    } else if (/^\s*>/.test(line)) {
      const start = at;
      while (at < lines.length && /^\s*>/.test(lines[at])) at += 1;
      const quoted = lines.slice(start, at).map((one) => one.replace(/^\s*> ?/, "")).join("\n");
      nodes.push(el("blockquote", {}, ...markdown(quoted, names)));
    } else at = paragraph(lines, at, nodes, names);
  }
  return nodes;
}

function fence(lines, at, nodes) {
  const marker = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(marker)) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  const copy = el("button", { type: "button", onclick: () => navigator.clipboard.writeText(code) }, "Copy");
  nodes.push(el("pre", {}, el("code", {}, code), copy));
  return end + 1;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());

function table(lines, at, nodes, names) {
  const head = cells(lines[at]).map((cell) => el("th", {}, ...inline(cell, names)));
  const rows = [];
  let end = at + 2;
  for (; end < lines.length && ROW.test(lines[end]); end += 1) {
    rows.push(el("tr", {}, cells(lines[end]).map((cell) => el("td", {}, ...inline(cell, names)))));
  }
  const whole = el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
  nodes.push(el("div", { class: "scroll" }, whole));
  return end;
}

function list(lines, at, nodes, names) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = el(ordered ? "ol" : "ul", ordered ? { start: parseInt(mark, 10) } : {});
  while (at < lines.length) {
    const found = ITEM.exec(lines[at]);
    if (!found || found[1].length < indent.length) break;
    if (found[1].length > indent.length) {
      const inner = [];
      at = list(lines, at, inner, names);
      items.lastElementChild.append(...inner);
      continue;
    }
    items.append(el("li", {}, ...inline(found[3], names)));
    at += 1;
    while (at < lines.length && lines[at].trim() && /^\s/.test(lines[at]) && !ITEM.test(lines[at])) {
      items.lastElementChild.append(" ", ...inline(lines[at].trim(), names));
      at += 1;
    }
  }
  nodes.push(items);
  return at;
}

function paragraph(lines, at, nodes, names) {
  const parts = [];
  while (at < lines.length && lines[at].trim() && !FENCE.test(lines[at]) && !/^#{1,6}\s/.test(lines[at])) {
    if (parts.length && (ITEM.test(lines[at]) || ROW.test(lines[at]))) break;
    if (parts.length) parts.push(el("br"));
    parts.push(...inline(lines[at], names));
    at += 1;
  }
  nodes.push(el("p", {}, ...parts));
  return at;
}

export function mrkdwn(text, names) {
  const parts = text.split(/```/);
  return parts.flatMap((part, index) =>
    index % 2
      ? [el("pre", {}, el("code", {}, plain(part.replace(/^\n/, ""))))]
      : part.split("\n").flatMap((line, n) => [n ? el("br") : null, ...inline(line, names, true)]),
  );
}
