/** Slack's rich_text blocks: sections, lists, quotes and preformatted text. */

import { h } from "./dom.js";
import { glyph } from "./emoji.js";
import { chip, link } from "./inline.js";
import { codeBlock } from "./markdown.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];

/** A rich_text block, or a plain string where Slack allows either. */
export function richText(block) {
  if (typeof block === "string") return h("div", { class: "rich-text" }, lines(block));
  return h("div", { class: "rich-text" }, (block?.elements ?? []).map(part));
}

function part(element) {
  const inside = element.elements ?? [];
  switch (element.type) {
    case "rich_text_list":
      return listOf(element, inside);
    case "rich_text_quote":
      return h("blockquote", {}, inside.map(inline));
    case "rich_text_preformatted":
      return codeBlock(inside.map((one) => one.text ?? one.url ?? "").join(""));
    default:
      return h("p", {}, inside.map(inline));
  }
}

function listOf({ style, indent = 0, offset = 0 }, items) {
  const tag = style === "ordered" ? "ol" : "ul";
  const start = offset && tag === "ol" ? offset + 1 : null;
  return h(tag, { start, class: `indent-${Math.min(indent, 5)}` }, items.map((item) => h("li", {}, (item.elements ?? []).map(inline))));
}

function inline(element) {
  return STYLES.reduce((node, [style, tag]) => (element.style?.[style] ? h(tag, {}, node) : node), bare(element));
}

function bare(element) {
  switch (element.type) {
    case "user":
      return chip("@", element.user_id);
    case "channel":
      return chip("#", element.channel_id);
    case "usergroup":
      return chip("!", `subteam^${element.usergroup_id}`);
    case "broadcast":
      return chip("!", element.range);
    case "link":
      return link(element.url, element.text || element.url);
    case "emoji":
      return glyph(element.name) ?? `:${element.name}:`;
    case "date":
      return h("time", {}, element.fallback ?? new Date(element.timestamp * 1000).toLocaleString());
    case "color":
      return h("code", {}, element.value);
    default:
      return h("span", {}, lines(element.text ?? ""));
  }
}

function lines(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

/** The same as plain text: what a cell is sorted by. */
export function plainText(element) {
  if (typeof element === "string") return element;
  const own = element?.text ?? element?.url ?? element?.user_id ?? "";
  return own + (element?.elements ?? []).map(plainText).join("");
}
