// A place to write: several lines, files, mentions and commands.
import { el } from "/page/markdown.js";

const COMMANDS = ["/help", "/long 8000", "/slow", "/wait 5", "/table", "/code", "/fail 429", "/fail cut", "/fail 500 once", "/broadcast"];

// `send(text, files)` is called with what was written; `people()` lists who can be mentioned.
export function composer(form, { placeholder, send, people, editLast }) {
  let files = [];
  let before = "";
  const text = el("textarea", { rows: 1, placeholder, "aria-label": placeholder, id: form.id === "composer" ? "text" : "reply-text" });
  const chosen = el("span", { class: "chosen" });
  const picker = el("input", { type: "file", multiple: true, hidden: true });
  const attach = el("button", { type: "button", "aria-label": "Attach files", onclick: () => picker.click() }, "+");
  const submit = el("button", { class: "send", type: "submit", "aria-label": "Send" }, "Send");
  const suggest = el("div", { class: "suggest", role: "listbox", hidden: true });
  form.replaceChildren(suggest, text, el("div", { class: "row" }, attach, chosen, submit), picker);

  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, innerHeight * 0.4)}px`;
    submit.disabled = !text.value.trim() && !files.length;
  };
  const add = (more) => {
    files = [...files, ...more];
    chosen.textContent = files.map((file) => file.name).join(", ");
    fit();
  };
  const offer = () => {
    const word = /(?:^|\s)([@/][\w-]*)$/.exec(text.value.slice(0, text.selectionStart))?.[1];
    before = word ?? "";
    const options = !word ? [] : word[0] === "@"
      ? people().filter((one) => one.name.startsWith(word.slice(1).toLowerCase())).map((one) => ({ label: `@${one.name}`, text: `@${one.name} ` }))
      : COMMANDS.filter((one) => one.startsWith(word) && one !== word).map((one) => ({ label: one, text: `${one} ` }));
    suggest.hidden = !options.length;
    suggest.replaceChildren(...options.map((one, n) =>
      el("button", { type: "button", role: "option", "aria-selected": String(n === 0), onclick: () => take(one.text) }, one.label)));
  };
  const take = (replacement) => {
    const at = text.selectionStart;
    text.setRangeText(replacement, at - before.length, at, "end");
    suggest.hidden = true;
    text.focus();
    fit();
  };
  const move = (step) => {
    const options = [...suggest.children];
    const now = options.findIndex((one) => one.ariaSelected === "true");
    options.forEach((one, n) => (one.ariaSelected = String(n === (now + step + options.length) % options.length)));
  };
  text.addEventListener("input", () => { fit(); offer(); });
  text.addEventListener("paste", (event) => event.clipboardData.files.length && add([...event.clipboardData.files]));
  text.addEventListener("keydown", (event) => {
    if (!suggest.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      move(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    } else if (!suggest.hidden && ["Enter", "Tab"].includes(event.key)) {
      suggest.querySelector('[aria-selected="true"]')?.click();
      event.preventDefault();
    } else if (!suggest.hidden && event.key === "Escape") {
      suggest.hidden = true;
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      form.requestSubmit();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && !text.value) editLast();
  });
  picker.addEventListener("change", () => { add([...picker.files]); picker.value = ""; });
  form.ondragover = (event) => event.preventDefault();
  form.ondrop = (event) => { event.preventDefault(); add([...event.dataTransfer.files]); };
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    const [said, shared] = [text.value.trim(), files];
    text.value = "";
    files = [];
    chosen.textContent = "";
    fit();
    await send(said, shared);
  };
  fit();
  return { focus: () => text.focus(), put: (value) => { text.value = value; fit(); text.focus(); } };
}
