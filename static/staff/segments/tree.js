// The rule as rows in nested groups, with what moves, copies and takes them out, by mouse and by keyboard.

import { h, icon } from "../dom.js";
import { row } from "./row.js";
import { again, condition, find, group, place, remove, step } from "./rule.js";

const JOINS = { all: "all of these hold", any: "any of these holds", none: "none of these holds" };
const DRAGGED = "application/x-rule-part";

const firstKey = (node) => (node.kind === "group" ? `${node.id}-join` : `${node.id}-field`);

/** The acts on a part; each leaves the focus where one goes on, moving leaves it where it was. */
const acts = (site, node) => ({
  move: (by) => { if (step(site.tree.root, node.id, by)) site.changed(); },
  copy: () => {
    const { parent, at } = find(site.tree.root, node.id);
    const made = again(node);
    parent.parts.splice(at + 1, 0, made);
    site.changed({ focus: firstKey(made) });
  },
  remove: () => {
    const { parent, at } = find(site.tree.root, node.id);
    remove(site.tree.root, node.id);
    const next = parent.parts[at] ?? parent.parts[at - 1];
    site.changed({ focus: next ? firstKey(next) : `${parent.id}-add` });
  },
});

const tools = (site, node) => {
  const { move, copy, remove: takeOut } = acts(site, node);
  const what = node.kind === "group" ? "group" : "condition";
  return h("div", { class: "tools" },
    icon("arrow_upward", `Move the ${what} up`, () => move(-1), { "data-key": `${node.id}-up` }),
    icon("arrow_downward", `Move the ${what} down`, () => move(1), { "data-key": `${node.id}-down` }),
    icon("content_copy", `Duplicate the ${what}`, copy, { "data-key": `${node.id}-copy` }),
    icon("close", `Remove the ${what}`, takeOut, { "data-key": `${node.id}-remove` }));
};

const handle = (site, node) => {
  const what = node.kind === "group" ? "Group" : "Condition";
  const { move } = acts(site, node);
  return h("button", {
    type: "button", class: "handle", draggable: "true", "data-key": `${node.id}-handle`,
    "aria-label": `${what}: drag it, or move it with the arrow keys`, title: "Drag, or arrow keys",
    onkeydown: (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by) { event.preventDefault(); event.stopPropagation(); move(by); }
    },
    ondragstart: (event) => { event.dataTransfer.setData(DRAGGED, node.id); event.dataTransfer.effectAllowed = "move"; },
  }, h("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, "drag_indicator"));
};

/** Keys that work anywhere in a part: Alt with the arrows moves it. */
const keys = (site, node) => (event) => {
  const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  acts(site, node).move(by);
};

const conditionPart = (site, node) =>
  h("li", { class: `condition${node.negated ? " negated" : ""}`, "data-id": node.id, onkeydown: keys(site, node) },
    handle(site, node), h("div", { class: "fields" }, row(site, node)), tools(site, node),
    h("p", { class: "fault", id: `${node.id}-fault`, hidden: true }));

const groupPart = (site, node, depth) => {
  const isRoot = depth === 0;
  const name = isRoot ? "The rule: how its parts are joined" : "How the parts of this group are joined";
  const add = (made) => { node.parts.push(made); site.changed({ focus: firstKey(made.kind === "group" ? made.parts[0] : made) }); };
  return h(isRoot ? "div" : "li", { class: `group ${node.join}`, "data-id": node.id, onkeydown: isRoot ? null : keys(site, node) },
    h("div", { class: "join" }, isRoot ? null : handle(site, node),
      h("span", { class: "word" }, isRoot ? "People for whom" : ""),
      h("select", { "aria-label": name, "data-key": `${node.id}-join`, onchange: (event) => { node.join = event.target.value; site.changed(); } },
        Object.entries(JOINS).map(([join, label]) => h("option", { value: join, selected: join === node.join }, label))),
      isRoot ? null : tools(site, node)),
    h("ul", { class: "parts", "data-into": node.id }, node.parts.map((part) => part.kind === "group" ? groupPart(site, part, depth + 1) : conditionPart(site, part))),
    h("p", { class: "fault", id: `${node.id}-fault`, hidden: true }),
    h("div", { class: "adds" },
      h("button", { type: "button", class: "add", "data-key": `${node.id}-add`, onclick: () => add(condition()) }, "+ Condition"),
      depth + 1 < site.described.deepest
        ? h("button", { type: "button", class: "add", "data-key": `${node.id}-add-group`, onclick: () => add(group(node.join === "any" ? "all" : "any", [condition()])) }, "+ Group")
        : null));
};

/** The whole rule as elements. */
export const drawn = (site) => [groupPart(site, site.tree.root, 0)];

/** Let parts be dropped where a line shows it. */
export const letDrop = (site, element) => {
  const line = h("li", { class: "drop-line", "aria-hidden": "true" });
  const target = (event) => {
    const list = event.target.closest(".group")?.querySelector(":scope > .parts");
    if (!list) return null;
    const parts = [...list.children].filter((each) => each !== line);
    const n = parts.findIndex((each) => event.clientY < each.getBoundingClientRect().top + each.offsetHeight / 2);
    return { list, n: n < 0 ? parts.length : n, before: n < 0 ? null : parts[n] };
  };
  element.addEventListener("dragover", (event) => {
    const found = event.dataTransfer.types.includes(DRAGGED) && target(event);
    if (!found) return;
    event.preventDefault();
    found.list.insertBefore(line, found.before);
  });
  element.addEventListener("drop", (event) => {
    const found = target(event);
    const id = event.dataTransfer.getData(DRAGGED);
    line.remove();
    if (!found || !id) return;
    event.preventDefault();
    if (place(site.tree.root, id, found.list.dataset.into, found.n)) site.changed({ focus: `${id}-handle` });
  });
  element.addEventListener("dragend", () => line.remove());
};
