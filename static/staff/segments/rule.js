// A rule as a tree that can be taken apart and put together. What is read and written again is the same rule.
//
// A group holds parts; a condition holds its JSON as it is, whatever that may be, and whether it is negated, which is a
// group "none" with this one condition in it. The root is always a group; it is `bare` where the rule is a condition alone.

const JOINS = ["all", "any", "none"];
let last = 0;
const number = () => `n${++last}`;

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const copy = (value) => JSON.parse(JSON.stringify(value));
export const group = (join, parts) => ({ id: number(), kind: "group", join, parts });
export const condition = (data = {}, negated = false) => ({ id: number(), kind: "condition", negated, data });

const joinOf = (data) => {
  const keys = isObject(data) ? Object.keys(data) : [];
  return keys.length === 1 && JOINS.includes(keys[0]) && Array.isArray(data[keys[0]]) ? keys[0] : "";
};

const readNode = (data) => {
  const join = joinOf(data);
  if (!join) return condition(data);
  const parts = data[join];
  if (join === "none" && parts.length === 1 && !joinOf(parts[0])) return condition(parts[0], true);
  return group(join, parts.map(readNode));
};

/** The tree of a rule, which is a JSON object. */
export const read = (rule) => {
  const { version, ...rest } = rule;
  const join = joinOf(rest);
  const root = join ? group(join, rest[join].map(readNode)) : { ...group("all", [condition(rest)]), bare: true };
  return { version, root };
};

const writeNode = (node) => {
  if (node.kind === "condition") return node.negated ? { none: [node.data] } : node.data;
  return { [node.join]: node.parts.map(writeNode) };
};

const isBare = ({ bare, join, parts }) => bare && join === "all" && parts.length === 1 && parts[0].kind === "condition";

/** The rule of a tree. */
export const write = ({ version, root }) => {
  const rule = isBare(root) ? writeNode(root.parts[0]) : writeNode(root);
  return copy(version === undefined ? rule : { version, ...rule });
};

/** Where a node stands: {node, parent, at}, or null. */
export const find = (root, id, parent = null, at = 0) => {
  if (root.id === id) return { node: root, parent, at };
  for (const [n, part] of (root.parts || []).entries()) {
    const found = find(part, id, root, n);
    if (found) return found;
  }
  return null;
};

/** Every node with its place, as the errors of rules name it. */
const places = (root) => {
  const found = [];
  const walk = (node, place) => {
    found.push({ id: node.id, place });
    if (node.kind === "condition" && node.negated) found.push({ id: node.id, place: `${place ? `${place}.` : ""}none[0]` });
    (node.parts || []).forEach((part, n) => walk(part, `${place ? `${place}.` : ""}${node.join}[${n}]`));
  };
  if (isBare(root)) walk(root.parts[0], "");
  else walk(root, "");
  return found;
};

/** The node that an error's place means: the innermost one that holds it. */
export const at = (root, place) => {
  const holds = (each) => each.place === "" || place === each.place || place.startsWith(`${each.place}.`);
  return places(root).filter(holds).sort((a, b) => b.place.length - a.place.length)[0]?.id ?? root.id;
};

/** A copy of a node with numbers of its own. */
export const again = (node) =>
  node.kind === "group" ? group(node.join, node.parts.map(again)) : condition(copy(node.data), node.negated);

export const remove = (root, id) => {
  const { parent, at: n } = find(root, id);
  parent.parts.splice(n, 1);
};

/** Move a node one step up or down as it is read: into a group that is there, out of its own at the end. */
export const step = (root, id, by) => {
  const { node, parent, at: n } = find(root, id);
  const beside = parent.parts[n + by];
  if (beside?.kind === "group") {
    parent.parts.splice(n, 1);
    beside.parts.splice(by < 0 ? beside.parts.length : 0, 0, node);
  } else if (beside) {
    parent.parts.splice(n, 1);
    parent.parts.splice(n + by, 0, node);
  } else {
    const outer = find(root, parent.id);
    if (!outer.parent) return false;
    parent.parts.splice(n, 1);
    outer.parent.parts.splice(outer.at + (by > 0 ? 1 : 0), 0, node);
  }
  return true;
};

/** Put a node into a group, before the part that stands at a place now; never into itself. */
export const place = (root, id, into, n) => {
  const moved = find(root, id);
  if (!moved?.parent || find(moved.node, into)) return false;
  const target = find(root, into).node;
  const shift = target === moved.parent && moved.at < n ? 1 : 0;
  if (target === moved.parent && moved.at === n - shift) return false;
  moved.parent.parts.splice(moved.at, 1);
  target.parts.splice(n - shift, 0, moved.node);
  return true;
};
