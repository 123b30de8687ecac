// One message: who, when, what, and what can be done with it.
import { blocks, caret } from "/page/blocks.js";
import { el, icon, menu, tool } from "/page/dom.js";
import { mrkdwn } from "/page/markdown.js";
import { me, tell } from "/page/server.js";

const EMOJI = { eyes: "👀", thumbsup: "👍", "+1": "👍", "-1": "👎", heart: "❤️", tada: "🎉", white_check_mark: "✅", x: "❌", hourglass_flowing_sand: "⏳", warning: "⚠️" };
const QUICK = ["thumbsup", "eyes", "tada", "heart", "white_check_mark"];
const COLORS = { "U0THREADW": "var(--bot)", USLACKBOT: "#5a6472" };

export const who = (message, state) => {
  const person = state.people.find((one) => one.id === message.user);
  if (person) return { name: person.real_name, letters: initials(person.real_name), color: person.color };
  if (message.user === "USLACKBOT") return { name: "Slackbot", letters: "S", color: COLORS.USLACKBOT, badge: "APP" };
  return { name: "Threadwise", letters: icon("spark"), color: COLORS.U0THREADW, badge: "APP" };
};

export const initials = (name) => name.split(" ").map((one) => one[0]).join("").slice(0, 2);

export const avatar = ({ letters, color }) => el("span", { class: "avatar", style: `background:${color}`, "aria-hidden": "true" }, letters);

const time = (ts) => new Date(ts * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

// `it` is what the page knows: state, names, channel, and what opens threads and editors.
export function row(message, it, inThread) {
  const author = who(message, it.state);
  const node = el("article", { class: `message ${message.ephemeral ? "ephemeral" : ""} ${message.subtype === "channel_join" ? "system" : ""}`, "data-ts": message.ts, tabindex: "-1",
    "aria-label": `${author.name}, ${time(message.ts)}` },
    avatar(author),
    el("div", { class: "content" },
      el("div", { class: "by" }, el("span", { class: "who" }, author.name), author.badge && el("span", { class: "badge" }, author.badge),
        el("time", { datetime: new Date(message.ts * 1000).toISOString() }, time(message.ts)),
        message.ephemeral && el("span", { class: "only" }, "Only visible to you")),
      body(message, it), files(message), reactions(message, it), !inThread && summary(message, it)),
    !message.ephemeral && !message.hidden && acts(message, it, inThread));
  return node;
}

function body(message, it) {
  const list = message.blocks ?? [];
  const context = {
    names: it.names, state: it.state, me, key: message.ts,
    act: (action) => tell("actions", { channel: it.channel.id, ts: message.ts, action }),
  };
  const content = list.length ? blocks(list, context) : el("p", {}, mrkdwn(message.text ?? "", it.names));
  const node = el("div", { class: "body" }, content, message.edited && el("span", { class: "note" }, "(edited)"));
  if (isWriting(message)) lastText(node).append(caret());
  return node;
}

export const isWriting = (message) =>
  message.streaming_state === "in_progress" || (message.blocks ?? []).some((one) => one.elements?.some((part) => part.action_id === "stop_reply"));

function lastText(node) {
  const texts = [...node.children].filter((one) => !one.matches(".buttons, .steps, .note, figure"));
  const last = texts.at(-1);
  return !last ? node : last.matches("ul, ol") ? last.lastElementChild ?? last : last.matches("pre, .scroll") ? node : last;
}

const size = (bytes) => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

const files = (message) => message.files?.length > 0 && el("div", { class: "files" }, message.files.map((file) => {
  const address = `${new URL(file.url_private).pathname}?as=${me.id}`;
  const shows = file.mimetype?.startsWith("image/") && !/hei[cf]|tiff/.test(file.mimetype);
  return shows
    ? el("a", { href: address, download: file.name, class: "preview" }, el("img", { src: address, alt: file.alt_txt ?? file.title ?? file.name, loading: "lazy" }))
    : el("a", { class: "file", href: address, download: file.name }, el("span", { class: "kind" }, icon("file")),
      el("span", {}, el("strong", {}, file.title || file.name), el("small", {}, `${(file.filetype ?? "").toUpperCase()} · ${size(file.size)}`)), icon("download"));
}));

const react = (message, it, name, remove) => tell("reactions", { channel: it.channel.id, ts: message.ts, name, remove });

const reactions = (message, it) => message.reactions?.length > 0 && el("div", { class: "reactions" }, message.reactions.map((one) => {
  const mine = one.users.includes(me.id);
  return el("button", { type: "button", "aria-pressed": String(mine), "aria-label": `${one.name}, ${one.count}`, title: one.users.map((id) => it.names(id)).join(", "),
    onclick: () => react(message, it, one.name, mine) }, `${EMOJI[one.name] ?? `:${one.name}:`} ${one.count}`);
}));

const summary = (message, it) => message.reply_count > 0 &&
  el("button", { class: "summary", type: "button", onclick: () => it.openThread(message.ts) },
    (message.reply_users ?? []).slice(0, 3).map((id) => avatar(who({ user: id }, it.state))),
    `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`);

function acts(message, it, inThread) {
  const mine = message.user === me.id;
  const more = tool("more", "More actions", () => menu(more, [
    ...it.state.bot.shortcuts.filter((one) => one.type === "message").map((one) =>
      [`${one.name} · ${it.state.bot.name}`, () => tell("shortcuts", { callback_id: one.callback_id, channel: it.channel.id, ts: message.ts })]),
    ["Copy text", () => navigator.clipboard?.writeText(message.text ?? "")],
    ["Copy link", () => navigator.clipboard?.writeText(`https://acme.slack.com/archives/${it.channel.id}/p${message.ts.replace(".", "")}`)],
    ...(mine ? [["Edit message", () => it.edit(message)], ["Delete message…", () => it.remove(message), "danger"]] : []),
  ]), { "aria-haspopup": "menu" });
  const smile = tool("smile", "Add a reaction", () => menu(smile, QUICK.map((name) => [`${EMOJI[name]} ${name.replaceAll("_", " ")}`, () => react(message, it, name, false)])), { "aria-haspopup": "menu" });
  return el("div", { class: "acts", role: "group", "aria-label": "Message actions" }, smile,
    !inThread && tool("reply", "Reply in thread", () => it.openThread(message.thread_ts ?? message.ts)), more);
}
