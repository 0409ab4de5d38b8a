/** The booth: shows what the server's session says, and tells it what the guest does. Nothing is decided here. */
import { Refused, tell } from "./api.js";
import { follow } from "./changes.js";
import { Choices } from "./choices.js";
import { Countdown } from "./countdown.js";
import { icon } from "./icons.js";
import { listen } from "./keys.js";
import { Latest } from "./latest.js";
import { Lifetime } from "./lifetime.js";
import { wear } from "./look.js";
import { Preview } from "./preview.js";
import { Print } from "./print.js";
import { Screens } from "./screens.js";
import "./touched.js";
import { language, offerLanguages, say, speak, titled } from "./texts.js";

const SECONDS = [3, 5, 10];
const NOTICE_MS = 6000;
const CROPPED = 1.35;
const LONG = [22, 44];
const at = (id) => document.getElementById(id);

const root = at("booth");
const screens = new Screens(root);
const preview = new Preview(at("preview"), "/preview.mjpg");
const print = new Print(at("print"));
const latest = new Latest(at("latest"));
const lifetime = new Lifetime(at("lifetime"));
const countdown = new Countdown(at("arc"), at("numerals"), (number) => { at("called").textContent = String(number); });
const dress = (name) => ask("background", { name });
const choices = ["live-choices", "shown-choices"].map((id) => new Choices(at(id), dress));

let state = null;
let seconds = null;
let noticing = 0;

/** Sends a verb to the session; a refusal becomes one sentence. */
async function ask(verb, body) {
  try {
    await tell(`/api/session/${verb}`, body);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.key);
  }
}

/** A sentence of the page's own, for a while; then whatever the session has to say. kind: trouble or news. */
function notice(key, kind = "trouble") {
  clearTimeout(noticing);
  line(key, kind);
  noticing = setTimeout(() => {
    noticing = 0;
    sessionNotice();
  }, NOTICE_MS);
}

function sessionNotice() {
  if (!noticing || state?.notice) line(state?.notice?.key, state?.notice?.kind);
}

function line(key, kind) {
  at("notice").hidden = !key;
  at("notice").replaceChildren(...(key ? [icon(kind === "news" ? "keep" : "notice"), say(key)] : []));
}

/** What is to be seen: the session's screen, with the kept picture as one of its own. */
function screenOf({ screen, photo }) {
  return screen === "shown" && photo?.kept ? "kept" : screen;
}

async function show(next) {
  const before = state;
  state = next;
  if (JSON.stringify(before?.event?.colours) !== JSON.stringify(next.event.colours)) wear(next.event.colours);
  const anew = next.screen === "attract" && before?.screen !== "attract";
  if (anew || !language()) await speak(next.language).catch(() => {});
  if (next !== state) return;
  offerLanguages(next.languages, false);
  enter(screenOf(next));
  write();
}

/** What happens once, when a screen begins. */
function enter(name) {
  const from = screens.name;
  if (name === "developing" || (from === "countdown" && name === "shown")) shot(from);
  if (!screens.go(name)) return;
  if (name === "live") awake();
  if (["attract", "live", "countdown"].includes(name)) preview.start();
  else if (["kept", "away"].includes(name)) preview.stop();
  if (name === "live" || name === "attract") print.clear();
  if (name === "attract") {
    seconds = null;
    latest.refresh();
  }
  at("told").textContent = name === "shown" ? say("booth.picture") : "";
  if (name !== "countdown") countdown.stop();
  openDress(false);
}

/** The screen does not sleep while guests come, where the browser can see to that. */
function awake() {
  navigator.wakeLock?.request("screen").catch(() => {});
}

/** The moment of the shot: a flash, and the last frame of the preview stands in for the picture. */
function shot(from) {
  if (from !== "countdown") return;
  print.freeze(preview.frozen());
  at("flash").classList.remove("fired");
  at("flash").getBoundingClientRect();
  at("flash").classList.add("fired");
}

/** Everything that follows from the state, again and again. */
function write() {
  const { event, photo, can } = state;
  document.title = at("event-title").textContent = event.title;
  at("event-title").dataset.long = String(LONG.filter((letters) => event.title.length > letters).length);
  at("seconds-text").textContent = say("booth.seconds", { seconds: wanted() });
  at("seconds").ariaLabel = say("booth.seconds_label", { seconds: wanted() });
  for (const one of choices) one.show(titled(state.backgrounds), state.background);
  if (state.countdown) countdown.show(state.countdown.left_ms, state.countdown.of_s);
  at("print-it").hidden = !can.print;
  at("print-it").disabled = photo?.prints_left === 0;
  if (photo?.picture_url) print.show(photo.picture_url, say("photo.number", { number: photo.number }));
  if (photo?.qr_url && at("code").getAttribute("src") !== photo.qr_url) at("code").src = photo.qr_url;
  lifetime.show(photo?.expires_in_s ?? null);
  sessionNotice();
}

/** A preview of about the screen's shape fills it; of another shape it is shown whole. ratio: width by height. */
function fit(ratio = preview.canvas.width / preview.canvas.height) {
  root.style.setProperty("--ratio", ratio);
  root.style.setProperty("--aspect", ratio);
  const off = ratio / (innerWidth / innerHeight);
  root.dataset.fit = Math.max(off, 1 / off) > CROPPED ? "whole" : "filled";
}

const wanted = () => seconds ?? state?.event.countdown_s ?? SECONDS[0];

function openDress(open) {
  at("dress").hidden = !open;
  at("decide").hidden = open;
  at("redress").ariaExpanded = String(open);
  if (open) at("shown-choices").querySelector('[aria-checked="true"]')?.focus();
}

function closeDress() {
  openDress(false);
  at("redress").focus();
}

const verbs = {
  cancel: () => ask("cancel"),
  retake: () => ask("retake"),
  keep: () => ask("keep"),
  done: () => ask("cancel"),
};

const shoot = () => screens.name === "live" && ask("shoot", { seconds: wanted() });
const start = () => ask("start");
const back = () => {
  if (!at("dress").hidden) closeDress();
  else if (["live", "countdown", "shown", "kept"].includes(screens.name)) ask("cancel");
};

root.addEventListener("click", (event) => verbs[event.target.closest("[data-do]")?.dataset.do]?.());
root.querySelector(".attract").addEventListener("click", (event) => {
  if (!event.target.closest("a, .languages")) start();
});
at("shoot").addEventListener("click", shoot);
at("redress").addEventListener("click", () => openDress(true));
at("dressed").addEventListener("click", closeDress);
at("seconds").addEventListener("click", () => {
  const known = SECONDS.includes(wanted()) ? SECONDS : [...SECONDS, wanted()].sort((a, b) => a - b);
  seconds = known[(known.indexOf(wanted()) + 1) % known.length];
  write();
});
at("print-it").addEventListener("click", async () => {
  const said = await tell(`/api/photos/${state.photo.token}/print`).catch((error) => error);
  notice(said.notice?.key ?? said.key ?? "notice.printing", said.notice?.kind);
});
root.addEventListener("contextmenu", (event) => event.preventDefault());
preview.onsize = fit;
addEventListener("resize", () => fit());
preview.onforbidden = () => location.replace("/gallery");
document.addEventListener("spoken", () => { sessionStorage.setItem("masque.booth", language()); });
document.addEventListener("spoken", () => state && write());
const choose = (by) => choices[0].step(by), step = (by) => screens.step(by);
listen({ screen: () => screens.name, start, shoot, back, choose, step });
follow(show, (lost) => (lost ? line("notice.offline") : sessionNotice()));
