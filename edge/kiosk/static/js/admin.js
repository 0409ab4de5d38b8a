/** The host's page: a PIN, then everything about the booth, read again every two seconds. */
import { Refused, ask, remove, tell } from "./api.js";
import { cards } from "./cards.js";
import { icon, made } from "./icons.js";
import { at, begin, notice, sure, tried } from "./page.js";
import { language, say } from "./texts.js";

const AGAIN_MS = 2000;
const SHOWN = 24;
let admin = null, photos = [], timer;

function open(is) {
  at("door").hidden = is;
  at("desk").hidden = !is;
  clearTimeout(timer);
  if (is) refresh();
  else at("pin").focus();
}

async function refresh() {
  try {
    [admin, { photos }] = await Promise.all([ask("/api/admin/state"), ask(`/api/gallery?count=${SHOWN}`)]);
    write();
    timer = setTimeout(refresh, AGAIN_MS);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401 || error.status === 403) return open(false);
    notice(error.key);
    timer = setTimeout(refresh, AGAIN_MS);
  }
}

function write() {
  if (!admin) return;
  const facts = cards(admin), causes = admin.causes.map((cause) => made("li", {}, icon("notice"), cause));
  const well = !causes.length && facts.every(({ is }) => is !== "bad");
  replace(at("causes"), well ? [made("li", { className: "all-well" }, icon("keep"), say("admin.all_well"))] : causes);
  at("cards").replaceChildren(...facts.map(card));
  replace(at("pictures"), photos.map(picture));
  at("test-print").hidden = admin.printer.state === "off";
  replace(at("log"), admin.log.map(line));
  at("log").hidden = at("log-title").hidden = !admin.log.length;
}

/** Replaces children only when their text or pictures changed: a live region stays silent, a focused button stays. */
function replace(list, items) {
  const next = made("ul", {}, ...items);
  if (next.innerHTML !== list.innerHTML) list.replaceChildren(...next.childNodes);
}

function card({ title, figure, lines, share, is }) {
  const parts = [made("h3", { textContent: title }), made("p", { className: "figure", textContent: figure })];
  if (share !== undefined) parts.push(made("progress", { max: 1, value: share, ariaLabel: title }));
  parts.push(...lines.map((text) => made("p", { textContent: text })));
  const section = made("section", { className: "card" }, ...parts);
  section.dataset.is = is;
  return section;
}

function picture(photo) {
  const cut = made("button", { type: "button", className: "cut" }, icon("delete"));
  cut.ariaLabel = say("admin.remove", { number: photo.number });
  cut.dataset.token = photo.token;
  const image = made("img", { alt: say("photo.number", { number: photo.number }), loading: "lazy" });
  if (photo.thumbnail_url) image.src = photo.thumbnail_url;
  return made("li", {}, image, cut);
}

function line({ at_s: seconds, level, text }) {
  const time = new Date(seconds * 1000).toLocaleTimeString(language(), { hour12: false });
  const item = made("li", {}, made("time", { textContent: time }),
    made("span", { className: "level", textContent: level.toLowerCase() }), made("span", { textContent: text }));
  item.dataset.level = level.toLowerCase();
  return item;
}

at("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("wrong").textContent = "";
  const pin = at("pin").value;
  at("pin").value = "";
  try {
    const answer = await tell("/api/admin/login", { pin });
    if (answer.admin) return open(true);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const waits = error.details.wait_s ?? 0;
    const key = error.status === 401 ? "admin.wrong_pin" : error.key;
    at("wrong").textContent = say(key, { seconds: Math.ceil(waits) || 1 });
  }
  at("pin").focus();
});
at("logout").addEventListener("click", async () => { await tried(() => tell("/api/admin/logout")); open(false); });
at("test-print").addEventListener("click", async () => {
  const done = await tried(() => tell("/api/admin/test-print"));
  if (done) notice(done.notice?.key ?? "admin.test_print_sent");
});
at("pictures").addEventListener("click", async (event) => {
  const token = event.target.closest(".cut")?.dataset.token;
  if (!token || !(await sure())) return;
  await tried(() => remove(`/api/photos/${token}`));
  clearTimeout(timer);
  refresh();
});
document.addEventListener("spoken", write);

await begin();
open(await ask("/api/admin/state").then(() => true, () => false));
