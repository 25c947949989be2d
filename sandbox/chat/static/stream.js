/** The stream of changes. It comes back by itself when the sandbox restarts, and misses nothing. */

import { CHANNELS } from "./channels.js";

const PAUSE_MS = 1000;

/** Call `onChange` for each change of any channel after its given number, and `onLine(true | false)` as the connection comes and goes. */
export function follow(after, onChange, onLine) {
  const last = { ...after };
  let source;

  function open() {
    source = new EventSource(`/chat/api/stream?${new URLSearchParams(last)}`);
    source.onopen = () => onLine(true);
    source.onmessage = (event) => {
      const change = JSON.parse(event.data);
      last[change.channel] = change.change;
      onChange(change);
    };
    source.onerror = () => {
      // The browser's own retry gives up on some errors; ours does not, and continues after the last change seen.
      source.close();
      onLine(false);
      setTimeout(reopen, PAUSE_MS);
    };
  }

  async function reopen() {
    try {
      const news = await Promise.all(CHANNELS.map((channel) => channel.people()));
      // Another store, hence another story: start over.
      if (CHANNELS.some(({ name }, index) => news[index].change < last[name])) location.reload();
      else open();
    } catch {
      setTimeout(reopen, PAUSE_MS);
    }
  }

  open();
}
