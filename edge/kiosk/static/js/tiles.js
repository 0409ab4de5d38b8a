/** Trimap, alpha, cut-out and composite side by side, each to look at and to save. */
import { icon, made } from "./icons.js";
import { say } from "./texts.js";

const KINDS = { trimap: "trimap.png", alpha: "alpha.png", cutout: "cutout.png", composite: "picture.jpg" };
const WORDS = { trimap: "upload.unsure", alpha: "upload.alpha", cutout: "upload.cutout",
  composite: "upload.composite" };

export class Tiles {
  constructor(element) {
    Object.assign(this, { element, all: {} });
    for (const kind of Object.keys(KINDS)) this.all[kind] = tile(kind);
    element.append(...Object.values(this.all));
  }

  /** photo: as the API gives it; its picture's address changes whenever its background does. */
  show(photo) {
    for (const [kind, name] of Object.entries(KINDS)) {
      const url = kind === "composite" ? photo.picture_url : `/api/photos/${photo.token}/${name}`;
      const image = this.all[kind].querySelector("img"), link = this.all[kind].querySelector("a");
      this.all[kind].querySelector(".name").textContent = say(WORDS[kind]);
      link.ariaLabel = `${say("photo.save")}: ${say(WORDS[kind])}`;
      if (!url) continue;
      image.alt = say(WORDS[kind]);
      Object.assign(link, { href: url, download: `${photo.number}.${name}` });
      if (image.getAttribute("src") !== url) image.src = url;
      else this.all[kind].classList.remove("waiting");
    }
  }

  wait(kind) {
    this.all[kind].classList.add("waiting");
  }
}

function tile(kind) {
  const image = made("img", { decoding: "async" });
  const save = made("a", { className: "round" }, icon("save"));
  const face = made("span", { className: kind === "cutout" ? "face checker" : "face" }, image);
  const figure = made("figure", { className: "tile waiting" }, face,
    made("figcaption", { className: "under" }, made("span", { className: "name" }), save));
  image.addEventListener("load", () => {
    figure.classList.remove("waiting");
    figure.parentElement.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
  });
  return figure;
}
