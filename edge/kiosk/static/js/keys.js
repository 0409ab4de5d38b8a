/** The booth's keyboard: space shoots, arrows choose, Escape goes back. A button that has the focus keeps its space. */

const ALONG = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** booth: {screen, start, shoot, back, choose(by), step(by)}. */
export function listen(booth) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") booth.back();
    else if (event.key === " " && !spacePresses(event.target)) booth.screen() === "attract" ? booth.start() : booth.shoot();
    else if (event.key in ALONG) booth.screen() === "live" ? booth.choose(ALONG[event.key]) : booth.step(ALONG[event.key]);
    else return;
    event.preventDefault();
  });
}

/** Whether the space bar belongs to what has the focus: to every control but a background, which arrows have chosen. */
function spacePresses(element) {
  return element.closest("button, a, input, dialog") !== null && element.role !== "radio";
}
