/** Builds and updates DOM. Text only ever becomes text nodes, never markup. */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "selected"]);
const SVG = "http://www.w3.org/2000/svg";

/** An element: `on…` are listeners, `vars` are CSS variables, the rest are attributes. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(node, name, value);
  node.append(...present(children));
  return node;
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...present(children));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "vars") {
    for (const [key, one] of Object.entries(value)) node.style.setProperty(`--${key}`, one);
  } else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

const shownIn = new WeakMap();

/**
 * Make `parent` show the entries in their order, keeping every node whose version is the same.
 *
 * An entry is {key, version, build(), update?(node)}. What has not changed is not touched, so that a
 * message that grows neither flickers nor loses a selection or an opened part.
 */
export function reconcile(parent, entries) {
  const before = shownIn.get(parent) ?? new Map();
  const after = new Map();
  for (const entry of entries) after.set(entry.key, current(before.get(entry.key), entry));
  shownIn.set(parent, after);
  arrange(parent, [...after.values()].map((one) => one.node));
}

function current(old, { version, build, update }) {
  if (old === undefined) return { version, node: build() };
  if (old.version === version) return old;
  if (!update) return { version, node: build() };
  update(old.node);
  return { version, node: old.node };
}

function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let next = parent.firstChild;
  for (const node of nodes) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
}

/** A function that runs `draw` once in the next frame, however often it is called until then. */
export function soon(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

/** Whether keys that are pressed now are meant as text. */
export function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** Whether the window is as narrow as a phone. */
export const isNarrow = () => matchMedia("(max-width: 480px)").matches;

/** `1 reply`, `2 replies`. */
export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}
