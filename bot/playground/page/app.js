// The playground's page: what one person sees of the workspace, live.
import { block } from "/page/blocks.js";
import { composer } from "/page/composer.js";
import { drawer } from "/page/drawer.js";
import { el, mrkdwn } from "/page/markdown.js";

const $ = (id) => document.getElementById(id);
const me = { id: localStorage.getItem("me") || "U0ANNA" };
let state, channel, thread, socket, mainComposer, replyComposer;
const messages = new Map();
const stamps = new Map(); // when a message was last heard of live: what is fetched may be older
let moment = 0;
const statuses = new Map();
const unread = new Set();

const ask = async (path) => (await fetch(`/playground/${path}`)).json();
const tell = (path, body) =>
  fetch(`/playground/${path}`, { method: "POST", body: JSON.stringify({ as: me.id, ...body }) });
const names = (id) =>
  state.people.find((one) => one.id === id)?.real_name ??
  (id === state.bot.user_id ? state.bot.name : state.channels.find((one) => one.id === id)?.name);
const label = (one) =>
  one.type === "im" ? state.bot.name : one.type === "mpim" ? "Anna, Ben, threadwise" : one.name;

function hear(message) {
  messages.set(message.ts, message);
  stamps.set(message.ts, (moment += 1));
}

async function fetchInto(path) {
  const began = moment;
  const found = await ask(path);
  found.messages.filter((one) => (stamps.get(one.ts) ?? 0) <= began).forEach((one) => messages.set(one.ts, one));
}

async function open(id) {
  channel = state.channels.find((one) => one.id === id) ?? state.channels[0];
  unread.delete(channel.id);
  localStorage.setItem("channel", channel.id);
  closeThread();
  messages.clear();
  await fetchInto(`history?channel=${channel.id}&as=${me.id}`);
  $("title").textContent = (channel.type === "channel" ? "# " : channel.type === "private" ? "🔒 " : "") + label(channel);
  $("topic").textContent = channel.topic;
  $("sidebar").classList.remove("open");
  mainComposer = composer($("composer"), {
    placeholder: `Message ${channel.type === "im" ? label(channel) : "#" + label(channel)}`,
    send: (text, files) => post(text, files),
    people, editLast: () => editLast(null),
  });
  draw();
  drawSidebar();
  drawPrompts(state.prompts[channel.id]?.prompts);
  if (channel.type === "im") tell("home", { tab: "messages" });
  mainComposer.focus();
}

const people = () => [{ name: state.bot.name, id: state.bot.user_id }, ...state.people];

async function post(text, files, root) {
  const all = people();
  const said = text.replace(/(^|\s)@([\w-]+)/g, (whole, gap, name) => {
    const found = all.find((one) => one.name === name);
    return found ? `${gap}<@${found.id}>` : whole;
  });
  if (/^\/(summarize|digest)\b/.test(said)) return tell("commands", { channel: channel.id, text: said });
  if (!files.length) return tell("messages", { channel: channel.id, text: said, thread_ts: root });
  const form = new FormData();
  const fields = { as: me.id, channel: channel.id, text: said, thread_ts: root ?? "" };
  Object.entries(fields).forEach(([name, value]) => form.append(name, value));
  files.forEach((file) => form.append("files", file));
  return fetch("/playground/messages", { method: "POST", body: form });
}

function editLast(root) {
  const mine = [...messages.values()].filter((one) => one.user === me.id && (one.thread_ts ?? one.ts) === (root ?? one.ts));
  if (mine.length) edit(mine.at(-1));
}

function edit(message) {
  const field = el("textarea", { rows: 4, "aria-label": "Message" });
  field.value = message.text;
  field.style.cssText = "width:100%;background:none;border:1px solid var(--line);border-radius:8px;padding:8px";
  const save = async () => {
    $("modal").close();
    await tell("edit", { channel: channel.id, ts: message.ts, text: field.value });
  };
  const row = el("div", { class: "buttons" },
    el("button", { class: "primary", onclick: save }, "Save"),
    el("button", { onclick: () => $("modal").close() }, "Cancel"));
  $("modal").replaceChildren(el("h2", {}, "Edit message"), field, row);
  $("modal").showModal();
}

function draw() {
  const shown = [...messages.values()].filter((one) => isTop(one) && !(one.hidden && !one.reply_count));
  const log = $("log");
  log.replaceChildren();
  if (!shown.length) log.append(empty());
  let day = "";
  for (const one of shown) {
    const its = new Date(one.ts * 1000).toDateString();
    if (its !== day) log.append(el("div", { class: "day" }, its === new Date().toDateString() ? "Today" : its));
    day = its;
    log.append(row(one, false));
  }
  log.scrollTop = log.scrollHeight;
}

const isTop = (one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast";

function empty() {
  const hint = channel.type === "im" ? "" : "@threadwise ";
  return el("div", { class: "empty" }, el("h2", {}, "Ask Threadwise something"),
    el("p", {}, channel.type === "im" ? "Every message here is a question." : "Mention the bot, and the answer grows in a thread."),
    el("ul", {}, ["what is 12 * 7?", "/long 8000", "/slow", "/fail cut", "/help"].map((one) => el("li", {}, el("code", {}, hint + one)))),
    el("p", {}, "Or share a picture. Press ? for the keys."));
}

function row(message, inThread) {
  const bot = message.bot_id || message.user === state.bot.user_id;
  const person = state.people.find((one) => one.id === message.user);
  const who = bot ? "Threadwise" : person?.real_name ?? "Somebody";
  const node = el("article", { class: `message ${message.ephemeral ? "ephemeral" : ""}`, "data-ts": message.ts },
    el("div", { class: "avatar", style: `background:${bot ? "#7a2f83" : person?.color ?? "#888"}`, "aria-hidden": "true" }, bot ? "✦" : who.split(" ").map((one) => one[0]).join("")),
    el("div", {},
      el("div", {}, el("span", { class: "who" }, who), bot && el("span", { class: "badge" }, "APP"),
        el("time", {}, new Date(message.ts * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
        message.ephemeral && el("span", { class: "note" }, "Only visible to you")),
      body(message), files(message), reactions(message), !inThread && summary(message)));
  node.append(acts(message, inThread));
  return node;
}

function body(message) {
  const blocks = message.blocks ?? [];
  const act = (part) => tell("actions", { channel: channel.id, ts: message.ts, action: { ...part, block_id: "b" } });
  const content = blocks.length ? blocks.flatMap((one) => block(one, names, act)) : mrkdwn(message.text ?? "", names);
  const writing = message.streaming_state === "in_progress" || blocks.some((one) => one.elements?.some((part) => part.action_id === "stop_reply"));
  const node = el("div", { class: "body" }, ...content, message.edited && el("span", { class: "note" }, "(edited)"));
  if (writing) lastText(node).classList.add("caret");
  return node;
}

function lastText(node) {
  const texts = [...node.children].filter((one) => !one.classList.contains("buttons"));
  const last = texts.at(-1);
  return !last ? node : ["UL", "OL"].includes(last.tagName) ? last.lastElementChild ?? last : last;
}

const files = (message) => message.files?.length && el("div", { class: "files" }, message.files.map((file) =>
  file.mimetype?.startsWith("image/") && !/hei[cf]|tiff/.test(file.mimetype)
    ? el("img", { src: `${new URL(file.url_private).pathname}?as=${me.id}`, alt: file.name, loading: "lazy" })
    : el("div", { class: "file" }, `📄 ${file.name}`)));

const reactions = (message) => message.reactions?.length && el("div", { class: "reactions" }, message.reactions.map((one) =>
  el("button", { type: "button", onclick: () => tell("reactions", { channel: channel.id, ts: message.ts, name: one.name, remove: one.users.includes(me.id) }) }, `${one.name === "eyes" ? "👀" : one.name === "thumbsup" ? "👍" : one.name} ${one.count}`)));

const summary = (message) => message.reply_count > 0 &&
  el("button", { class: "summary", type: "button", onclick: () => openThread(message.ts) }, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"} ›`);

function acts(message, inThread) {
  const mine = message.user === me.id;
  const it = { channel: channel.id, ts: message.ts };
  return el("div", { class: "acts" },
    el("button", { type: "button", "aria-label": "React", onclick: () => tell("reactions", { ...it, name: "thumbsup" }) }, "👍"),
    !inThread && el("button", { type: "button", onclick: () => openThread(message.thread_ts ?? message.ts) }, "Reply"),
    mine && el("button", { type: "button", onclick: () => edit(message) }, "Edit"),
    mine && el("button", { type: "button", class: "danger", onclick: () => tell("delete", it) }, "Delete"));
}

async function openThread(root) {
  thread = root;
  await fetchInto(`thread?channel=${channel.id}&ts=${root}&as=${me.id}`);
  $("thread").hidden = false;
  $("thread-title").textContent = state.sessions.find((one) => one.thread_ts === root)?.title ?? "Thread";
  replyComposer = composer($("reply"), {
    placeholder: "Reply…", send: (text, files) => post(text, files, root), people, editLast: () => editLast(root),
  });
  drawThread();
  drawStatus();
  $("replies").scrollTop = $("replies").scrollHeight;
  replyComposer.focus();
}

function closeThread() {
  thread = null;
  $("thread").hidden = true;
}

function drawThread() {
  const shown = [...messages.values()].filter((one) => one.ts === thread || one.thread_ts === thread);
  keepAtEnd($("replies"), () => $("replies").replaceChildren(...shown.sort((a, b) => (a.ts < b.ts ? -1 : 1)).map((one) => row(one, true))));
}

function keepAtEnd(log, change) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const top = log.scrollTop;
  change();
  log.scrollTop = atEnd ? log.scrollHeight : top;
}

function replace(message) {
  const inMain = $("log").querySelector(`[data-ts="${message.ts}"]`);
  if (inMain) keepAtEnd($("log"), () => inMain.replaceWith(row(message, false)));
  else if (isTop(message)) draw();
  const inThread = $("replies").querySelector(`[data-ts="${message.ts}"]`);
  if (inThread) keepAtEnd($("replies"), () => inThread.replaceWith(row(message, true)));
  else if (thread && (message.thread_ts === thread || message.ts === thread)) drawThread();
}

function drawStatus() {
  const busy = statuses.get(thread);
  const writing = [...messages.values()].some((one) => one.thread_ts === thread && one.streaming_state === "in_progress");
  const stop = el("button", { type: "button", onclick: () => tell("stop", { channel: channel.id, thread_ts: thread }) }, "Stop");
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("span", {}, "•"), el("span", {}, "•"), el("span", {}, "•"));
  const shown = busy || writing ? [dots, el("span", {}, writing ? "Threadwise is writing" : "Threadwise is thinking"), stop] : [];
  $("status").replaceChildren(...shown);
}

function drawSidebar() {
  const groups = [["Channels", ["channel", "private"]], ["Direct messages", ["im", "mpim"]]];
  $("channels").replaceChildren(...groups.flatMap(([title, types]) => [el("h3", {}, title),
    ...state.channels.filter((one) => types.includes(one.type)).map((one) =>
      el("button", { type: "button", "aria-current": one === channel ? "true" : null, class: unread.has(one.id) ? "unread" : "", onclick: () => open(one.id) },
        `${one.type === "channel" ? "# " : one.type === "private" ? "🔒 " : one.type === "im" ? "✦ " : "👥 "}${label(one)}`))]));
  $("bot-state").textContent = state.bot.connected ? `bot connected · ${state.settings.model} model` : "the bot is starting…";
  $("bot-state").className = state.bot.connected ? "on" : "";
}

function drawPrompts(prompts) {
  $("prompts").replaceChildren(...(prompts ?? []).map((one) =>
    el("button", { type: "button", onclick: () => mainComposer.put(one.message) }, one.title)));
}

const frames = {
  message({ channel: id, message }) {
    if (id !== channel.id) {
      if (message.user !== me.id) unread.add(id);
      return drawSidebar();
    }
    hear(message);
    if (isTop(message)) draw();
    if (thread === message.thread_ts) drawThread();
    else if (message.thread_ts && message.bot_id && (!thread || innerWidth > 720)) openThread(message.thread_ts);
    drawStatus();
  },
  message_changed({ channel: id, message }) {
    if (id !== channel.id) return;
    hear(message);
    replace(message);
    drawStatus();
  },
  message_deleted({ ts }) {
    messages.delete(ts);
    document.querySelectorAll(`[data-ts="${ts}"]`).forEach((one) => one.remove());
    drawStatus();
  },
  status({ thread_ts, status }) {
    if (["processing", "assistant"].includes(status)) statuses.set(thread_ts, status);
    else statuses.delete(thread_ts);
    if (!thread && statuses.has(thread_ts) && messages.has(thread_ts)) openThread(thread_ts);
    drawStatus();
  },
  title({ thread_ts, title }) {
    state.sessions.push({ thread_ts, title });
    if (thread === thread_ts) $("thread-title").textContent = title;
  },
  prompts(frame) {
    state.prompts[frame.channel] = frame;
    if (frame.channel === channel.id) drawPrompts(frame.prompts);
  },
  bot({ connected }) {
    state.bot.connected = connected;
    drawSidebar();
  },
  call: ({ call }) => log.call(call),
  event: ({ event }) => log.event(event),
};
const log = drawer({ tell, ask });

function watch() {
  socket?.close();
  const mine = new WebSocket(`${location.origin.replace("http", "ws")}/playground/live?as=${me.id}`);
  socket = mine;
  mine.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    frames[frame.type]?.(frame);
  };
  mine.onclose = () => socket === mine && setTimeout(start, 1000);
}

async function start() {
  state = await ask(`state?as=${me.id}`);
  $("team").textContent = state.team.name;
  $("me").replaceChildren(...state.people.map((one) => el("option", { value: one.id, selected: one.id === me.id }, one.real_name)));
  $("limits").checked = state.settings.limits;
  await open(localStorage.getItem("channel") ?? "C0GENERAL");
  watch();
}

$("me").onchange = (event) => { me.id = event.target.value; localStorage.setItem("me", me.id); start(); };
$("close-thread").onclick = closeThread;
$("menu").onclick = () => $("sidebar").classList.toggle("open");
const KEYS = "Enter sends · Shift+Enter new line · ↑ edits your last message · Esc closes the thread · Ctrl+K next channel · Ctrl+D calls & events";
document.addEventListener("keydown", (event) => {
  const typing = ["TEXTAREA", "INPUT", "SELECT"].includes(event.target.tagName);
  if (event.key === "Escape" && !$("modal").open) closeThread();
  else if (event.key === "?" && !typing) {
    $("modal").replaceChildren(el("h2", {}, "Keys"), ...KEYS.split(" · ").map((one) => el("p", {}, one)), el("button", { onclick: () => $("modal").close() }, "Close"));
    $("modal").showModal();
  } else if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    open(state.channels[(state.channels.indexOf(channel) + 1) % state.channels.length].id);
  } else if (event.ctrlKey && event.key === "d") {
    event.preventDefault();
    $("drawer-button").click();
  }
});
start();
