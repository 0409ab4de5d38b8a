/** Who touches needs no ring around what has the focus; who uses keys does. */
const root = document.documentElement;
addEventListener("pointerdown", () => root.setAttribute("data-touched", ""), { capture: true, passive: true });
addEventListener("keydown", () => root.removeAttribute("data-touched"), { capture: true, passive: true });
