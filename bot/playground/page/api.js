/** The control API, as the page uses it. */

/** What the server has said no to, in its words. */
export class Refused extends Error {}

async function answer(response) {
  const text = await response.text();
  const body = text ? parsed(text) : {};
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text.slice(0, 200) };
  }
}

/** Ask for something. Throws Refused. */
export async function get(path, query = {}) {
  return answer(await fetch(`/playground/${path}?${new URLSearchParams(query)}`));
}

/** Do something. Throws Refused. */
export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(`/playground/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Write a message with files. Throws Refused. */
export async function upload(fields, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  for (const file of files) form.append("files", file, file.name);
  return answer(await fetch("/playground/messages", { method: "POST", body: form }));
}

/** Take something back. Throws Refused. */
export async function remove(path) {
  return answer(await fetch(`/playground/${path}`, { method: "DELETE" }));
}

/** Where a file is, for the eyes of one person. */
export function fileAddress(file, me) {
  const address = file.url_private ?? file.permalink ?? "";
  if (!address) return "";
  return `${new URL(address, location.href).pathname}?as=${encodeURIComponent(me)}`;
}
