// The keyboard: what each key does, and the list of them.
import { $, closeMenus, el } from "/page/dom.js";

const KEYS = [
  ["Enter", "send"], ["Shift + Enter", "new line"], ["↑", "edit your last message (in an empty composer)"], ["@  #  /", "people, channels, commands"],
  ["Ctrl + K", "go to a channel"], ["Alt + ↓ ↑", "next and previous channel"], ["↑ ↓", "from message to message (when messages have the focus)"],
  ["T", "open the thread of a message"], ["Esc", "close: a menu, a form, the drawer, the thread"], ["Ctrl + D", "calls & events"], ["Ctrl + /", "this list"],
];

const typing = (target) => target.matches?.("textarea, input, select");

// `it` has: go(step), channels(), open(id), closeThread(), openThread(ts), toggleDrawer().
export function keys(it) {
  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") escape(it);
    else if ((control && event.key === "/") || (event.key === "?" && !typing(event.target))) help();
    else if (control && event.key === "k") switcher(it);
    else if (control && event.key === "d") it.toggleDrawer();
    else if (event.altKey && event.key === "ArrowDown") it.go(1);
    else if (event.altKey && event.key === "ArrowUp") it.go(-1);
    else if (event.target.closest?.("#log, #replies") && !typing(event.target)) return among(event, it);
    else return;
    event.preventDefault();
  });
}

function escape(it) {
  closeMenus();
  if (!$("drawer").hidden) it.toggleDrawer();
  else if ($("sidebar").classList.contains("open")) it.closeSidebar();
  else it.closeThread();
}

function among(event, it) {
  const message = event.target.closest(".message");
  const all = [...event.target.closest("#log, #replies").querySelectorAll(".message")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && (message === event.target || !message)) {
    (all[all.indexOf(message) + step] ?? (message ? message : all.at(-1)))?.focus();
    event.preventDefault();
  } else if (event.key === "t" && message) {
    it.openThread(message.dataset.ts);
    event.preventDefault();
  }
}

export function help() {
  const box = el("dialog", { class: "plain", "aria-labelledby": "keys-title" }, el("h2", { id: "keys-title" }, "Keys"),
    el("dl", { class: "keys" }, KEYS.map(([key, does]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)])),
    el("form", { method: "dialog", class: "buttons end" }, el("button", {}, "Close")));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

function switcher(it) {
  const field = el("input", { type: "search", placeholder: "Go to…", "aria-label": "Go to a channel" });
  const list = el("div", { class: "found", role: "listbox", "aria-label": "Channels" });
  const box = el("dialog", { class: "plain", "aria-label": "Go to a channel" }, field, list);
  const draw = () => list.replaceChildren(...it.channels().filter(([, label]) => label.toLowerCase().includes(field.value.toLowerCase())).map(([id, label], n) =>
    el("button", { type: "button", role: "option", "aria-selected": String(n === 0), onclick: () => { box.close(); it.open(id); } }, label)));
  const move = (step) => {
    const all = [...list.children];
    const now = all.findIndex((one) => one.ariaSelected === "true");
    all.forEach((one, n) => (one.ariaSelected = String(n === (now + step + all.length) % all.length)));
  };
  field.oninput = draw;
  field.onkeydown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") list.querySelector('[aria-selected="true"]')?.click();
    else return;
    event.preventDefault();
  };
  box.addEventListener("close", () => box.remove());
  draw();
  document.body.append(box);
  box.showModal();
  field.focus();
}
