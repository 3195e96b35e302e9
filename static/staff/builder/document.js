/**
 * The document: an issue's fields and its stories in order, as the server takes and gives it. Pure functions.
 *
 * In the page each story also has a `_key`, which stays while a new story's id becomes the server's. Names that start
 * with _ are the page's own and are never sent.
 */

const STORY = {
  headline: "",
  body: "",
  link: "",
  link_label: "",
  image: "",
  image_alt: "",
  topics: [],
  for_everyone: false,
  hidden: false,
};

let keys = 0;

/** A key, and an id for a story that the server does not know. */
export const newId = () => `new-${Date.now().toString(36)}-${++keys}`;

/** A story of the page from one of the server's, or from nothing. */
export function story(from = {}) {
  const fields = Object.fromEntries(Object.keys(STORY).map((name) => [name, from[name] ?? STORY[name]]));
  return { id: from.id ?? newId(), ...fields, topics: [...fields.topics], _key: `story-${++keys}` };
}

/** The document of the page from the server's. */
export const opened = (document) => ({ issue: { ...document.issue }, stories: document.stories.map(story) });

/** A copy of a document without anything of the page's own, to be sent, kept or compared. */
export const plain = (document) => JSON.parse(JSON.stringify(document, (name, value) => (name[0] === "_" ? undefined : value)));

const text = (value) => JSON.stringify(Array.isArray(value) ? [...value].sort() : value);
const same = (a, b) => text(a) === text(b);
const ids = (document) => document.stories.map((each) => String(each.id));
const byId = (document) => new Map(document.stories.map((each) => [String(each.id), each]));

/** Whether two documents say the same. A story of the first one may have got its number since. */
export const equal = (a, b) =>
  a.stories.length === b.stories.length &&
  a.stories.every(({ id }, at) => id === b.stories[at].id || typeof id === "string") &&
  Object.keys(a.issue).every((name) => same(a.issue[name], b.issue[name])) &&
  a.stories.every((each, at) => Object.keys(STORY).every((name) => same(each[name], b.stories[at][name])));

/**
 * Bring together what two people made of the same document.
 * @param base what both started from.
 * @param preferred a Map from fields, called as the server calls them ("subject", "stories.12.body", "stories.12" for the
 *   whole story, "stories" for the order), to "mine" or "theirs"; mine where it says nothing.
 * @returns {{document, conflicts: {field, where, base, mine, theirs}[]}} conflicts: what both changed differently.
 */
export function merged(base, mine, theirs, preferred = new Map()) {
  const conflicts = [];
  const settle = (field, where, was, here, there) => {
    if (same(here, there) || same(there, was)) return here;
    if (same(here, was)) return there;
    conflicts.push({ field, where, base: was, mine: here, theirs: there });
    return preferred.get(field) === "theirs" ? there : here;
  };
  const issue = {};
  for (const name of Object.keys(mine.issue))
    issue[name] = settle(name, name.replaceAll("_", " "), base.issue[name], mine.issue[name], theirs.issue[name]);

  const [was, here, there] = [base, mine, theirs].map(byId);
  const kept = (id) => {
    const prefersTheirs = preferred.get(`stories.${id}`) === "theirs";
    if (!was.has(id)) return true;
    if (here.has(id) && there.has(id)) return true;
    const left = here.get(id) ?? there.get(id);
    const changed = left && Object.keys(STORY).some((name) => !same(left[name], was.get(id)[name]));
    if (!changed) return false;
    return here.has(id) ? !prefersTheirs : prefersTheirs;
  };
  const inOrder = order(ids(base), ids(mine), ids(theirs), preferred.get("stories") === "theirs").filter(kept);
  const stories = inOrder.map((id, at) => {
    const [before, a, b] = [was.get(id) ?? STORY, here.get(id), there.get(id)];
    if (!a || !b) return { ...(a ?? b) };
    const fields = Object.keys(STORY).map((name) => {
      const where = `story ${at + 1}, ${name.replaceAll("_", " ")}`;
      return [name, settle(`stories.${id}.${name}`, where, before[name], a[name], b[name])];
    });
    return { id: a.id, ...Object.fromEntries(fields) };
  });
  return { document: { issue, stories }, conflicts };
}

/** The order of whoever changed it; what only the other one has comes after the story it stands behind there. */
function order(base, mine, theirs, prefersTheirs) {
  const common = (list) => list.filter((id) => mine.includes(id) && theirs.includes(id) && base.includes(id)).join();
  const byThem = common(mine) === common(base) || (prefersTheirs && common(theirs) !== common(base));
  const [first, second] = byThem ? [[...theirs], mine] : [[...mine], theirs];
  second.forEach((id, at) => {
    if (!first.includes(id)) first.splice(at ? first.indexOf(second[at - 1]) + 1 : 0, 0, id);
  });
  return first;
}

/** Change the page's document into another one in place, so that only what differs is drawn anew. */
export function adopt(document, incoming) {
  Object.assign(document.issue, incoming.issue);
  const known = byId(document);
  const stories = incoming.stories.map((each) => {
    const here = known.get(String(each.id));
    if (!here) return story(each);
    for (const name of Object.keys(STORY)) if (!same(here[name], each[name])) here[name] = each[name];
    return here;
  });
  if (ids(document).join() !== ids({ stories }).join()) document.stories = stories;
}

/** Where a caret belongs after a text around it has changed. */
export function caretAfter(before, after, caret) {
  let start = 0;
  while (start < caret && before[start] === after[start]) start += 1;
  return start === caret ? caret : Math.max(start, caret + after.length - before.length);
}
