// The list of channels, who one is, and whether the bot is there.
import { $, el, icon } from "/page/dom.js";
import { avatar, initials } from "/page/message.js";
import { me } from "/page/server.js";

const GROUPS = [["Channels", ["channel", "private"]], ["Direct messages", ["im", "mpim"]]];
const ICONS = { channel: "hash", private: "lock", im: "spark", mpim: "group" };

export const label = (one, state) => {
  if (one.type === "im") return "Threadwise";
  if (one.type !== "mpim") return one.name;
  const names = one.members.filter((id) => id !== me.id && id !== state.bot.user_id).map((id) => state.people.find((person) => person.id === id)?.real_name.split(" ")[0]);
  return [...names, "Threadwise"].filter(Boolean).join(", ");
};

export const mine = (state) => state.channels.filter((one) => !one.archived && (one.members.includes(me.id) || one.type === "channel"));

export function drawSidebar({ state, channel, unread, open }) {
  $("channels").replaceChildren(...GROUPS.flatMap(([title, types]) => [el("h3", {}, title),
    ...mine(state).filter((one) => types.includes(one.type)).map((one) => {
      const news = unread.get(one.id);
      return el("button", { type: "button", "aria-current": one.id === channel?.id ? "page" : null, class: news ? "unread" : "", onclick: () => open(one.id) },
        icon(ICONS[one.type]), el("span", {}, label(one, state)), news && el("span", { class: "count", "aria-label": `${news.count} new` }, news.count));
    })]));
  const person = state.people.find((one) => one.id === me.id);
  $("my-face").replaceChildren(avatar({ letters: initials(person.real_name), color: person.color }));
  $("bot-state").textContent = state.bot.connected ? `bot connected · ${state.settings.model} model` : "the bot is starting…";
  $("bot-state").className = state.bot.connected ? "on" : "";
}
