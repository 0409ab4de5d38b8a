/** The event's colours as CSS variables. Whatever they are, text keeps a contrast of 4.5:1 (WCAG 2.2, 1.4.3). */

const ENOUGH = 4.5;
const PAPER = [255, 255, 255], NIGHT = [0, 0, 0];
const PLENTY = 9;

/** [r, g, b] of #rgb or #rrggbb; null for anything else. */
export function parsed(colour) {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour ?? "")?.[1];
  if (!digits) return null;
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g);
  return pairs.map((pair) => parseInt(pair, 16));
}

/** Relative luminance, 0 to 1. */
function luminance(rgb) {
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = rgb.map((value) => linear(value / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const mixed = (one, other, share) => one.map((value, index) => Math.round(value + (other[index] - value) * share));
const better = (on) => (contrast(on, PAPER) >= contrast(on, NIGHT) ? PAPER : NIGHT);

/** The colour itself, or as much of black or white mixed in as makes it readable on every one of `grounds`. */
export function readable(colour, ...grounds) {
  const towards = better(grounds[0]);
  for (let share = 0; share < 1; share += 0.05) {
    const tried = mixed(colour, towards, share);
    if (grounds.every((ground) => contrast(tried, ground) >= ENOUGH)) return tried;
  }
  return towards;
}

/** Every variable that follows from an event's ground, ink and accent. */
export function palette({ ground, ink, accent }) {
  const base = parsed(ground) ?? [18, 21, 28];
  const wanted = parsed(accent) ?? [242, 166, 90];
  const text = readable(parsed(ink) ?? [245, 242, 236], base);
  // Surfaces stand out towards the text while there is contrast to spare, else away from it.
  const away = contrast(text, base) > PLENTY ? text : better(text);
  const surface = mixed(base, away, 0.045), raised = mixed(base, away, 0.1);
  const read = (colour) => readable(colour, base, surface, raised);
  return {
    ground: base, surface, raised, line: mixed(base, text, 0.26), edge: mixed(base, text, 0.5), ink: read(text),
    quiet: read(mixed(text, base, 0.26)), accent: wanted, "on-accent": better(wanted), signal: read(wanted),
    danger: read([255, 120, 100]), good: read([120, 205, 150]),
  };
}

/** Dresses the page; with `prefers-contrast: more` the guest's wish stands above the event's. */
export function wear(colours = {}) {
  if (matchMedia("(prefers-contrast: more)").matches) return;
  const style = document.documentElement.style;
  const rgb = palette(colours);
  for (const [name, value] of Object.entries(rgb)) style.setProperty(`--${name}`, `rgb(${value.join(" ")})`);
  style.setProperty("--veil", rgb.ground.join(" "));
  style.colorScheme = luminance(rgb.ground) > 0.4 ? "light" : "dark";
}
