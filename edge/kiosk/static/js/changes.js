/** The booth's state as it changes, from the server's events; a silent or broken line is opened anew. */
import { ask } from "./api.js";

const SILENT_MS = 13000;
const PATIENCE_MS = 2500;

/** Calls onState(state) with every change, onLost(true) when nobody answered for a while, onLost(false) after it. */
export function follow(onState, onLost) {
  let source, silence, patience;

  const lost = () => { patience ??= setTimeout(() => onLost(true), PATIENCE_MS); };
  const heard = () => {
    clearTimeout(silence);
    clearTimeout(patience);
    patience = undefined;
    onLost(false);
    silence = setTimeout(open, SILENT_MS);
  };
  const take = (event) => { heard(); onState(JSON.parse(event.data)); };

  function open() {
    source?.close();
    source = new EventSource("/api/changes");
    source.addEventListener("state", take);
    source.addEventListener("heartbeat", heard);
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 1000);
    };
    silence = setTimeout(open, SILENT_MS);
  }

  ask("/api/state").then(onState, lost);
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
