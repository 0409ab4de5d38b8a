/** The gallery: newest first, more on demand; a viewer with arrows, on the booth's screen with a code to scan. */
import { ask } from "./api.js";
import { made } from "./icons.js";
import { Lifetime } from "./lifetime.js";
import { at, atBooth, begin, tried } from "./page.js";
import { say } from "./texts.js";

const PAGE = 24;
const FRESH_MS = 15000;
const photos = [];
const lifetime = new Lifetime(at("lifetime"), () => at("viewer").close());
let before = null, viewed = -1;

const path = (count, from) => `/api/gallery?count=${count}${from === null ? "" : `&before=${from}`}`;

async function more() {
  const page = await tried(() => ask(path(PAGE, before)));
  if (!page) return;
  before = page.before;
  photos.push(...page.photos);
  at("more").hidden = before === null;
  write();
}

/** Looks whether there is something new, or something gone, among those that are shown. */
async function refresh() {
  if (at("viewer").open || document.hidden) return;
  const page = await ask(path(Math.max(PAGE, photos.length), null)).catch(() => null);
  if (!page) return;
  photos.splice(0, photos.length, ...page.photos);
  before = page.before;
  at("more").hidden = before === null;
  write();
}

function write() {
  const list = at("pictures");
  const old = new Map([...list.children].map((item) => [item.dataset.key, item]));
  list.replaceChildren(...photos.map((photo, index) => old.get(keyOf(photo)) ?? item(photo, index)));
  [...list.children].forEach((one, index) => {
    one.firstChild.dataset.index = index;
    one.querySelector("img").alt = say("photo.number", { number: photos[index].number });
    one.firstChild.ariaLabel = say("gallery.open", { number: photos[index].number });
  });
  at("empty").hidden = photos.length > 0;
}

const keyOf = (photo) => `${photo.number} ${photo.thumbnail_url}`;

function item(photo) {
  const image = made("img", { src: photo.thumbnail_url ?? "", loading: "lazy", decoding: "async" });
  const one = made("li", {}, made("button", { type: "button" }, image));
  one.dataset.key = keyOf(photo);
  return one;
}

function view(index) {
  const photo = photos[index];
  if (!photo) return;
  viewed = index;
  const name = say("photo.number", { number: photo.number });
  at("viewer-title").textContent = name;
  Object.assign(at("viewed"), { src: photo.picture_url ?? photo.thumbnail_url, alt: name });
  at("scan").hidden = !atBooth || !photo.qr_url;
  if (atBooth && photo.qr_url) at("code").src = photo.qr_url;
  at("newer").disabled = index === photos.length - 1 && before === null;
  at("older").disabled = index === 0;
  lifetime.show(photo.expires_in_s);
  if (!at("viewer").open) at("viewer").showModal();
}

async function step(by) {
  if (viewed + by >= photos.length && before !== null) await more();
  view(viewed + by);
}

at("pictures").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) view(Number(button.dataset.index));
});
at("older").addEventListener("click", () => step(-1));
at("newer").addEventListener("click", () => step(1));
at("close").addEventListener("click", () => at("viewer").close());
at("viewer").addEventListener("close", () => at("pictures").children[viewed]?.firstChild.focus());
at("viewer").addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) step(by);
});
at("more").addEventListener("click", more);
at("bring").addEventListener("click", () => {
  at("bring-code").src = state.upload_qr_url;
  at("bringing").showModal();
});
document.addEventListener("spoken", () => write());

const state = await begin();
at("back").hidden = !atBooth;
at("bring").hidden = !atBooth || !state.upload_qr_url;
await more();
setInterval(refresh, FRESH_MS);
