/** The page's icons: strokes on a grid of 20 by 20. */

import { svg } from "./dom.js";

const PATHS = {
  alert: "M10 3.2 17.6 16.4H2.4zM10 8v4M10 14.2v.1",
  attach: "m15.5 9.3-5.9 5.9a3.6 3.6 0 0 1-5.1-5.1l6.3-6.3a2.4 2.4 0 0 1 3.4 3.4l-6.2 6.2a1.2 1.2 0 0 1-1.7-1.7l5.6-5.6",
  at: "M13.2 10a3.2 3.2 0 1 1-6.4 0 3.2 3.2 0 0 1 6.4 0m0 0v1.1a2 2 0 0 0 4 0V10a7.2 7.2 0 1 0-2.9 5.8",
  back: "M12.5 4.5 7 10l5.5 5.5",
  bolt: "M11 2.8 4.5 11.2H10l-1 6 6.5-8.4H10z",
  check: "m4.5 10.5 3.7 3.7 7.3-8.2",
  chevron: "m5.5 8 4.5 4.5L14.5 8",
  close: "m5.5 5.5 9 9m0-9-9 9",
  console: "M3 4.5h14v11H3zM6 8l2.3 2L6 12m4.5.3H14",
  copy: "M7.5 7.5V4h8.5v8.5h-3.5M4 7.5h8.5V16H4z",
  down: "M10 4v12m-5-5 5 5 5-5",
  download: "M10 3.5v9m-4-3.7 4 3.7 4-3.7M4 16h12",
  edit: "m4 16 .8-3.4L13.3 4l2.7 2.7-8.6 8.5z",
  eye: "M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5M12.2 10a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0",
  file: "M5.5 3h6l3.5 3.5V17h-9.5zM11.2 3v3.8H15",
  hash: "M8 3.5 6.5 16.5m7-13L12 16.5M3.8 7.5h13M3.2 12.5h13",
  help: "M7.3 7.6a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 2M10 14.7v.1M17.2 10a7.2 7.2 0 1 1-14.4 0 7.2 7.2 0 0 1 14.4 0",
  home: "m3.5 9.5 6.5-6 6.5 6M5.2 8.5V16h9.6V8.5M8.5 16v-4h3v4",
  image: "M3.5 4h13v12h-13zm0 9 3.8-3.8 3.4 3.3 2-2 3.8 3.7M13 7.6v.1",
  link: "m8.5 11.5 3-3M9 6.5l1.8-1.8a3.2 3.2 0 0 1 4.5 4.5L13.5 11m-2.5 2.5-1.8 1.8a3.2 3.2 0 0 1-4.5-4.5L6.5 9",
  lock: "M5 9h10v7.5H5zm2-.2V6.5a3 3 0 0 1 6 0v2.3",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  message: "M3.5 4h13v9.5h-7L6 16.5v-3H3.5z",
  more: "M4.6 10v.1M10 10v.1M15.4 10v.1",
  plus: "M10 4v12M4 10h12",
  react: "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0M7.6 8v.3m4.8-.3v.3m-5.6 3.5a3.8 3.8 0 0 0 6.4 0",
  search: "M13.5 8.7a4.8 4.8 0 1 1-9.6 0 4.8 4.8 0 0 1 9.6 0m-1.4 3.5 4.2 4.2",
  send: "m3.5 16.2 14-6.2-14-6.2 1.8 6.2zm1.8-6.2h6",
  stop: "M5.5 5.5h9v9h-9z",
  thread: "M4 4.5h12M4 8h8M7.5 11.5v1.2a2 2 0 0 0 2 2H16m-2.2-2.4 2.4 2.4-2.4 2.4",
  thumbdown: "M6 4.5H3.5v7H6m0-7 1.5-1h6c1 0 1.6.7 1.8 1.5l.9 4c.3 1.2-.4 2-1.5 2h-3.2l.6 3c.2 1.3-1.6 2-2.3.8L6 11.5z",
  thumbup: "M6 15.5H3.5v-7H6m0 7 1.5 1h6c1 0 1.6-.7 1.8-1.5l.9-4c.3-1.2-.4-2-1.5-2h-3.2l.6-3c.2-1.3-1.6-2-2.3-.8L6 8.5z",
  trash: "M4 5.8h12M8 5.5V3.8h4v1.7M5.5 6l.7 10.5h7.6L14.5 6M8.5 8.8v5m3-5v5",
  users: "M7.5 9.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4m-5 6.5c0-2.6 2.2-4.2 5-4.2s5 1.6 5 4.2m0-6.5a2.7 2.7 0 0 0 0-5.4m2 7.9c1.8.6 3 1.9 3 4",
};

/** An icon by name; it says nothing to a screen reader. */
export function icon(name) {
  const path = svg("path", { d: PATHS[name] ?? PATHS.more });
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, path);
}

/** The bot's face: a thread that winds through a speech bubble. */
export function botMark() {
  return svg(
    "svg",
    { class: "bot-mark", viewBox: "0 0 36 36", "aria-hidden": "true" },
    svg("path", { d: "M8 13.5c3.5-4.5 7-4.5 10 0s6.5 4.5 10 0" }),
    svg("path", { d: "M8 22.5c3.5-4.5 7-4.5 10 0s6.5 4.5 10 0" }),
    svg("path", { d: "M28 13.5c2.3 3 2.3 6 0 9", class: "turn" }),
  );
}
