/** Changing a tree of nodes into another one with as few changes as can be: what stays the same is not drawn again. */

/**
 * @param {Node} here is changed.
 * @param {Node} there is what it becomes; of another document, and left as it is.
 */
export function morph(here, there) {
  if (here.isEqualNode(there)) return;
  if (here.nodeName !== there.nodeName) {
    here.replaceWith(here.ownerDocument.importNode(there, true));
  } else if (here.nodeType === Node.ELEMENT_NODE) {
    morphAttributes(here, there);
    morphChildren(here, there);
  } else here.nodeValue = there.nodeValue;
}

function morphAttributes(here, there) {
  for (const { name } of [...here.attributes]) if (!there.hasAttribute(name)) here.removeAttribute(name);
  for (const { name, value } of there.attributes) if (here.getAttribute(name) !== value) here.setAttribute(name, value);
}

/** Children that are equal from the start or from the end stay, so that one that came or went moves none of the others. */
function morphChildren(here, there) {
  const old = [...here.childNodes];
  const wanted = [...there.childNodes];
  while (old.length && wanted.length && old[0].isEqualNode(wanted[0])) {
    old.shift();
    wanted.shift();
  }
  let after = null;
  while (old.length && wanted.length && old.at(-1).isEqualNode(wanted.at(-1))) {
    after = old.pop();
    wanted.pop();
  }
  const both = Math.min(old.length, wanted.length);
  old.slice(both).forEach((child) => child.remove());
  wanted.slice(both).forEach((child) => here.insertBefore(here.ownerDocument.importNode(child, true), after));
  old.slice(0, both).forEach((child, at) => morph(child, wanted[at]));
}
