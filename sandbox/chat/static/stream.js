/** The stream of changes. It comes back by itself when the sandbox restarts, and misses nothing. */

const PAUSE_MS = 1000;

/** Call `onChange` for each change after the given number, and `onLine(true | false)` as the connection comes and goes. */
export function follow(after, onChange, onLine) {
  let last = after;
  let source;

  function open() {
    source = new EventSource(`/chat/api/events?after=${last}`);
    source.onopen = () => onLine(true);
    source.onmessage = (event) => {
      const change = JSON.parse(event.data);
      last = change.change;
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
      const answer = await fetch("/chat/api/people");
      const { change } = await answer.json();
      // Another store, hence another story: start over.
      if (change < last) location.reload();
      else open();
    } catch {
      setTimeout(reopen, PAUSE_MS);
    }
  }

  open();
}
