// The page of a segment: the rule as rows and as JSON, what is known of it live, undo, and saving.

import { redraw } from "../dom.js";
import { ask, whyNot } from "../server.js";
import { History } from "./history.js";
import { isOpen, Live, said } from "./live.js";
import { at, find, isObject, read, write } from "./rule.js";
import { drawn, letDrop } from "./tree.js";

const page = document.querySelector("[data-builder]");
const given = JSON.parse(document.getElementById("segment-data").textContent);
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const pretty = (rule) => JSON.stringify(rule, null, 2);

/** What rows and groups need to know and to tell. */
const site = {
  described: given.described,
  attributes: given.attributes,
  locked: !given.may_change,
  tree: null,
  suggest: given.sees_people && given.may_change
    ? async (what, text, name, signal) => (await ask(`${given.urls.suggest}?${new URLSearchParams({ what, q: text, name: name ?? "" })}`, { signal })).answer?.values ?? []
    : null,
  /** Told after each change. again: draw anew; focus: the key of what is focused then; kind: for undo, see History. */
  changed({ again = true, focus = "", kind = "" } = {}) {
    rule = write(site.tree);
    history.keep(JSON.stringify(rule), kind);
    if (again) draw(focus);
    follow();
  },
};

let rule = given.segment.rule;
let base = given.segment.changed_at ?? "";
let isJson = false;
let slugIsOwn = Boolean(given.segment.slug);
let faults = [], tried = false;
const history = new History(JSON.stringify(rule));
const state = () => JSON.stringify([rule, part("name").value, part("slug").value, part("in-reports").checked]);
const live = new Live(given.urls, {
  sentence: part("sentence"), count: part("count"), time: part("time"), examples: part("examples"), such: part("such"),
}, (found) => { faults = found; showFaults(); });

/** A condition that holds something, but nothing that is known, is wrong; one that holds nothing is only not chosen yet. */
const known = (fault) => {
  if (fault.code !== "no_condition" || isJson) return fault;
  const { node } = find(site.tree.root, at(site.tree.root, fault.place));
  return isObject(node.data) && !Object.keys(node.data).length ? fault : { ...fault, code: "unknown_condition" };
};

const draw = (focus = "") => {
  redraw(part("rows"), drawn(site));
  if (site.locked) part("rows").querySelectorAll("input, select, textarea, button").forEach((each) => { each.disabled = true; });
  [...part("rows").querySelectorAll("[data-key]")].find((each) => each.dataset.key === focus)?.focus();
  showFaults();
};

const follow = (atOnce = false) => {
  part("undo").disabled = !history.past.length;
  part("redo").disabled = !history.future.length;
  part("saved").textContent = "";
  live.follow(rule, part("slug").value, atOnce);
};

/** Each fault at its row; what is only missing is no error before somebody tried to save. */
const showFaults = () => {
  part("rows").querySelectorAll(".fault").forEach((each) => { each.hidden = true; each.textContent = ""; });
  part("rows").querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
  for (const fault of isJson ? [] : faults.map(known)) {
    const id = at(site.tree.root, fault.place);
    const line = document.getElementById(`${id}-fault`);
    if (!line) continue;
    line.textContent = line.textContent ? `${line.textContent} ${said(fault)}` : said(fault);
    line.classList.toggle("open", isOpen(fault) && !tried);
    line.hidden = false;
    if (!isOpen(fault) || tried) markWrong(line);
  }
  const shown = isJson ? faults : [];
  part("json-faults").replaceChildren(...shown.map((fault) => {
    const line = document.createElement("li");
    line.textContent = `${fault.place ? `${fault.place}: ` : ""}${fault.message}`;
    return line;
  }));
};

const markWrong = (line) => {
  line.closest("[data-id]").querySelectorAll(":scope > .fields [data-key]").forEach((each) => {
    if (!each.matches("button")) { each.setAttribute("aria-invalid", "true"); each.setAttribute("aria-describedby", line.id); }
  });
};

/** Show another rule: of undo, or of the JSON. */
const take = (text) => {
  if (text === null) return;
  rule = JSON.parse(text);
  if (isJson) part("json").value = pretty(rule);
  else if (isObject(rule)) { site.tree = read(rule); draw(); }
  follow();
};

const wrongJson = (text) => { part("json-wrong").textContent = text; part("json-wrong").hidden = !text; };

const typedJson = () => {
  try {
    const typed = JSON.parse(part("json").value);
    wrongJson(isObject(typed) ? "" : "A rule is an object: {…}.");
    rule = typed;
    history.keep(JSON.stringify(rule), "json");
    follow();
  } catch (error) {
    wrongJson(`This is no JSON yet: ${error.message}`);
  }
};

const face = (json) => {
  if (!json && !part("json-wrong").hidden) { part("json").focus(); return; }
  isJson = json;
  part("as-rows").setAttribute("aria-pressed", String(!json));
  part("as-json").setAttribute("aria-pressed", String(json));
  part("rows").hidden = json;
  part("json-face").hidden = !json;
  if (json) part("json").value = pretty(rule);
  else { site.tree = read(rule); draw(); }
  showFaults();
};

const problem = (field, text) => {
  const line = part(`${field}-wrong`);
  line.textContent = text;
  line.hidden = !text;
  const input = part(field);
  if (input) text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
};

const refuse = (found) => {
  tried = true;
  const general = found.filter((each) => !["name", "slug", "in_reports", "rule"].includes(each.field));
  const of = (field) => found.filter((each) => each.field === field).map((each) => each.message).join(". ");
  problem("name", of("name"));
  problem("slug", of("slug"));
  problem("in-reports", of("in_reports"));
  faults = found.filter((each) => each.field === "rule");
  const rows = faults.length;
  problem("save", [...general.map((each) => each.message), rows ? `${rows === 1 ? "One condition is" : `${rows} conditions are`} wrong or not complete: see the rule.` : ""].filter(Boolean).join(" "));
  showFaults();
  const first = page.querySelector("[aria-invalid]") ?? part("rows").querySelector(".fault:not([hidden])");
  first?.focus?.();
};

let saved = "";
const save = async () => {
  if (!part("json-wrong").hidden) { part("json").focus(); return; }
  part("save-button").disabled = true;
  const body = { name: part("name").value, slug: part("slug").value, in_reports: part("in-reports").checked, rule, base };
  try {
    const { status, answer } = await ask(given.urls.save, { body });
    if (status === 200 || status === 201) {
      ["name", "slug", "in-reports", "save"].forEach((field) => problem(field, ""));
      saved = state();
      tried = false;
      base = answer.changed_at;
      if (status === 201) { location.assign(answer.url); return; }
      part("saved").textContent = `Saved at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
      document.querySelectorAll("[data-segment-name]").forEach((each) => { each.textContent = body.name; });
    } else refuse(answer?.faults ?? [{ field: "", message: `It was not saved (${status}). Reload the page and try again.` }]);
  } catch (error) {
    refuse([{ field: "", message: `${whyNot(error)} Nothing was saved; what you wrote is still here.` }]);
  } finally {
    part("save-button").disabled = false;
  }
};

const slugOf = (name) =>
  name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);

const begin = () => {
  part("name").addEventListener("input", () => { if (!slugIsOwn) part("slug").value = slugOf(part("name").value); problem("name", ""); });
  part("slug").addEventListener("input", () => { slugIsOwn = part("slug").value !== ""; problem("slug", ""); });
  part("as-rows").addEventListener("click", () => face(false));
  part("as-json").addEventListener("click", () => face(true));
  part("json").addEventListener("input", typedJson);
  part("undo").addEventListener("click", () => take(history.undo()));
  part("redo").addEventListener("click", () => take(history.redo()));
  part("form").addEventListener("submit", (event) => { event.preventDefault(); save(); });
  document.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === "s" && !site.locked) { event.preventDefault(); save(); }
    const inText = event.target.matches?.("input[type=text], input[type=number], input:not([type]), textarea");
    if (!command || event.key.toLowerCase() !== "z" || inText || site.locked) return;
    event.preventDefault();
    take(event.shiftKey ? history.redo() : history.undo());
  });
  window.addEventListener("beforeunload", (event) => { if (!site.locked && state() !== saved) event.preventDefault(); });
  letDrop(site, part("rows"));
  if (isObject(rule)) { site.tree = read(rule); draw(); } else face(true);
  saved = state();
  part("json").readOnly = site.locked;
  follow(true);
};

begin();
