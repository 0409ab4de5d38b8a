/** How long a picture lives: counted down on screen from the server's seconds, by this machine's own clock. */
import { icon, made } from "./icons.js";
import { say } from "./texts.js";

/** 1:05:09, 12:34 or 0:07. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

export class Lifetime {
  /** over(): called once, when the time is over. */
  constructor(element, over = () => {}) {
    Object.assign(this, { element, over, ends: null });
    this.words = made("span");
    element.append(icon("clock"), this.words);
    setInterval(() => this.write(), 1000);
    document.addEventListener("spoken", () => this.write());
  }

  /** seconds: null where pictures stay. */
  show(seconds) {
    this.ends = seconds === null || seconds === undefined ? null : performance.now() + seconds * 1000;
    this.element.hidden = this.ends === null;
    this.write();
  }

  write() {
    if (this.ends === null) return;
    const left = (this.ends - performance.now()) / 1000;
    const days = Math.floor(left / 86400);
    const near = () => say("photo.expires", { time: clock(left) });
    this.words.textContent = days >= 2 ? say("photo.expires_days", { days }) : near();
    if (left > 0) return;
    this.show(null);
    this.over();
  }
}
