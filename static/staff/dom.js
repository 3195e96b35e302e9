// Elements without HTML: what people wrote is always text.

/** An element. Properties beginning with "on" are listeners; a value of false, null or undefined leaves one out. */
export const h = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

/** A small button with a sign of the icon font. */
export const icon = (name, label, onclick, more = {}) =>
  h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...more },
    h("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name));

/** Draw again what an element holds, and leave the focus, and the place in a text, where they were. */
export const redraw = (element, children) => {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.key;
  const where = focused && "selectionStart" in focused ? focused.selectionStart : null;
  element.replaceChildren(...children);
  const found = key && [...element.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
  if (!found) return;
  found.focus({ preventScroll: true });
  if (where !== null && "setSelectionRange" in found && found.type === "text") found.setSelectionRange(where, where);
};
