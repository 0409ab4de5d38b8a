/** The picture on the booth's screen: a frozen, blurred frame first, then the fast cut, then silently the fine one. */
import { made } from "./icons.js";

const FADE_MS = 700;

export class Print {
  constructor(figure) {
    Object.assign(this, { figure, url: "", turn: 0 });
  }

  /** A canvas to stand in until the first picture is there. */
  freeze(canvas) {
    this.clear();
    this.figure.append(canvas);
  }

  /** Cross-fades to the picture at url as soon as it is decoded; alt: what it is called. */
  async show(url, alt) {
    if (url === this.url) return;
    this.url = url;
    const turn = ++this.turn;
    const image = made("img", { src: url, alt, className: "coming" });
    await image.decode().catch(() => {});
    if (turn !== this.turn) return;
    const before = [...this.figure.children];
    for (const older of before) older.ariaHidden = "true";
    this.figure.append(image);
    image.getBoundingClientRect();
    image.classList.remove("coming");
    setTimeout(() => before.forEach((older) => older.remove()), FADE_MS);
  }

  clear() {
    this.turn += 1;
    this.url = "";
    this.figure.replaceChildren();
  }
}
