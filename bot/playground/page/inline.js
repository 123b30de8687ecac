/** Text within a line: marks, code, links and Slack's tokens, as DOM nodes. */

import { h } from "./dom.js";
import { glyph } from "./emoji.js";
import { icon } from "./icons.js";
import { channelOf, label, person, state } from "./store.js";

const MARKDOWN_MARKS = [["**", "strong"], ["__", "strong"], ["~~", "s"], ["*", "em"], ["_", "em"]];
const SLACK_MARKS = [["*", "strong"], ["_", "em"], ["~", "s"]];
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };
const WORD = /[\p{L}\p{N}]/u;

const LINK_TARGET = String.raw`\(\s*<?((?:[^()\s<>]|\([^()\s]*\))+)>?(?:\s+"[^"]*"|\s+'[^']*')?\s*\)`;
const LABEL = String.raw`\[((?:[^\[\]]|\[[^\[\]]*\])*)\]`;

/** Things that are read as one piece, tried in this order at each place. */
const PIECES = [
  { on: "\\", match: /\\([!-/:-@[-`{-~])/y, build: ([, char]) => char, markdown: true },
  { on: "`", match: /(`+)([\s\S]*?[^`])\1(?!`)/y, build: ([, , text]) => h("code", {}, unpadded(text)) },
  { on: "<", match: /<([@#!])([^|>\s]+)(?:\|([^>]*))?>/y, build: ([, sign, id, shown]) => chip(sign, id, shown) },
  { on: "<", match: /<((?:https?:\/\/|mailto:|tel:)[^|>\s]+)(?:\|([^>]*))?>/y, build: ([, url, shown]) => link(url, shown || bare(url)) },
  { on: "!", match: new RegExp(`!${LABEL}${LINK_TARGET}`, "y"), build: ([, alt, url]) => pictureLink(url, alt), markdown: true },
  { on: "[", match: new RegExp(LABEL + LINK_TARGET, "y"), build: ([, text, url]) => link(url, markdownInline(text)), markdown: true },
  { on: "h", match: /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'")\]*_~]/y, build: ([url]) => link(url, url), alone: true },
  { on: "&", match: /&(amp|lt|gt|quot|#39|nbsp);/y, build: ([, name]) => ENTITIES[name] },
  { on: ":", match: /:([a-z0-9_+-]+):/y, build: ([whole, name]) => glyph(name) ?? whole },
  { on: "\n", match: / *\n/y, build: () => h("br") },
];
const BY_FIRST = Map.groupBy ? Map.groupBy(PIECES, (piece) => piece.on) : grouped();

function grouped() {
  const groups = new Map();
  for (const piece of PIECES) groups.set(piece.on, [...(groups.get(piece.on) ?? []), piece]);
  return groups;
}

/** A line of Markdown. */
export const markdownInline = (text) => read(text, { marks: MARKDOWN_MARKS, markdown: true });

/** A line of Slack's own mrkdwn. */
export const slackInline = (text) => read(text, { marks: SLACK_MARKS, markdown: false });

/** Text without any marks: only entities, emoji and line ends. */
export const plainInline = (text) => [text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => glyph(name) ?? whole)];

function read(text, syntax) {
  const nodes = [];
  const never = new Set();
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = piece(text, at, syntax) ?? mark(text, at, syntax, never);
    if (!found) {
      plain += text[at++];
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(found.node);
    at = found.end;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function piece(text, at, { markdown }) {
  for (const one of BY_FIRST.get(text[at]) ?? []) {
    if (one.markdown && !markdown) continue;
    if (one.alone && WORD.test(text[at - 1] ?? "")) continue;
    one.match.lastIndex = at;
    const match = one.match.exec(text);
    if (match) return { node: one.build(match), end: at + match[0].length };
  }
  return null;
}

/** A mark that opens here and closes later; `never` holds the marks that close nowhere further on. */
function mark(text, at, syntax, never) {
  for (const [sign, tag] of syntax.marks) {
    if (!text.startsWith(sign, at) || never.has(sign) || !opens(text, at, sign)) continue;
    const close = closing(text, at + sign.length, sign);
    if (close < 0) {
      never.add(sign);
      continue;
    }
    const inside = read(text.slice(at + sign.length, close), syntax);
    return { node: h(tag, {}, inside), end: close + sign.length };
  }
  return null;
}

function opens(text, at, sign) {
  const next = text[at + sign.length];
  if (!next || /\s/.test(next) || next === sign[0]) return false;
  return sign[0] === "*" || !WORD.test(text[at - 1] ?? "");
}

function closing(text, from, sign) {
  for (let at = text.indexOf(sign, from + 1); at >= 0; at = text.indexOf(sign, at + 1)) {
    const next = text[at + sign.length] ?? "";
    if (/[\s\\]/.test(text[at - 1]) || inCode(text, from, at)) continue;
    if (sign.length === 1 && (next === sign || text[at - 1] === sign)) continue;
    if (sign[0] !== "*" && WORD.test(next)) continue;
    return at;
  }
  return -1;
}

const inCode = (text, from, at) => (text.slice(from, at).split("`").length - 1) % 2 === 1;
const unpadded = (code) => (/^ .*\S.* $/s.test(code) ? code.slice(1, -1) : code).replaceAll("\n", " ");
const bare = (url) => url.replace(/^(mailto|tel):/, "");

/** A link that leaves the page; anything but the web, mail and telephone stays text. */
export function link(url, shown) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(url)) return h("span", {}, shown);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, shown);
}

/** Slack shows a picture in Markdown as a link; so nothing is fetched from outside. */
function pictureLink(url, alt) {
  return h("span", { class: "picture-link" }, icon("image"), link(url, alt || url));
}

/** A mention of a person, a channel, everybody, or a date. */
export function chip(sign, id, shown) {
  if (sign === "@") return userChip(id, shown);
  if (sign === "#") return channelChip(id, shown);
  const [kind, ...rest] = id.split("^");
  if (kind === "date") return h("time", {}, shown ?? rest.join(" "));
  return h("span", { class: "mention mention-all" }, shown || `@${kind === "subteam" ? "group" : kind}`);
}

function userChip(id, shown) {
  const name = person(id)?.name ?? shown ?? id;
  return h("span", { class: id === state.me ? "mention mention-me" : "mention", title: person(id)?.real_name }, `@${name}`);
}

function channelChip(id, shown) {
  const known = channelOf(id);
  if (!known) return h("span", { class: "mention" }, `#${shown || "private channel"}`);
  return h("a", { class: "mention", href: `#/${id}` }, `#${label(known)}`);
}
