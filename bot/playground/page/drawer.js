// The drawer: every Web API call of the bot and every event it was sent, as they happen.
import { el } from "/page/markdown.js";

const MOST = 300;

export function drawer({ tell, ask }) {
  const $ = (id) => document.getElementById(id);
  const list = $("calls");
  const toggle = async () => {
    const opens = $("drawer").hidden;
    $("drawer").hidden = !opens;
    $("drawer-button").setAttribute("aria-expanded", String(opens));
    if (!opens) return;
    list.replaceChildren();
    const [{ calls }, { events }] = await Promise.all([ask("calls"), ask("events")]);
    const all = [...calls.map((one) => [one.at, () => call(one)]), ...events.map((one) => [one.at, () => event(one)])];
    all.sort((a, b) => a[0] - b[0]).slice(-MOST).forEach(([, show]) => show());
  };
  const add = (kind, name, right, bad, content) => {
    if ($("drawer").hidden) return;
    const details = el("details", {}, el("summary", { class: bad ? "bad" : "" }, el("b", {}, name), el("span", {}, right)));
    details.addEventListener("toggle", () => details.open && details.childElementCount < 2 &&
      details.append(el("pre", {}, el("code", {}, JSON.stringify(content, null, 2)))));
    list.prepend(el("li", { class: kind, "data-name": name, hidden: !matches(name) }, details));
    while (list.childElementCount > MOST) list.lastElementChild.remove();
  };
  const matches = (name) => name.toLowerCase().includes($("filter").value.toLowerCase());
  const call = (one) => add("call", `→ ${one.method}`, one.error || `${one.ms} ms`, !one.ok, one.args);
  const event = (one) => add("event", `← ${one.type}`, one.status, !one.delivered, one.body);

  $("drawer-button").onclick = toggle;
  $("close-drawer").onclick = toggle;
  $("limits").onchange = (change) => tell("settings", { limits: change.target.checked });
  $("filter").oninput = () => [...list.children].forEach((one) => (one.hidden = !matches(one.dataset.name)));
  document.querySelectorAll("[data-fault]").forEach((button) => {
    button.onclick = () => tell("faults", { method: button.dataset.fault, kind: "status", status: 429, retry_after: 3 });
  });
  return { call, event };
}
