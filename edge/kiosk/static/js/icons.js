/** Elements that the pages make: icons from the sprite, and plain elements in one line. */

const SVG = "http://www.w3.org/2000/svg";

/** An icon of icons.svg by its name; hidden from screen readers, since a word always stands beside or on it. */
export function icon(name, className = "icon", viewBox = "0 0 24 24") {
  const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", className);
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** An element with properties and children. */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
