/** Between what people type and Slack's text: mentions, channels and the three escaped characters. */

import { state } from "./store.js";

const CODE = /(```[\s\S]*?```|`[^`\n]+`)/;
const TYPED = /<(?:[@#!][^>\s]+|(?:https?|mailto):[^>\s]+)>|(?<![\w/])@([\w.-]*\w)|(?<![\w/&])#([\w-]+)/g;
const TOKEN = /<([@#!])([^|>]+)(?:\|([^>]*))?>|<([^@#!][^|>]*)(?:\|([^>]*))?>/g;
const BROADCASTS = new Set(["here", "channel", "everyone"]);

/** Slack's text for what was typed; nothing is touched inside code but the escapes. */
export function encode(typed) {
  return typed
    .split(CODE)
    .map((part, index) => (index % 2 ? escape(part) : mentions(part)))
    .join("");
}

function mentions(part) {
  let encoded = "";
  let end = 0;
  for (const found of part.matchAll(TYPED)) {
    encoded += escape(part.slice(end, found.index)) + token(found);
    end = found.index + found[0].length;
  }
  return encoded + escape(part.slice(end));
}

function token([typed, name, channel]) {
  if (name !== undefined) return userToken(name) ?? escape(typed);
  if (channel !== undefined) return channelToken(channel) ?? escape(typed);
  return typed;
}

function userToken(name) {
  if (BROADCASTS.has(name)) return `<!${name}>`;
  const everybody = [...state.people, { id: state.bot.user_id, name: state.bot.name }];
  const known = everybody.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return known && `<@${known.id}>`;
}

function channelToken(name) {
  const known = state.channels.find((one) => one.name === name && one.type !== "mpim");
  return known && `<#${known.id}>`;
}

/** What a person would have typed for this text; for editing. */
export function decode(text) {
  return text.replace(TOKEN, (whole, sign, value, shown, url) => typed(sign, value, shown) ?? url ?? whole)
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function typed(sign, value, shown) {
  if (sign === "!") return `@${value}`;
  if (sign === "#") return `#${state.channels.find((one) => one.id === value)?.name ?? shown ?? value}`;
  if (sign !== "@") return undefined;
  const people = [...state.people, { id: state.bot.user_id, name: state.bot.name }];
  return `@${people.find((one) => one.id === value)?.name ?? shown ?? value}`;
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
