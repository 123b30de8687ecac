// Small helpers to build the page. Text never becomes HTML: nothing a message says can run.

export const $ = (id) => document.getElementById(id);

const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
};

export const el = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const PATHS = {
  plus: "M12 5v14M5 12h14",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
  send: "M4 12 20 4l-5 16-3.5-6.5L4 12Z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  back: "M14 6l-6 6 6 6",
  reply: "M20 12a8 8 0 0 1-8 8H4l2.3-2.6A8 8 0 1 1 20 12Z",
  up: "M7 11v9H4v-9h3Zm0 0 4-7a2 2 0 0 1 2 2v4h5.2a2 2 0 0 1 2 2.4l-1.3 6A2 2 0 0 1 17 20H7",
  down: "M17 13V4h3v9h-3Zm0 0-4 7a2 2 0 0 1-2-2v-4H5.8a2 2 0 0 1-2-2.4l1.3-6A2 2 0 0 1 7 4h10",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14.5s1.2 2 3.5 2 3.5-2 3.5-2M9 9.5h.01M15 9.5h.01",
  file: "M7 3h7l5 5v13H7V3Zm7 0v5h5",
  download: "M12 4v11m0 0 4-4m-4 4-4-4M5 20h14",
  check: "M5 12.5 10 17 19 7",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6v-9Z",
  hash: "M10 4 8 20M16 4l-2 16M4.5 9h16M3.5 15h16",
  group: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 9c0-3.5 2.7-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 1 3 3 3 5.5",
  spark: "M12 3l2 6.5L20.5 12 14 14.5 12 21l-2-6.5L3.5 12 10 9.5 12 3Z",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
};

// A line icon; it says nothing to screen readers, its button does.
export const icon = (name) =>
  svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));

// A button with an icon and a name.
export const tool = (name, label, onclick, more = {}) =>
  el("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick, ...more }, icon(name));

// A menu under a button: `items` are [label, what to do, class].
export function menu(button, items) {
  closeMenus();
  const box = el("div", { class: "menu-box", role: "menu" }, items.map(([label, act, kind]) =>
    el("button", { type: "button", role: "menuitem", class: kind ?? "", onclick: () => { closeMenus(); act(); } }, label)));
  document.body.append(box);
  const place = button.getBoundingClientRect();
  const below = place.bottom + box.offsetHeight + 8 < innerHeight;
  box.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - box.offsetHeight - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.offsetWidth - 8))}px`;
  box.addEventListener("keydown", (event) => {
    const all = [...box.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    if (event.key === "Escape" || event.key === "Tab") { closeMenus(); button.focus(); }
    if (step || event.key === "Escape") { event.preventDefault(); event.stopPropagation(); }
  });
  box.firstElementChild?.focus();
}

export const closeMenus = () => document.querySelectorAll(".menu-box").forEach((one) => one.remove());
document.addEventListener("pointerdown", (event) => !event.target.closest?.(".menu-box") && closeMenus());

// A dialog that asks or tells; resolves to whether it was agreed to.
export function dialog(title, content, agree, disagree) {
  return new Promise((done) => {
    const box = el("dialog", { class: "plain", "aria-label": title });
    const end = (answer) => { box.remove(); done(answer); };
    box.append(el("h2", {}, title), ...content, el("div", { class: "buttons end" },
      disagree && el("button", { type: "button", onclick: () => end(false) }, disagree),
      el("button", { type: "button", class: "primary", onclick: () => end(true) }, agree)));
    box.addEventListener("close", () => end(false));
    document.body.append(box);
    box.showModal();
  });
}
