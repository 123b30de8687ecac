// The drawer: every Web API call of the bot, every event it was sent, and switches to make things go wrong.
import { $, el } from "/page/dom.js";
import { ask, tell } from "/page/server.js";

const MOST = 300;
const METHODS = ["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update", "conversations.history", "users.info", "files.getUploadURLExternal"];
const KINDS = [["429, come again in 3 s", { kind: "status", status: 429, retry_after: 3 }], ["HTTP 500", { kind: "status", status: 500 }], ["internal_error", { kind: "error" }],
  ["the answer is lost", { kind: "drop_after" }], ["garbage", { kind: "garbage" }], ["2 s late", { kind: "delay", seconds: 2 }]];

export function drawer() {
  const list = $("calls");
  const method = el("select", { "aria-label": "Method" }, METHODS.map((one) => el("option", {}, one)));
  const kind = el("select", { "aria-label": "What goes wrong" }, KINDS.map(([label], n) => el("option", { value: n }, label)));
  const note = el("span", { role: "status", class: "note" });
  const breakIt = async () => {
    await tell("faults", { method: method.value, ...KINDS[kind.value][1] });
    note.textContent = `The next ${method.value} will fail.`;
  };
  const mend = async () => { await fetch("/playground/faults", { method: "POST" }); note.textContent = "Everything works again."; };
  const refresh = async () => { await tell("refresh"); note.textContent = "The bot was asked to reconnect."; };
  $("faults").replaceChildren(el("span", {}, "Next"), method, kind, el("button", { type: "button", onclick: breakIt }, "Break it"),
    el("button", { type: "button", onclick: mend }, "Mend all"), el("button", { type: "button", onclick: refresh }, "Reconnect"), note);

  const toggle = async () => {
    const opens = $("drawer").hidden;
    $("drawer").hidden = !opens;
    $("drawer-button").setAttribute("aria-expanded", String(opens));
    if (!opens) return $("drawer-button").focus();
    $("sidebar").classList.remove("open");
    $("menu").setAttribute("aria-expanded", "false");
    $("close-drawer").focus();
    list.replaceChildren();
    const [{ calls }, { events }] = await Promise.all([ask("calls"), ask("events")]);
    const all = [...calls.map((one) => [one.at, () => call(one)]), ...events.map((one) => [one.at, () => event(one)])];
    all.sort((a, b) => a[0] - b[0]).slice(-MOST).forEach(([, show]) => show());
  };
  const matches = (name, type) => name.toLowerCase().includes($("filter").value.toLowerCase()) && ["all", type].includes($("kind").value);
  const refilter = () => [...list.children].forEach((one) => (one.hidden = !matches(one.dataset.name, one.className)));
  const add = (type, name, right, bad, content) => {
    if ($("drawer").hidden) return;
    const details = el("details", {}, el("summary", { class: bad ? "bad" : "" }, el("b", {}, name), el("span", {}, right)));
    details.addEventListener("toggle", () => details.open && details.childElementCount < 2 &&
      details.append(el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(content, null, 2)))));
    list.prepend(el("li", { class: type, "data-name": name, hidden: !matches(name, type) }, details));
    while (list.childElementCount > MOST) list.lastElementChild.remove();
  };
  const call = (one) => add("call", `→ ${one.method}`, one.error || (one.unknown?.length ? `ignores ${one.unknown.join(", ")}` : `${one.ms} ms`), !one.ok || one.unknown?.length > 0, one.args);
  const event = (one) => add("event", `← ${one.type}`, one.status, !one.delivered, one.body);

  $("drawer-button").onclick = toggle;
  $("close-drawer").onclick = toggle;
  $("limits").onchange = (change) => tell("settings", { limits: change.target.checked });
  $("few-reads").onchange = (change) => tell("settings", { few_reads: change.target.checked });
  $("filter").oninput = refilter;
  $("kind").onchange = refilter;
  return { call, event, toggle };
}
