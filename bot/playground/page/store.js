/** What the page knows of the workspace, as one person sees it, and who wants to hear of changes. */

import { get } from "./api.js";
import { Reading } from "./reading.js";

const MOST_LOGGED = 1000;
const QUIET = new Set(["", "active", "suspended", "closed"]);

/** Everything shown is drawn from here. */
export const state = fresh();
/** What each person has read. */
export const reading = new Reading();
const bus = new EventTarget();

function fresh() {
  return {
    me: "",
    team: { id: "", name: "" },
    bot: { user_id: "", name: "", connected: true },
    people: [],
    channels: [],
    commands: [],
    shortcuts: [],
    settings: { limits: false, model: "rehearsal" },
    place: { channel: "", thread: "", tab: "messages" },
    messages: new Map(),
    whole: new Set(),
    sessions: new Map(),
    prompts: new Map(),
    home: null,
    views: [],
    calls: [],
    events: [],
    online: true,
  };
}

/** Call `heard` whenever something of this kind has changed. */
export function on(kinds, heard) {
  for (const kind of kinds.split(" ")) bus.addEventListener(kind, (event) => heard(event.detail));
}

/** Say that something has changed. */
export function changed(kind, detail) {
  bus.dispatchEvent(new CustomEvent(kind, { detail }));
}

/** Become a person: forget what the one before saw, and load what this one may see. */
export async function become(user) {
  const found = await get("state", { as: user });
  const { place, online } = state;
  Object.assign(state, fresh(), { place, online }, known(found));
  state.me = found.people.some((one) => one.id === user) ? user : (found.people[0]?.id ?? "");
  reading.become(`${state.team.id}/${state.me}`);
  changed("person");
  await Promise.all([...member().slice(0, 40).map((one) => loadHistory(one.id)), loadLog()]);
}

/** Look again at what is there: after a break, or when a channel has changed. */
export async function refresh() {
  Object.assign(state, known(await get("state", { as: state.me })));
  changed("person");
}

function known(found) {
  const sessions = (found.sessions ?? []).map((one) => [`${one.channel}/${one.thread_ts}`, one]);
  const { team, people, channels, commands = [], shortcuts = [], settings } = found;
  const prompts = new Map(Object.entries(found.prompts ?? {}));
  return { team, bot: found.bot, people, channels, commands, shortcuts, settings, prompts, sessions: new Map(sessions) };
}

/** The channels and conversations that this person is in. */
export const member = () => state.channels.filter((one) => one.members.includes(state.me) && !one.archived);

/** Fetch what stands in a channel. */
export async function loadHistory(channel) {
  const { messages } = await get("history", { channel, as: state.me });
  put(channel, messages);
  state.whole.add(channel);
  changed("messages", channel);
}

/** Fetch a thread. */
export async function loadThread(channel, ts) {
  const { messages } = await get("thread", { channel, ts, as: state.me });
  put(channel, messages);
  changed("messages", channel);
}

async function loadLog() {
  const [{ calls }, { events }] = await Promise.all([get("calls"), get("events")]);
  state.calls = calls.slice(-MOST_LOGGED);
  state.events = events.slice(-MOST_LOGGED);
  changed("log");
}

function put(channel, messages) {
  if (!state.messages.has(channel)) state.messages.set(channel, new Map());
  const known = state.messages.get(channel);
  for (const message of messages) known.set(message.ts, message);
}

/** Take in what happens. */
export function receive(frame) {
  HEARD[frame.type]?.(frame);
}

const HEARD = {
  message: (frame) => arrive(frame),
  message_changed: (frame) => arrive(frame),
  message_deleted({ channel, ts }) {
    state.messages.get(channel)?.delete(ts);
    changed("messages", channel);
  },
  status: (frame) => session(frame, { status: frame.status, text: frame.text }),
  title: (frame) => session(frame, { title: frame.title }),
  prompts(frame) {
    state.prompts.set(frame.channel, frame);
    changed("prompts", frame.channel);
  },
  home(frame) {
    state.home = frame.view;
    changed("home");
  },
  view_opened: ({ view }) => showViews([...state.views.filter((one) => one.id !== view.id), view]),
  view_updated: ({ view }) => showViews(state.views.map((one) => (one.id === view.id ? view : one))),
  view_closed: ({ view_id }) => showViews(state.views.filter((one) => one.id !== view_id)),
  call: (frame) => log(state.calls, frame.call ?? frame),
  event: (frame) => log(state.events, frame.event?.n ? frame.event : frame),
  bot(frame) {
    state.bot.connected = frame.connected;
    changed("bot");
  },
  channel: () => refresh(),
};

function arrive({ type, channel, message }) {
  put(channel, [message]);
  changed("messages", channel);
  if (type === "message") changed("arrived", { channel, message });
}

function session({ channel, thread_ts }, news) {
  const key = `${channel}/${thread_ts}`;
  state.sessions.set(key, { ...state.sessions.get(key), channel, thread_ts, ...news });
  changed("status", channel);
}

/** Replace the modals that are open, the newest last. */
export function showViews(views) {
  state.views = views;
  changed("views");
}

function log(list, entry) {
  list.push(entry);
  if (list.length > MOST_LOGGED) list.splice(0, list.length - MOST_LOGGED);
  changed("log");
}

/** Somebody by id, the bot included. */
export function person(id) {
  if (id === state.bot.user_id || id === state.bot.bot_id) return bot();
  return state.people.find((one) => one.id === id);
}

function bot() {
  const { user_id: id, name } = state.bot;
  return { id, name, real_name: name.charAt(0).toUpperCase() + name.slice(1), is_bot: true };
}

/** Who wrote a message. */
export function author(message) {
  const known = person(message.user) ?? (message.bot_id ? bot() : undefined);
  const name = message.username ?? known?.real_name ?? message.user ?? "Slackbot";
  return { color: "#777", ...known, real_name: name };
}

/** A channel by id. */
export const channelOf = (id) => state.channels.find((one) => one.id === id);

/** The others in a conversation, as people, without oneself. */
export const others = (channel) => channel.members.filter((id) => id !== state.me).map(person).filter(Boolean);

/** What a channel is called in lists. */
export function label(channel) {
  if (channel.type === "im") return others(channel)[0]?.real_name ?? "Direct message";
  if (channel.type === "mpim") return others(channel).map((one) => one.real_name.split(" ")[0]).join(", ");
  return channel.name;
}

/** Whether this is one's own conversation with the bot. */
export const isWithBot = (channel) => channel?.type === "im" && channel.members.includes(state.bot.user_id);

const all = (channel) => [...(state.messages.get(channel)?.values() ?? [])];
const byTime = (one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0);

/** One message. */
export const message = (channel, ts) => state.messages.get(channel)?.get(ts);

/** Whether a message stands in a thread, not in the channel. */
export const isReply = (one) => Boolean(one.thread_ts) && one.thread_ts !== one.ts;

/** What stands in the channel itself, oldest first. */
export function history(channel) {
  return all(channel).filter((one) => !isReply(one) || one.subtype === "thread_broadcast").sort(byTime);
}

/** A thread, its first message first. */
export function thread(channel, root) {
  return all(channel).filter((one) => one.ts === root || (isReply(one) && one.thread_ts === root)).sort(byTime);
}

/** The newest of one's own messages among these. */
export const newestOwn = (messages) => messages.findLast((one) => one.user === state.me && one.subtype !== "tombstone");

/** What the bot is doing in a thread: null, or {text, writing}. */
export function work(channel, root) {
  const found = state.sessions.get(`${channel}/${root}`);
  if (!found || QUIET.has(found.status ?? "")) return null;
  const writing = thread(channel, root).some((one) => one.streaming_state === "in_progress");
  return { writing, text: sentence(found.text, writing) };
}

function sentence(text, writing) {
  const name = bot().real_name;
  if (!text) return `${name} is ${writing ? "writing" : "thinking"}…`;
  return /^(is|was|has)\b/.test(text) ? `${name} ${text}` : text;
}

/** How a thread is called, if the bot has given it a name. */
export const title = (channel, root) => state.sessions.get(`${channel}/${root}`)?.title ?? "";

/** How much in a channel is new to this person: {count, mentions}. */
export function unread(channel) {
  const since = reading.until(channel.id);
  const fresh = all(channel.id).filter((one) => one.ts > since && one.user !== state.me && concerns(channel, one));
  const pinged = fresh.filter((one) => channel.type === "im" || isReply(one) || one.text?.includes(`<@${state.me}>`));
  return { count: fresh.length, mentions: pinged.length };
}

function concerns(channel, one) {
  if (!isReply(one) || one.subtype === "thread_broadcast") return true;
  return thread(channel.id, one.thread_ts).some((other) => other.user === state.me);
}

/** The newest ts that a channel has. */
export const newest = (channel) => all(channel).reduce((last, one) => (one.ts > last ? one.ts : last), "");
