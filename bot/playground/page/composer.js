// A place to write: several lines, files, mentions, commands and shortcuts.
import { el, menu, tool } from "/page/dom.js";

const TRIES = ["/help", "/long 8000", "/slow", "/wait 5", "/table", "/code", "/think", "/fail 429", "/fail cut", "/fail 500 once", "/broadcast"];

// `it` has: label, send(text, files), people(), channels(), commands(), shortcuts(), call(shortcut), editLast().
export function composer(form, it) {
  let files = [];
  let before = "";
  const text = el("textarea", { rows: 1, placeholder: it.label, "aria-label": it.label, id: form.id === "composer" ? "text" : "reply-text",
    role: "combobox", "aria-expanded": "false", "aria-controls": `${form.id}-suggest`, "aria-autocomplete": "list" });
  const chosen = el("div", { class: "chosen" });
  const pick = el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const attach = tool("plus", "Attach files", () => pick.click());
  const offers = it.shortcuts();
  const bolt = offers.length > 0 && tool("bolt", "Shortcuts", () => menu(bolt, offers.map((one) => [`${one.name} · Threadwise`, () => it.call(one)])), { "aria-haspopup": "menu" });
  const submit = el("button", { class: "send", type: "submit", "aria-label": "Send" }, tool("send", "").firstChild);
  const suggest = el("div", { class: "suggest", id: `${form.id}-suggest`, role: "listbox", "aria-label": "Suggestions", hidden: true });
  form.replaceChildren(suggest, text, chosen, el("div", { class: "row" }, attach, bolt, el("span", { class: "tip" }, "Enter sends, Ctrl + / lists the keys"), submit), pick);

  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, innerHeight * 0.4)}px`;
    submit.disabled = !text.value.trim() && !files.length;
  };
  const add = (more) => { files = [...files, ...more]; drawFiles(); };
  const drawFiles = () => {
    chosen.replaceChildren(...files.map((file) => el("span", { class: "chip" }, file.name,
      tool("close", `Leave out ${file.name}`, () => { files = files.filter((one) => one !== file); drawFiles(); }))));
    fit();
  };
  const options = (word) => {
    const typed = word.slice(1).toLowerCase();
    if (word[0] === "@") return it.people().filter((one) => one.name.startsWith(typed)).map((one) => ({ label: `@${one.name}`, hint: one.real_name, text: `@${one.name} ` }));
    if (word[0] === "#") return it.channels().filter((one) => one.name.startsWith(typed)).map((one) => ({ label: `#${one.name}`, hint: one.topic, text: `#${one.name} ` }));
    const starts = text.value.trimStart() === word;
    const commands = starts ? it.commands().map((one) => ({ label: one.command, hint: [one.usage_hint, one.description].filter(Boolean).join(" · "), text: `${one.command} ` })) : [];
    const tries = TRIES.map((one) => ({ label: one, hint: "for the rehearsal model", text: `${one} ` }));
    return [...commands, ...tries].filter((one) => one.label.startsWith(word) && one.label !== word);
  };
  const offer = () => {
    before = /(?:^|\s)([@/#][\w-]*)$/.exec(text.value.slice(0, text.selectionStart))?.[1] ?? "";
    const found = before ? options(before).slice(0, 9) : [];
    suggest.hidden = !found.length;
    text.setAttribute("aria-expanded", String(!suggest.hidden));
    suggest.replaceChildren(...found.map((one, n) =>
      el("button", { type: "button", role: "option", tabindex: "-1", id: `${form.id}-option-${n}`, "aria-selected": String(n === 0), onclick: () => take(one.text) },
        el("b", {}, one.label), one.hint && el("span", {}, one.hint))));
    point();
  };
  const point = () => {
    const now = suggest.querySelector('[aria-selected="true"]');
    if (now && !suggest.hidden) text.setAttribute("aria-activedescendant", now.id);
    else text.removeAttribute("aria-activedescendant");
  };
  const take = (replacement) => {
    const at = text.selectionStart;
    text.setRangeText(replacement, at - before.length, at, "end");
    suggest.hidden = true;
    text.setAttribute("aria-expanded", "false");
    text.focus();
    fit();
  };
  const move = (step) => {
    const all = [...suggest.children];
    const now = all.findIndex((one) => one.ariaSelected === "true");
    all.forEach((one, n) => (one.ariaSelected = String(n === (now + step + all.length) % all.length)));
    point();
  };
  text.addEventListener("input", () => { fit(); offer(); });
  text.addEventListener("blur", () => setTimeout(() => (suggest.hidden = true), 150));
  text.addEventListener("paste", (event) => event.clipboardData.files.length && add([...event.clipboardData.files]));
  text.addEventListener("keydown", (event) => {
    const isOffering = !suggest.hidden;
    if (isOffering && ["ArrowDown", "ArrowUp"].includes(event.key)) move(event.key === "ArrowDown" ? 1 : -1);
    else if (isOffering && ["Enter", "Tab"].includes(event.key)) suggest.querySelector('[aria-selected="true"]')?.click();
    else if (isOffering && event.key === "Escape") { suggest.hidden = true; event.stopPropagation(); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) form.requestSubmit();
    else if (event.key === "ArrowUp" && !text.value) { it.editLast(); }
    else return;
    event.preventDefault();
  });
  pick.addEventListener("change", () => { add([...pick.files]); pick.value = ""; });
  form.ondragover = (event) => { event.preventDefault(); form.classList.add("over"); };
  form.ondragleave = () => form.classList.remove("over");
  form.ondrop = (event) => { event.preventDefault(); form.classList.remove("over"); add([...event.dataTransfer.files]); };
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    const [said, shared] = [text.value.trim(), files];
    text.value = "";
    files = [];
    drawFiles();
    await it.send(said, shared);
  };
  fit();
  return { focus: () => text.focus(), put: (value) => { text.value = value; fit(); text.focus(); } };
}
