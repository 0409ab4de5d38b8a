/** What every page but the booth's begins with: the event's look and title, words, notices, a last question. */
import { Refused, ask } from "./api.js";
import { icon } from "./icons.js";
import { wear } from "./look.js";
import "./touched.js";
import { offerLanguages, preferred, say, speak } from "./texts.js";

const NOTICE_MS = 6000;
const IDLE_MS = 60000;
const AGAIN_MS = 2000;
let noticing;

/** Whether this page was opened on the booth's own screen: larger controls, its language, and back to it when idle. */
export const atBooth = new URLSearchParams(location.search).get("from") === "booth";

export const at = (id) => document.getElementById(id);

/** Waits for the booth's state, dresses the page, speaks → the state. */
export async function begin() {
  const state = await patiently(() => ask("/api/state"));
  wear(state.event.colours);
  const kept = sessionStorage.getItem("masque.booth") ?? state.language;
  const wanted = atBooth ? kept : preferred(state.languages, state.language);
  await patiently(() => speak(wanted));
  offerLanguages(state.languages, !atBooth);
  at("event-title").textContent = state.event.title;
  document.body.classList.toggle("of-booth", atBooth);
  if (atBooth) returnWhenIdle();
  return state;
}

async function patiently(work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await pause(AGAIN_MS);
    }
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function returnWhenIdle() {
  let idle;
  const touched = () => {
    clearTimeout(idle);
    idle = setTimeout(() => location.assign("/"), IDLE_MS);
  };
  for (const kind of ["pointerdown", "keydown", "scroll"]) addEventListener(kind, touched, { passive: true });
  touched();
}

/** One friendly sentence at the foot of the page, for a while. */
export function notice(key, values = {}) {
  clearTimeout(noticing);
  const line = at("notice");
  line.hidden = false;
  line.replaceChildren(icon("notice"), say(key, values));
  noticing = setTimeout(() => { line.hidden = true; }, NOTICE_MS);
}

/** Does it; a refusal becomes a notice and null. */
export async function tried(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.key, { seconds: Math.ceil(error.details.wait_s ?? 10) });
    return null;
  }
}

/** Asks in the page's dialog → whether the guest said yes. */
export function sure() {
  const dialog = at("sure");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
