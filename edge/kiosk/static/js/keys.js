/** The booth's keyboard: space shoots, arrows choose, Escape goes back. A button that has the focus keeps its space. */

const ALONG = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** booth: {screen, start, shoot, back, choose(by), step(by)}. */
export function listen(booth) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const screen = booth.screen(), by = ALONG[event.key];
    if (event.key === "Escape") booth.back();
    else if (event.key === " " && !spacePresses(event.target)) (screen === "attract" ? booth.start : booth.shoot)();
    else if (by) (screen === "live" ? booth.choose : booth.step)(by);
    else return;
    event.preventDefault();
  });
}

/** Whether the space bar belongs to what has the focus: to every control but a background, which arrows have chosen. */
function spacePresses(element) {
  return element.closest("button, a, input, dialog") !== null && element.role !== "radio";
}
