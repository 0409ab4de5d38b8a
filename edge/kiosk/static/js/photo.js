/** A guest's own picture on a phone: look, save, another background, print, send, delete. */
import { Refused, ask, remove, tell } from "./api.js";
import { Choices } from "./choices.js";
import { Lifetime } from "./lifetime.js";
import { at, begin, notice, sure, tried } from "./page.js";
import { Print } from "./print.js";
import { language, say, titled } from "./texts.js";

const SOON_MS = 1000, LATER_MS = 15000;
const path = `/api/photos/${encodeURIComponent(location.pathname.split("/").pop())}`;
const print = new Print(at("print"));
const lifetime = new Lifetime(at("lifetime"), gone);
const choices = new Choices(at("choices"), dress);
let state, photo, wanted, finished = false;
let wake = () => {};

function gone() {
  finished = true;
  at("there").hidden = true;
  at("gone").hidden = false;
  document.title = say("photo.gone");
}

async function look() {
  try {
    photo = await ask(path);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 404 || error.status === 410) gone();
    return;
  }
  write();
}

/** Whether what is shown is the last that will come. */
const settled = () => photo?.stage === "fine" && photo.background === (wanted ?? photo.background);

function write() {
  at("there").hidden = false;
  document.title = at("heading").textContent = say("photo.number", { number: photo.number });
  at("print").classList.toggle("waiting", !photo.picture_url || !settled());
  at("stage").textContent = say({ none: "booth.developing", fast: "photo.finer", fine: "photo.fine" }[photo.stage]);
  lifetime.show(photo.expires_in_s);
  choices.show(titled(state.backgrounds), photo.background);
  at("redress").hidden = !photo.mine;
  at("delete").hidden = !photo.mine;
  at("print-it").hidden = !state.can.print;
  at("print-it").disabled = photo.prints_left === 0;
  at("prints").hidden = !state.can.print || photo.prints_left === null;
  at("prints").textContent = photo.prints_left ? say("photo.prints_left", { count: photo.prints_left })
    : say("photo.no_prints_left");
  const time = new Date(photo.taken_s * 1000).toLocaleTimeString(language(), { timeStyle: "short" });
  at("taken").textContent = say("photo.taken", { time });
  at("send").hidden = !state.can.share;
  at("save").ariaDisabled = String(!photo.picture_url);
  if (!photo.picture_url) return;
  print.show(photo.picture_url, say("photo.number", { number: photo.number }));
  at("save").href = photo.picture_url;
  at("save").download = `${state.event.title} ${photo.number}.jpg`;
}

async function dress(name) {
  wanted = name;
  at("print").classList.add("waiting");
  await tried(() => tell(`${path}/background`, { name }));
  wake();
}

async function send(what, thanks) {
  const done = await tried(() => tell(`${path}/${what}`));
  if (done) notice(done.notice?.key ?? thanks);
}

at("redress").addEventListener("click", () => {
  const open = at("choices").hidden;
  at("choices").hidden = !open;
  at("redress").ariaExpanded = String(open);
});
at("print-it").addEventListener("click", () => send("print", "notice.printing"));
at("send").addEventListener("click", () => send("share", "photo.sent"));
at("delete").addEventListener("click", async () => {
  if (!(await sure()) || (await tried(async () => { await remove(path); return true; })) === null) return;
  gone();
  at("gone-text").textContent = say("photo.removed");
  at("gone-text").focus();
});
document.addEventListener("spoken", () => photo && !finished && write());

state = await begin();
while (!finished) {
  await look();
  await new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, settled() ? LATER_MS : SOON_MS);
  });
}
