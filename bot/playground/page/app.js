// The playground's page: what one person sees of the workspace, live.
import { composer } from "/page/composer.js";
import { $, dialog, el, icon } from "/page/dom.js";
import { drawer } from "/page/drawer.js";
import { keys } from "/page/keys.js";
import { isWriting, row } from "/page/message.js";
import { ask, me, share, tell, watch } from "/page/server.js";
import { drawSidebar, label, mine } from "/page/sidebar.js";
import { bindModal, home, showViews, trouble } from "/page/views.js";

const NARROW = 720;
let state, channel, thread, mainComposer, tab = "messages";
const messages = new Map();
const stamps = new Map(); // when a message was last heard of live: what is fetched may be older
let moment = 0;
const statuses = new Map();
const unread = new Map();
const log = drawer();

const names = (id) =>
  state.people.find((one) => one.id === id)?.real_name ?? (id === state.bot.user_id ? state.bot.name : state.channels.find((one) => one.id === id)?.name);
const it = () => ({ state, names, channel, openThread, edit, remove });
const isTop = (one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast";
const sorted = (list) => list.sort((a, b) => (a.ts < b.ts ? -1 : 1));
const inThread = (root) => [...messages.values()].filter((one) => one.ts === root || one.thread_ts === root);
const isIn = () => channel.members.includes(me.id);

function hear(message) {
  messages.set(message.ts, message);
  stamps.set(message.ts, (moment += 1));
}

async function fetchInto(path) {
  const began = moment;
  const { messages: found = [] } = await ask(path);
  found.filter((one) => (stamps.get(one.ts) ?? 0) <= began).forEach((one) => messages.set(one.ts, one));
}

async function open(id, { keepFocus = false } = {}) {
  channel = state.channels.find((one) => one.id === id) ?? state.channels[0];
  const since = unread.get(channel.id)?.ts;
  unread.delete(channel.id);
  localStorage.setItem("channel", channel.id);
  closeThread();
  messages.clear();
  await fetchInto(`history?channel=${channel.id}&as=${me.id}`);
  const sign = { channel: "# ", private: "🔒 " }[channel.type] ?? "";
  $("title").textContent = sign + label(channel, state);
  $("topic").textContent = channel.topic;
  closeSidebar();
  mainComposer = composer($("composer"), { ...writing(null), label: `Message ${sign.trim()}${label(channel, state)}` });
  drawOutside();
  drawTabs("messages");
  draw(since);
  drawSide();
  drawPrompts(state.prompts[channel.id]?.prompts);
  if (channel.type === "im") tell("home", { tab: "messages" });
  else if (isIn()) tell("look", { channel: channel.id });
  if (!keepFocus && isIn()) mainComposer.focus();
}

const drawSide = () => drawSidebar({ state, channel, unread, open });

function drawOutside() {
  const bot = state.bot.user_id;
  const away = channel.members.includes(bot) || channel.type !== "channel" ? null
    : ["Threadwise is not in this channel.", "Add Threadwise", () => tell("join", { channel: channel.id, user: bot })];
  $("outside").hidden = !away || !isIn();
  if (away) $("outside").replaceChildren(el("span", {}, away[0]), el("button", { type: "button", onclick: away[2] }, away[1]));
  $("composer").hidden = !isIn();
}

// What a composer needs to know; `root` is its thread's first message.
const writing = (root) => ({
  send: (text, files) => post(text, files, root),
  people: () => [{ name: state.bot.name, id: state.bot.user_id, real_name: "Threadwise, the bot" }, ...state.people.filter((one) => !one.deleted)],
  channels: () => mine(state).filter((one) => one.type === "channel" || one.type === "private"),
  commands: () => state.bot.commands,
  shortcuts: () => (root ? [] : state.bot.shortcuts.filter((one) => one.type === "global")),
  call: (one) => tell("shortcuts", { callback_id: one.callback_id }),
  editLast: () => { const own = sorted([...messages.values()].filter((one) => one.user === me.id && (root ? one.thread_ts === root || one.ts === root : isTop(one)))); if (own.length) edit(own.at(-1)); },
});

async function post(text, files, root) {
  const command = /^\/[\w-]+/.exec(text)?.[0];
  const isOurs = state.bot.commands.some((one) => one.command === command);
  if (command && (isOurs || channel.type !== "im")) return tell("commands", { channel: channel.id, text, thread_ts: root });
  const found = [...state.people, { name: state.bot.name, id: state.bot.user_id }];
  const said = text
    .replace(/(^|\s)@([\w-]+)/g, (whole, gap, name) => { const one = found.find((person) => person.name === name); return one ? `${gap}<@${one.id}>` : whole; })
    .replace(/(^|\s)#([\w-]+)/g, (whole, gap, name) => { const one = state.channels.find((place) => place.name === name); return one ? `${gap}<#${one.id}|${one.name}>` : whole; });
  if (files.length) return share({ channel: channel.id, text: said, thread_ts: root }, files);
  return tell("messages", { channel: channel.id, text: said, thread_ts: root });
}

const typed = (text) => text.replace(/<@(\w+)>/g, (whole, id) => `@${state.people.find((one) => one.id === id)?.name ?? (id === state.bot.user_id ? state.bot.name : id)}`);

async function edit(message) {
  const field = el("textarea", { rows: 4, class: "edit", "aria-label": "Message" });
  field.value = typed(message.text);
  if (!(await dialog("Edit message", [field], "Save", "Cancel"))) return;
  const text = field.value.replace(/(^|\s)@([\w-]+)/g, (whole, gap, name) => { const one = writing().people().find((person) => person.name === name); return one ? `${gap}<@${one.id}>` : whole; });
  await tell("edit", { channel: channel.id, ts: message.ts, text });
}

async function remove(message) {
  if (await dialog("Delete this message?", [el("p", {}, message.text.slice(0, 200))], "Delete", "Cancel")) await tell("delete", { channel: channel.id, ts: message.ts });
}

function draw(since) {
  const shown = sorted([...messages.values()].filter((one) => isTop(one) && !(one.hidden && !one.reply_count)));
  const box = $("log");
  if (tab === "home") return box.replaceChildren(home(state.home, it()));
  box.replaceChildren();
  if (!shown.length) box.append(empty());
  let day = "";
  for (const one of shown) {
    const its = new Date(one.ts * 1000).toDateString();
    if (its !== day) box.append(el("div", { class: "day" }, its === new Date().toDateString() ? "Today" : its));
    if (one.ts === since) box.append(el("div", { class: "day new" }, "New"));
    day = its;
    box.append(row(one, it(), false));
  }
  box.scrollTop = box.scrollHeight;
}

function empty() {
  const isDirect = channel.type === "im";
  const put = (text) => el("li", {}, el("button", { type: "button", class: "try", onclick: () => mainComposer.put(text) }, text));
  if (!isIn()) return el("div", { class: "empty" }, el("h2", {}, "You are not in this channel"));
  return el("div", { class: "empty" }, el("h2", {}, "Ask Threadwise something"),
    el("p", {}, isDirect ? "Every message here is a question." : "Mention the bot, and the answer grows in a thread."),
    el("ul", {}, ["what is 12 * 7?", "/table", "/long 8000", "/slow", "/fail cut", "/help"].map((one) => put((isDirect ? "" : "@threadwise ") + one))),
    el("p", {}, "Or share a picture or a document. ", el("span", { class: "hint" }, "Press ", el("kbd", {}, "Ctrl + /"), " for the keys.")));
}

function drawTabs(which) {
  tab = which;
  const isApp = channel.type === "im" && state.bot.has_home;
  $("tabs").hidden = !isApp;
  $("composer").hidden = tab === "home" || !isIn();
  $("prompts").hidden = tab === "home";
  $("tabs").replaceChildren(...[["messages", "Messages"], ["home", "Home"]].map(([name, title]) =>
    el("button", { type: "button", role: "tab", "aria-selected": String(tab === name), onclick: () => openTab(name) }, title)));
}

async function openTab(name) {
  if (name === "home") closeThread();
  drawTabs(name);
  draw();
  await tell("home", { tab: name });
}

async function openThread(root) {
  thread = root;
  await fetchInto(`thread?channel=${channel.id}&ts=${root}&as=${me.id}`);
  if (thread !== root) return;
  $("thread").hidden = false;
  $("thread-title").textContent = state.sessions.find((one) => one.thread_ts === root && one.title)?.title ?? "Thread";
  $("thread-place").textContent = label(channel, state);
  const reply = composer($("reply"), { ...writing(root), label: "Reply…" });
  drawThread();
  drawStatus();
  $("replies").scrollTop = $("replies").scrollHeight;
  if (isIn()) reply.focus();
}

function closeThread() {
  thread = null;
  $("thread").hidden = true;
}

const drawThread = () => keepAtEnd($("replies"), () => $("replies").replaceChildren(...sorted(inThread(thread)).map((one) => row(one, it(), true))));

function keepAtEnd(box, change) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  const top = box.scrollTop;
  change();
  box.scrollTop = atEnd ? box.scrollHeight : top;
}

// A message looks different now; what has the focus in it keeps it.
function replace(message) {
  for (const [box, isThread] of [[$("log"), false], [$("replies"), true]]) {
    const node = box.querySelector(`[data-ts="${message.ts}"]`);
    const belongs = isThread ? thread && (message.thread_ts === thread || message.ts === thread) : isTop(message) && tab === "messages";
    if (!node && belongs) isThread ? drawThread() : draw();
    if (!node) continue;
    const focused = node.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") ?? "" : null;
    keepAtEnd(box, () => node.replaceWith(row(message, it(), isThread)));
    if (focused !== null) {
      const again = box.querySelector(`[data-ts="${message.ts}"]`);
      (([...again.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused)) ?? again).focus();
    }
  }
}

function drawStatus() {
  const status = statuses.get(thread);
  const writes = inThread(thread).some(isWriting);
  const stop = el("button", { type: "button", onclick: () => tell("stop", { channel: channel.id, thread_ts: thread }) }, "Stop");
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, "•", el("i", {}, "•"), el("i", {}, "•"));
  const says = status?.loading?.[0] ?? `Threadwise ${status?.words || "is thinking"}`;
  const words = writes ? "Threadwise is writing" : says;
  $("status").replaceChildren(...(status || writes ? [dots, el("span", {}, words), stop] : []));
}

const drawPrompts = (prompts) => $("prompts").replaceChildren(...(prompts ?? []).map((one) =>
  el("button", { type: "button", onclick: () => mainComposer.put(one.message) }, one.title)));

const frames = {
  message({ channel: id, message }) {
    if (id !== channel.id) {
      if (message.user === me.id) return;
      const news = unread.get(id);
      unread.set(id, { count: (news?.count ?? 0) + 1, ts: news?.ts ?? message.ts });
      return drawSide();
    }
    hear(message);
    if (isTop(message)) draw();
    if (thread && (thread === message.thread_ts || thread === message.ts)) drawThread();
    else if (message.thread_ts && (message.bot_id || message.ephemeral) && (!thread || innerWidth > NARROW)) openThread(message.thread_ts);
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
  status({ thread_ts, status, words, loading }) {
    if (["processing", "assistant"].includes(status)) statuses.set(thread_ts, { words, loading });
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
  bot({ connected }) { state.bot.connected = connected; drawSide(); },
  async channels() {
    state = await ask(`state?as=${me.id}`);
    channel = state.channels.find((one) => one.id === channel.id) ?? channel;
    drawOutside();
    drawSide();
  },
  views: ({ stack }) => showViews(stack, it()),
  view_errors: ({ words }) => trouble(words),
  home({ view }) { state.home = view; if (tab === "home") draw(); },
  call: ({ call }) => log.call(call),
  event: ({ event }) => log.event(event),
};

function closeSidebar() {
  $("sidebar").classList.remove("open");
  $("menu").setAttribute("aria-expanded", "false");
}

async function start() {
  state = await ask(`state?as=${me.id}`);
  if (!state.people.some((one) => one.id === me.id)) me.id = state.people[0].id;
  $("lost").hidden = true;
  $("team").textContent = state.team.name;
  $("me").replaceChildren(...state.people.filter((one) => !one.deleted).map((one) => el("option", { value: one.id, selected: one.id === me.id }, one.real_name)));
  $("limits").checked = state.settings.limits;
  $("few-reads").checked = state.settings.few_reads;
  state.sessions.filter((one) => ["processing", "assistant"].includes(one.status)).forEach((one) => statuses.set(one.thread_ts, one));
  const early = []; // what is heard before there is a channel to show it in
  let take = (frame) => early.push(frame);
  await watch({ hear: (frame) => take(frame), lost: () => ($("lost").hidden = false), found: start });
  await open(localStorage.getItem("channel") ?? "C0GENERAL");
  showViews(state.views, it());
  take = (frame) => frames[frame.type]?.(frame);
  early.forEach(take);
}

$("menu").append(icon("menu"));
$("close-thread").append(icon("close"));
$("close-drawer").append(icon("close"));
$("me").onchange = (event) => { me.id = event.target.value; localStorage.setItem("me", me.id); unread.clear(); start(); };
$("close-thread").onclick = () => { closeThread(); mainComposer.focus(); };
$("menu").onclick = () => $("menu").setAttribute("aria-expanded", String($("sidebar").classList.toggle("open")));
$("log").addEventListener("pointerdown", closeSidebar);
bindModal();
const places = () => mine(state).map((one) => [one.id, (one.type === "channel" ? "# " : "") + label(one, state)]);
keys({
  open, openThread, closeThread, closeSidebar, channels: places, toggleDrawer: log.toggle,
  go: (step) => { const all = places(); const at = all.findIndex(([id]) => id === channel.id); open(all[(at + step + all.length) % all.length][0]); },
});
start();
