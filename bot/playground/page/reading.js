/** Up to where each person has read each channel; the browser remembers it. */

/** Keeps the ts of the last message read, for one person at a time. */
export class Reading {
  #key = "";
  #read = {};
  #opened = {};

  /** Read as somebody else from now on. */
  become(who) {
    this.#key = `threadwise.read ${who}`;
    this.#read = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
    this.#opened = {};
  }

  /** The ts of the last message read in a channel. */
  until(channel) {
    return this.#read[channel] ?? "";
  }

  /** What counted as read when the channel was opened: what came later is marked as new. */
  openedAt(channel) {
    return this.#opened[channel] ?? "";
  }

  /** Somebody opens a channel; `newest` is the last message that it has. */
  open(channel, newest) {
    this.#opened = { [channel]: this.until(channel) || newest };
    this.note(channel, newest);
  }

  /** Everything up to here has been seen. */
  note(channel, newest) {
    if (!newest || newest <= this.until(channel)) return;
    this.#read[channel] = newest;
    localStorage.setItem(this.#key, JSON.stringify(this.#read));
  }
}
