// Forms that the app opens, and its Home tab.
import { blocks } from "/page/blocks.js";
import { $, el, tool } from "/page/dom.js";
import { me, tell } from "/page/server.js";

let shown = null; // the form that is open, and how to read what was put in
let returns = null; // what had the focus before it opened

function contextOf(view, it, kept) {
  const readers = {};
  const values = () => Object.fromEntries(Object.entries(readers).map(([block, parts]) =>
    [block, Object.fromEntries(Object.entries(parts).map(([action, read]) => [action, read()]))]));
  return {
    names: it.names, state: it.state, me, key: view.id, kept, values,
    hold: (block, action, read) => { (readers[block] ??= {})[action] = read; },
    act: (action) => tell("actions", { view: view.id, action, values: values() }),
    options: async (action_id, value) => (await tell("views/options", { view: view.id, action_id, value })).options ?? [],
  };
}

// Show the topmost view of the stack, or none. What was typed stays when a view is only updated.
export function showViews(stack, it) {
  const view = stack.at(-1);
  const box = $("modal");
  if (!view) {
    shown = null;
    if (box.open) box.close();
    returns?.focus?.();
    return;
  }
  if (!box.open) returns = document.activeElement;
  const kept = shown?.id === view.id ? shown.context.values() : undefined;
  const context = contextOf(view, it, kept);
  shown = { id: view.id, context };
  const close = () => tell("views/close");
  const banner = el("p", { class: "alert error", role: "alert", hidden: true });
  const form = el("form", { novalidate: true },
    el("header", {}, stack.length > 1 && tool("back", "Back", close), el("h2", { id: "modal-title" }, view.title.text), tool("close", "Close", () => tell("views/close", { whole: true }))),
    el("div", { class: "fields-of-view" }, banner, blocks(view.blocks, context)),
    el("footer", { class: "buttons end" }, el("button", { type: "button", onclick: close }, view.close?.text ?? "Cancel"),
      view.submit && el("button", { type: "submit", class: "primary", disabled: view.submit_disabled }, view.submit.text)));
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    if (!button || button.disabled) return;
    button.disabled = true;
    const answer = await tell("views/submit", { view: view.id, values: context.values() });
    button.disabled = false;
    complain(form, banner, answer);
  };
  box.replaceChildren(form);
  if (!box.open) box.showModal();
  if (!kept) form.querySelector("[autofocus], .input input, .input select, .input textarea")?.focus();
}

function complain(form, banner, { errors = {}, trouble, error }) {
  const words = trouble ?? (error && "That did not work. Please try again.");
  banner.hidden = !words;
  banner.textContent = words ?? "";
  form.querySelectorAll(".input").forEach((one) => {
    const complaint = errors[one.dataset.block];
    const place = one.querySelector(".error");
    place.hidden = !complaint;
    place.textContent = complaint ?? "";
    one.querySelectorAll("input, select, textarea").forEach((field) => field.setAttribute("aria-invalid", String(Boolean(complaint))));
  });
  form.querySelector('[aria-invalid="true"]')?.focus();
}

export function trouble(words) {
  const banner = $("modal").querySelector(".alert");
  if (!banner || !$("modal").open) return;
  banner.hidden = false;
  banner.textContent = words;
}

// The Home tab, in the place of messages.
export function home(view, it) {
  if (!view) return el("div", { class: "empty" }, el("h2", {}, "Home"), el("p", {}, "Threadwise has not put anything here yet."));
  return el("div", { class: "home" }, blocks(view.blocks, contextOf(view, it)));
}

export function bindModal() {
  $("modal").addEventListener("cancel", (event) => {
    event.preventDefault(); // Slack decides what Esc closes: the topmost view
    tell("views/close");
  });
}
