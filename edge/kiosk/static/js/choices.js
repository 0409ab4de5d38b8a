/** Backgrounds and effects to choose from: a radio group of thumbnails, one tab stop, arrows within. */
import { icon, made } from "./icons.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Choices {
  /** choose(name) is called when the guest takes another one. */
  constructor(group, choose) {
    Object.assign(this, { group, choose, names: "" });
    group.addEventListener("click", (event) => this.take(event.target.closest(".choice")));
    group.addEventListener("keydown", (event) => this.key(event));
  }

  /** items: {name, title, kind, thumbnail_url}; chosen: a name. Elements are kept while the items are the same. */
  show(items, chosen) {
    const names = JSON.stringify(items);
    if (names !== this.names) {
      this.names = names;
      this.group.replaceChildren(...items.map(choice));
    }
    for (const option of this.group.children) {
      const is = option.dataset.name === chosen;
      if (is && option.ariaChecked !== "true") option.scrollIntoView({ block: "nearest", inline: "center" });
      option.ariaChecked = String(is);
      option.tabIndex = is ? 0 : -1;
    }
  }

  /** The next one, or the one before, around the end. */
  step(by) {
    const options = [...this.group.children];
    const at = options.findIndex((option) => option.ariaChecked === "true");
    this.take(options[(at + by + options.length) % options.length]);
  }

  take(option) {
    if (!option) return;
    for (const other of this.group.children) other.ariaChecked = String(other === option);
    option.scrollIntoView({ block: "nearest", inline: "center" });
    this.choose(option.dataset.name);
  }

  key(event) {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    this.step(STEPS[event.key]);
    this.group.querySelector('[aria-checked="true"]')?.focus();
  }
}

const DRAWN = { blur: "blur", keep: "untouched" };

/** What leaves the guests' own room has no picture of its own: an icon stands for it. */
function choice({ name, title, kind, thumbnail_url: thumbnail }) {
  const face = kind in DRAWN ? icon(DRAWN[kind]) : made("img", { src: thumbnail, alt: "", decoding: "async" });
  const button = made("button", { type: "button", className: "choice", role: "radio" },
    made("span", { className: "face" }, face), made("span", { className: "name", textContent: title }));
  button.dataset.name = name;
  return button;
}
