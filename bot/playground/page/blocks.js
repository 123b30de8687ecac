// Block Kit, as far as the bot uses it.
import { el, markdown, mrkdwn } from "/page/markdown.js";

const words = (text, names) =>
  !text ? [] : text.type === "mrkdwn" ? mrkdwn(text.text, names) : [text.text];

// `act` is called with the element that was pressed.
export function block(one, names, act) {
  switch (one.type) {
    case "markdown":
      return markdown(one.text, names);
    case "section":
      return [
        el("p", {}, ...words(one.text, names)),
        ...(one.fields ?? []).map((field) => el("p", {}, ...words(field, names))),
        one.accessory && el("div", { class: "buttons" }, element(one.accessory, names, act)),
      ];
    case "header":
      return [el("h3", {}, one.text.text)];
    case "divider":
      return [el("hr")];
    case "context":
      return [el("p", { class: "note" }, ...one.elements.flatMap((part) => [...words(part, names), " "]))];
    case "actions":
    case "context_actions":
      return [el("div", { class: "buttons" }, one.elements.map((part) => element(part, names, act)))];
    case "task_card":
      return [el("p", { class: "note" }, `${MARKS[one.status] ?? "○"} ${one.title} ${one.details ?? ""}`)];
    case "plan":
      return [el("p", { class: "note" }, one.title)];
    case "rich_text":
      return [el("p", {}, ...rich(one.elements ?? [], names))];
    case "image":
      return [el("p", {}, el("a", { href: one.image_url, rel: "noopener" }, one.alt_text ?? "image"))];
    default:
      return [el("p", { class: "note" }, `[${one.type}]`)];
  }
}

const MARKS = { pending: "○", in_progress: "◐", complete: "✓", error: "✕" };

function element(part, names, act) {
  if (part.type === "button") {
    const style = part.style === "primary" ? "primary" : part.style === "danger" ? "danger" : "";
    return el("button", { type: "button", class: style, onclick: () => act(part) }, part.text.text);
  }
  if (part.type === "feedback_buttons") {
    return [part.positive_button, part.negative_button].map((choice) =>
      el("button", { type: "button", onclick: () => act({ ...part, value: choice.value }) }, choice.text.text));
  }
  if (part.options) {
    const choose = (event) => act({ ...part, selected_option: part.options[event.target.selectedIndex] });
    return el("select", { onchange: choose }, part.options.map((option) => el("option", {}, option.text.text)));
  }
  return el("span", { class: "note" }, `[${part.type}]`);
}

function rich(elements, names) {
  return elements.flatMap((part) => {
    if (part.elements) return rich(part.elements, names);
    if (part.type === "user") return [el("span", { class: "mention" }, "@" + (names(part.user_id) ?? part.user_id))];
    if (part.type === "channel") return [el("span", { class: "mention" }, "#" + (names(part.channel_id) ?? part.channel_id))];
    if (part.type === "broadcast") return [el("span", { class: "mention" }, "@" + part.range)];
    if (part.type === "link") return [el("a", { href: part.url, target: "_blank", rel: "noopener noreferrer" }, part.text || part.url)];
    return (part.text ?? "").split("\n").flatMap((line, n) => [n ? el("br") : null, line]);
  });
}
