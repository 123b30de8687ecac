// Buttons, menus, pickers and fields. In views each registers how its value is read: plain values by block and action.
import { dialog, el, icon } from "/page/dom.js";

// What somebody may choose in a menu of people, channels or conversations.
function places(part, { state, me }) {
  const people = state.people.filter((one) => !one.deleted).map((one) => ({ value: one.id, label: one.real_name, kind: "user" }));
  const kinds = { channel: "public", private: "private", im: "im", mpim: "mpim" };
  const channels = state.channels.filter((one) => !one.archived).map((one) => ({
    value: one.id, kind: kinds[one.type], mine: one.members.includes(me.id),
    label: one.type === "im" ? state.bot.name : `${one.type === "channel" ? "#" : ""}${one.name}`,
  }));
  if (part.type.includes("users")) return people;
  if (part.type.includes("channels")) return channels.filter((one) => one.kind === "public");
  const wanted = part.filter?.include ?? ["public", "private", "im", "mpim"];
  return channels.filter((one) => wanted.includes(one.kind) && (one.kind === "public" || one.mine));
}

const optionsOf = (part, context) => {
  if (part.option_groups) return part.option_groups.flatMap((group) => group.options.map((one) => option(one, group.label.text)));
  if (part.options) return part.options.map((one) => option(one));
  if (part.type.includes("external")) return [...(part.initial_options ?? []), ...(part.initial_option ? [part.initial_option] : []), ...(part.loaded_options ?? [])].map((one) => option(one));
  return places(part, context);
};
const option = (one, group) => ({ value: one.value, label: one.text.text, group, note: one.description?.text });

const first = (part) => part.initial_option?.value ?? part.initial_user ?? part.initial_channel ?? part.initial_conversation
  ?? part.initial_options?.map((one) => one.value) ?? part.initial_users ?? part.initial_channels ?? part.initial_conversations
  ?? part.initial_date ?? part.initial_time ?? part.initial_date_time ?? part.initial_value;

async function confirmed(part) {
  const it = part.confirm;
  return !it || dialog(it.title.text, [el("p", {}, it.text.text)], it.confirm.text, it.deny.text);
}

// One element. What is chosen goes to `context.act(action, block)`, but for fields of an input block.
export function element(part, holder, context) {
  const kept = context.kept?.[holder.block_id]?.[part.action_id];
  const start = kept !== undefined ? kept : first(part);
  const asks = holder.type === "input";
  const act = async (value) => {
    if (asks && !holder.dispatch_action) return;
    if (await confirmed(part)) context.act({ action_id: part.action_id, value }, holder);
  };
  const held = (read) => context.hold?.(holder.block_id, part.action_id, read);
  const maker = { button, icon_button: iconButton, feedback_buttons: feedback, overflow, checkboxes: boxes, radio_buttons: radios, image: inlineImage }[part.type]
    ?? (part.type.startsWith("multi_") ? many : part.type.endsWith("_select") ? select : part.type.endsWith("picker") ? picker : field);
  return maker(part, { start, act, held, context });
}

function button(part, { act }) {
  const style = { primary: "primary", danger: "danger" }[part.style] ?? "";
  const press = () => { if (part.url && /^https?:/.test(part.url)) open(part.url, "_blank", "noopener"); act(part.value); };
  return el("button", { type: "button", class: style, "aria-label": part.accessibility_label ?? null, onclick: press }, part.text.text, part.url && " ↗");
}

const iconButton = (part, { act }) =>
  el("button", { type: "button", class: "tool", "aria-label": part.accessibility_label ?? part.text.text, title: part.text.text, onclick: () => act(part.value) }, icon(part.icon));

const rated = new Map();

function feedback(part, { act, context }) {
  const key = `${context.key} ${part.action_id}`;
  const thumbs = [["up", part.positive_button], ["down", part.negative_button]].map(([name, choice]) => {
    const thumb = el("button", { type: "button", class: "tool thumb", "aria-label": choice.accessibility_label ?? choice.text.text, title: choice.text.text,
      "aria-pressed": String(rated.get(key) === choice.value) }, icon(name));
    thumb.onclick = () => {
      rated.set(key, choice.value);
      thumbs.forEach((one) => one.setAttribute("aria-pressed", String(one === thumb)));
      act(choice.value);
    };
    return thumb;
  });
  return thumbs;
}

function overflow(part, { act }) {
  const menu = el("select", { class: "overflow", "aria-label": "More" }, el("option", { value: "" }, "⋯"), part.options.map((one) => el("option", { value: one.value }, one.text.text)));
  menu.onchange = () => { act(menu.value); menu.value = ""; };
  return menu;
}

function select(part, { start, act, held, context }) {
  const label = part.placeholder?.text ?? "Choose";
  const menu = el("select", { "aria-label": label });
  const draw = (options) => {
    const groups = [...new Set(options.map((one) => one.group))];
    const shown = (group) => options.filter((one) => one.group === group).map((one) => el("option", { value: one.value, selected: one.value === start }, one.label));
    menu.replaceChildren(el("option", { value: "" }, label), ...groups.flatMap((group) => (group ? [el("optgroup", { label: group }, shown(group))] : shown(group))));
  };
  draw(optionsOf(part, context));
  menu.onchange = () => act(menu.value || null);
  held(() => menu.value || null);
  if (part.type !== "external_select") return menu;
  const search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search options" });
  search.oninput = async () => {
    if (search.value.length < (part.min_query_length ?? 3)) return;
    draw((await context.options(part.action_id, search.value)).map((one) => option(one)));
  };
  if ((part.min_query_length ?? 3) === 0) context.options(part.action_id, "").then((found) => draw(found.map((one) => option(one))));
  return el("span", { class: "external" }, search, menu);
}

function choices(kind, part, options, start, changed) {
  const name = `${part.action_id}-${Math.random().toString(36).slice(2)}`;
  const chosen = [start ?? []].flat();
  const rows = options.map((one) => el("label", { class: "choice" },
    el("input", { type: kind, name, value: one.value, checked: chosen.includes(one.value), onchange: changed }),
    el("span", {}, one.label, one.note && el("small", {}, one.note))));
  const read = () => rows.map((row) => row.firstChild).filter((box) => box.checked).map((box) => box.value);
  return { rows, read };
}

function boxes(part, { start, act, held, context }) {
  const { rows, read } = choices("checkbox", part, optionsOf(part, context), start, () => act(read()));
  held(read);
  return el("fieldset", { class: "choices" }, rows);
}

function radios(part, { start, act, held, context }) {
  const { rows, read } = choices("radio", part, optionsOf(part, context), start, () => act(read()[0]));
  held(() => read()[0] ?? null);
  return el("fieldset", { class: "choices" }, rows);
}

function many(part, { start, act, held, context }) {
  const { rows, read } = choices("checkbox", part, optionsOf(part, context), start, () => act(read()));
  held(read);
  const search = rows.length > 7 && el("input", { type: "search", placeholder: part.placeholder?.text ?? "Filter", "aria-label": "Filter" });
  if (search) search.oninput = () => rows.forEach((row) => (row.hidden = !row.textContent.toLowerCase().includes(search.value.toLowerCase())));
  return el("fieldset", { class: "choices" }, search, el("div", { class: "many" }, rows));
}

function picker(part, { start, act, held }) {
  const type = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" }[part.type];
  const local = (seconds) => new Date(seconds * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const isMoment = type === "datetime-local";
  const box = el("input", { type, value: isMoment && start ? local(start) : start, "aria-label": part.placeholder?.text ?? type });
  const read = () => (!box.value ? null : isMoment ? Math.floor(new Date(box.value).getTime() / 1000) : box.value);
  box.onchange = () => act(read());
  held(read);
  return box;
}

function field(part, { start, act, held }) {
  const type = { number_input: "number", email_text_input: "email", url_text_input: "url" }[part.type] ?? "text";
  const common = { placeholder: part.placeholder?.text, maxlength: part.max_length, "aria-label": part.placeholder?.text, autofocus: part.focus_on_load };
  const box = part.multiline ? el("textarea", { rows: 3, ...common }) : el("input", { type, step: part.is_decimal_allowed ? "any" : null, min: part.min_value, max: part.max_value, ...common });
  box.value = start ?? "";
  box.onchange = () => act(box.value);
  held(() => box.value || null);
  return box;
}

const inlineImage = (part) => el("a", { href: part.image_url, target: "_blank", rel: "noopener noreferrer" }, part.alt_text || "image");
