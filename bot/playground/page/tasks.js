/** task_card and plan blocks: what the bot does on its way to an answer. */

import { count, h } from "./dom.js";
import { icon } from "./icons.js";
import { link } from "./inline.js";
import { richText } from "./richtext.js";

const WORDS = { pending: "waiting", in_progress: "under way", complete: "done", error: "failed" };
const ICONS = { complete: "check", error: "close" };

/** A single task with its state, what it did and where it looked. */
export function taskCard(task) {
  const status = task.status ?? "pending";
  const sign = h("span", { class: `task-sign ${status}`, role: "img", "aria-label": WORDS[status] }, ICONS[status] && icon(ICONS[status]));
  const more = [task.details, task.output].filter(hasText).map(richText);
  const sources = (task.sources ?? []).map((one) => link(one.url, one.text || one.url));
  const body = [...more, sources.length ? h("div", { class: "sources" }, icon("link"), sources) : null].filter(Boolean);
  const head = [sign, h("span", { class: "task-title" }, task.title)];
  if (!body.length) return h("div", { class: "task-card" }, h("div", { class: "task-head" }, head));
  return h("details", { class: "task-card" }, h("summary", { class: "task-head" }, head, icon("chevron")), h("div", { class: "task-body" }, body));
}

const hasText = (given) => Boolean(typeof given === "string" ? given : given?.elements?.length);

/** A plan: its title and the tasks it has. */
export function plan({ title, tasks = [] }) {
  const done = tasks.filter((one) => one.status === "complete").length;
  const heading = h("div", { class: "plan-head" }, h("strong", {}, title), tasks.length ? h("span", {}, `${done} of ${count(tasks.length, "step")}`) : null);
  return h("section", { class: "plan", "aria-label": title }, heading, tasks.map(taskCard));
}
