/** One screen at a time: shows it, hides the others, and puts the focus where the guest goes on. */

const FOCUSABLE = "button:not([hidden]):not([disabled]), a[href]:not([hidden])";

export class Screens {
  constructor(root) {
    Object.assign(this, { root, name: "" });
    this.all = [...root.querySelectorAll("[data-for]")];
  }

  /** The element of the screen that is shown. */
  get current() {
    return this.all.find((screen) => screen.dataset.for === this.name);
  }

  /** → whether the screen is another one than before. */
  go(name) {
    if (name === this.name) return false;
    const first = !this.name;
    this.name = this.root.dataset.screen = name;
    for (const screen of this.all) screen.hidden = screen.dataset.for !== name;
    if (!first) this.current?.querySelector("[data-first]")?.focus({ preventScroll: true });
    return true;
  }

  /** Moves the focus among the buttons and links of the screen, around the end. */
  step(by) {
    const all = [...this.current.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent);
    const at = all.indexOf(document.activeElement);
    all[(at + by + all.length) % all.length]?.focus();
  }
}
