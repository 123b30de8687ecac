// How the page speaks to the playground: questions, deeds, and everything live.

export const me = { id: localStorage.getItem("me") || "U0ANNA" };

export const ask = async (path) => (await fetch(`/playground/${path}`)).json();

// Do something as the person; answers with what the playground says, `error` included.
export const tell = async (path, body = {}) => {
  const answer = await fetch(`/playground/${path}`, { method: "POST", body: JSON.stringify({ as: me.id, ...body }) });
  return answer.json();
};

export const share = (fields, files) => {
  const form = new FormData();
  Object.entries({ as: me.id, ...fields }).forEach(([name, value]) => form.append(name, value ?? ""));
  files.forEach((file) => form.append("files", file));
  return fetch("/playground/messages", { method: "POST", body: form });
};

let socket;
const AGAIN_MS = 1000;

// Hear everything live from the moment on that this resolves; `lost` is called when the playground
// is gone, `found` when it is back.
export function watch({ hear, lost, found }) {
  const before = socket;
  const mine = new WebSocket(`${location.origin.replace("http", "ws")}/playground/live?as=${me.id}`);
  socket = mine;
  before?.close();
  mine.onmessage = ({ data }) => hear(JSON.parse(data));
  mine.onclose = () => {
    if (socket !== mine) return;
    lost();
    const again = async () => {
      try {
        await ask(`state?as=${me.id}`);
        found();
      } catch {
        setTimeout(again, AGAIN_MS);
      }
    };
    setTimeout(again, AGAIN_MS);
  };
  return new Promise((resolve) => (mine.onopen = resolve));
}
