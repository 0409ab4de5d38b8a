/** Words of the page: data-text, data-text-label and data-text-alt name keys of the texts' files. */
import { ask } from "./api.js";
import { made } from "./icons.js";

const PLACES = { text: "textContent", textLabel: "ariaLabel", textAlt: "alt" };
const REMEMBERED = "masque.language";
let words = {};
let titles = {};
let spoken = "";

/** The sentence of that key; {name} is replaced by values.name. An unknown key is shown as it is. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const language = () => spoken;

/** A state's backgrounds with their titles in the language that is spoken. */
export const titled = (backgrounds) => backgrounds.map((item) => ({ ...item, title: titles[item.name] ?? item.title }));

/** Loads a language's words, and the event's titles in it, and puts them into the page. */
export async function speak(name) {
  if (name === spoken) return;
  const [read, state] = await Promise.all([ask(`/api/texts/${name}`), ask(`/api/state?language=${name}`)]);
  words = read;
  titles = Object.fromEntries(state.backgrounds.map((item) => [item.name, item.title]));
  spoken = document.documentElement.lang = name;
  write(document);
  document.documentElement.removeAttribute("data-waiting");
  document.dispatchEvent(new Event("spoken"));
}

/** Puts words into every element below root that asks for some. */
export function write(root) {
  for (const [name, property] of Object.entries(PLACES)) {
    const attribute = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const element of root.querySelectorAll(`[${attribute}]`)) element[property] = say(element.dataset[name]);
  }
}

/** What a guest chose here before, else the first of the browser's languages that is offered, else the event's own. */
export function preferred(offered, otherwise) {
  const wanted = [localStorage.getItem(REMEMBERED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((name) => name in offered) ?? otherwise;
}

/** A button for each language in every .languages. offered: {de: "Deutsch", …}; remember: for the next visit, too. */
export function offerLanguages(offered, remember = true) {
  for (const group of document.querySelectorAll(".languages")) {
    const names = Object.keys(offered);
    group.hidden = names.length < 2;
    if (group.childElementCount === names.length) continue;
    group.replaceChildren(...names.map((name) => languageButton(name, offered[name], remember)));
  }
  markSpoken();
}

function languageButton(name, itself, remember) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", lang: name });
  button.append(name, made("span", { className: "unseen", textContent: ` ${itself}` }));
  button.dataset.language = name;
  button.addEventListener("click", async () => {
    if (remember) localStorage.setItem(REMEMBERED, name);
    await speak(name);
  });
  return button;
}

function markSpoken() {
  for (const button of document.querySelectorAll(".languages button")) {
    button.ariaPressed = String(button.dataset.language === spoken);
  }
}

document.addEventListener("spoken", markSpoken);
