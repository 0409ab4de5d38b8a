/** A picture from a phone or laptop: photo and perhaps a trimap in; trimap, alpha, cut-out and composite out. */
import { Refused, ask, tell } from "./api.js";
import { Choices } from "./choices.js";
import { Lifetime } from "./lifetime.js";
import { at, begin, notice, pause, tried } from "./page.js";
import { post } from "./post.js";
import { say, titled } from "./texts.js";
import { Tiles } from "./tiles.js";

const LOOK_MS = 300;
const SENDING = 0.3;
const LIMIT = { megabytes: 30, megapixels: 50 };
const STAGES = ["waiting", "decode", "segment", "refine", "trimap", "neighbours", "solve", "residual", "foreground",
  "composite", "write"];
const key = new URLSearchParams(location.search).get("key") ?? "";
const lifetime = new Lifetime(at("lifetime"), again);
const tiles = new Tiles(at("tiles"));
const before = new Choices(at("choices"), (name) => { background = name; });
const after = new Choices(at("choices-after"), dress);
let state, background, photo, dressing = 0;

function stage(name) {
  at("form").hidden = name !== "form";
  at("working").hidden = name !== "working";
  at("results").hidden = name !== "results";
  if (name === "working") at("working-title").focus();
}

/** share: 0 to 1 of everything, sending included. */
function progress(share, words) {
  at("progress").value = share;
  const line = `${words} · ${say("upload.progress", { percent: Math.round(share * 100) })}`;
  if (at("doing").textContent !== line) at("doing").textContent = line;
  if (at("told").textContent !== words) at("told").textContent = words;
}

async function send(event) {
  event.preventDefault();
  const form = new FormData();
  form.append("photo", at("photo").files[0]);
  if (at("trimap").files[0]) form.append("trimap", at("trimap").files[0]);
  form.append("background", background);
  stage("working");
  progress(0, say("upload.sending"));
  try {
    const sent = (share) => progress(share * SENDING, say("upload.sending"));
    const taken = await post("/api/uploads", form, { "x-upload-key": key }, sent);
    await work(taken.token);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.key);
    stage("form");
  }
}

async function work(token) {
  for (;;) {
    const now = await ask(`/api/uploads/${token}`);
    if (now.notice?.kind === "trouble" && !now.photo) throw new Refused(422, now.notice.key);
    const doing = STAGES[STAGES.indexOf(now.stage) + 1] ?? STAGES.at(-1);
    progress(SENDING + (1 - SENDING) * now.share, say(`upload.stage_${doing}`));
    if (now.done) return show(now.photo, now.notice);
    await pause(LOOK_MS);
  }
}

function show(next, said) {
  photo = next;
  stage("results");
  if (said) notice(said.key);
  write();
  at("told").textContent = say("upload.finished");
}

function write() {
  if (!state) return;
  at("limit").textContent = say("upload.limit", LIMIT);
  before.show(titled(state.backgrounds), background);
  if (!photo) return;
  tiles.show(photo);
  after.show(titled(state.backgrounds), photo.background);
  lifetime.show(photo.expires_in_s);
  at("page-of").href = `/p/${photo.token}`;
}

/** Another background; the composite's new address comes when it is made. */
async function dress(name) {
  const turn = ++dressing;
  tiles.wait("composite");
  let next = await tried(() => tell(`/api/photos/${photo.token}/background`, { name }));
  while (next && turn === dressing) {
    next = await tried(() => ask(`/api/photos/${photo.token}`));
    if (next?.background === name && next.stage === "fine") break;
    await pause(LOOK_MS);
  }
  if (turn !== dressing) return;
  photo = next ?? photo;
  write();
}

function again() {
  dressing += 1;
  photo = null;
  at("form").reset();
  for (const label of document.querySelectorAll(".drop")) offer(label, null);
  stage("form");
  at("photo").focus();
}

/** Shows in the drop area what was chosen. */
function offer(label, file) {
  label.querySelector("img")?.remove();
  label.querySelector(".icon").toggleAttribute("hidden", Boolean(file));
  const what = label.querySelector(".what");
  what.textContent = file ? file.name : say(what.dataset.text);
  if (!file) return;
  const image = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: "" });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  label.prepend(image);
}

for (const label of document.querySelectorAll(".drop")) {
  const input = label.querySelector("input");
  input.addEventListener("change", () => offer(label, input.files[0] ?? null));
  label.addEventListener("dragover", (event) => { event.preventDefault(); label.classList.add("over"); });
  label.addEventListener("dragleave", () => label.classList.remove("over"));
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    label.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    offer(label, input.files[0]);
  });
}
at("form").addEventListener("submit", send);
at("again").addEventListener("click", again);
document.addEventListener("spoken", write);

state = await begin();
background = state.backgrounds[0]?.name;
write();
