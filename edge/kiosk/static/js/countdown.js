/** The countdown on screen: a ring and a large number, from the server's milliseconds and this machine's own clock. */
import { icon } from "./icons.js";

const SAME_MS = 700;

export class Countdown {
  /** called(number): once for each number shown, from the first one on. */
  constructor(arc, numerals, called) {
    Object.assign(this, { arc, numerals, called, ends: NaN, of: 1, shown: 0, frame: 0 });
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /**
   * The server says that leftMs are left. A message that travelled long says so too late, never too early: of several
   * about the same countdown the earliest end is the truest.
   */
  show(leftMs, ofS) {
    const ends = performance.now() + leftMs;
    const same = Math.abs(ends - this.ends) < SAME_MS && this.of === ofS * 1000;
    this.ends = same ? Math.min(ends, this.ends) : ends;
    this.of = ofS * 1000;
    if (!this.frame) this.turn();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    Object.assign(this, { frame: 0, shown: 0, ends: NaN });
    this.numerals.replaceChildren();
  }

  turn() {
    const left = Math.max(0, this.ends - performance.now());
    const number = Math.max(1, Math.ceil(left / 1000));
    const part = this.still.matches ? (number * 1000) / this.of : left / this.of;
    this.arc.style.strokeDashoffset = String(1 - Math.min(1, part));
    if (number !== this.shown) this.count(number);
    this.frame = requestAnimationFrame(() => this.turn());
  }

  count(number) {
    this.shown = number;
    const drawn = [...String(number)].map((digit) => icon(`numeral-${digit}`, "numeral", "0 0 64 100"));
    this.numerals.replaceChildren(...drawn);
    this.called(number);
  }
}
