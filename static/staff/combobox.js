// A field that offers values: known ones that are looked through as one types, or suggestions that the server makes.
// Keys and roles are those of the "editable combobox with list" of the ARIA authoring practices.

import { h } from "./dom.js";

const MOST = 150;
const WAIT = 180;
let last = 0;

/**
 * A combobox.
 *
 * label: what it is, for who does not see it. value: what is chosen, shown by its label. options: [{value, label, group}].
 * source: asks for further ones: (text, signal) => [text, …]. free: whether what is typed counts too. choose: called with
 * the value. key: by which the focus finds it again. id: by which a label outside names it. back:
 * called when Backspace finds nothing typed.
 */
export const combobox = ({ label, value, options, source, free, choose, key, id, back, placeholder = "", clear = false }) => {
  const listed = `list-${++last}`;
  const shown = () => (clear ? "" : (options.find((each) => each.value === value)?.label ?? value ?? ""));
  let found = [], active = -1, asked = null, timer = 0, open = false;

  const input = h("input", {
    type: "text", role: "combobox", id, "aria-label": id ? null : label, "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": listed, autocomplete: "off", spellcheck: "false", "data-key": key, placeholder,
    value: shown(),
    onfocus: () => { input.select(); }, onclick: () => show(""), oninput: () => { show(input.value); typed(); },
    onkeydown: (event) => press(event), onblur: () => leave(),
  });
  const list = h("div", { role: "listbox", id: listed, class: "popup", "aria-label": label, hidden: true });
  const box = h("div", { class: "combo" }, input, list);

  const pick = (each) => {
    close();
    input.value = clear ? "" : each.label;
    if (clear || each.value !== value) { value = each.value; choose(each.value, each); }
  };
  const typed = () => { if (free && !clear) { value = input.value; choose(input.value, { typed: true }); } };
  const close = () => {
    open = false;
    active = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    asked?.abort();
    clearTimeout(timer);
  };
  const leave = () => {
    if (free && clear && input.value.trim()) choose(input.value.trim(), {});
    close();
    if (!free || clear) input.value = shown();
  };
  const show = (text) => {
    open = true;
    const wanted = text.trim().toLowerCase();
    const near = options.filter((each) => !wanted || `${each.label} ${each.value}`.toLowerCase().includes(wanted));
    const begins = (each) => each.label.toLowerCase().startsWith(wanted);
    draw(wanted && !options.some((each) => each.group) ? [...near.filter(begins), ...near.filter((each) => !begins(each))] : near);
    if (source) ask(text);
  };
  const ask = (text) => {
    asked?.abort();
    clearTimeout(timer);
    asked = new AbortController();
    const { signal } = asked;
    timer = setTimeout(async () => {
      try {
        const values = await source(text, signal);
        if (open && !signal.aborted) draw(values.map((each) => ({ value: each, label: each })));
      } catch (error) {
        if (error.name !== "AbortError") close();  // no suggestions: what is typed counts without them
      }
    }, WAIT);
  };
  const draw = (values) => {
    found = values.slice(0, MOST);
    active = -1;
    input.removeAttribute("aria-activedescendant");
    let heading = null, holder = list;
    list.replaceChildren();
    found.forEach((each, n) => {
      if (each.group && each.group !== heading) {
        heading = each.group;
        holder = h("div", { role: "group", "aria-label": heading }, h("div", { class: "combo-group", "aria-hidden": "true" }, heading));
        list.append(holder);
      }
      holder.append(h("div", {
        role: "option", id: `${listed}-${n}`, "aria-selected": each.value === value ? "true" : "false",
        onmousedown: (event) => { event.preventDefault(); pick(each); },
      }, each.label, each.more ? h("small", {}, each.more) : null));
    });
    if (!found.length && !free) list.append(h("div", { class: "combo-none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing of this name"));
    list.hidden = !list.childElementCount;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const mark = (n) => {
    document.getElementById(`${listed}-${active}`)?.classList.remove("active");
    active = (n + found.length) % found.length;
    const option = document.getElementById(`${listed}-${active}`);
    option.classList.add("active");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const press = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) show("");
      if (found.length) mark(active < 0 && event.key === "ArrowUp" ? -1 : active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0) pick(found[active]);
      else if (clear && free && input.value.trim()) { const text = input.value.trim(); input.value = ""; close(); choose(text, {}); }
      else if (!free && found.length && input.value.trim()) pick(found[0]);
      else close();
    } else if (event.key === "Backspace" && !input.value) {
      back?.();
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
      if (!free || clear) input.value = shown();
    }
  };
  return box;
};

/** Several values, each with a button that takes it out, and a combobox that adds one. Arguments as above; change: told all. */
export const chips = ({ label, values, options, source, free, change, key, id }) => {
  const name = (value) => options.find((each) => each.value === value)?.label ?? value;
  const left = options.filter((each) => !values.includes(each.value));
  return h("div", { class: "chips-field", role: "group", "aria-label": label },
    values.map((value, n) => h("span", { class: "chip" }, h("bdi", {}, name(value)),
      h("button", { type: "button", "aria-label": `Take out ${name(value)}`, "data-key": `${key}-out-${n}`,
        onclick: () => change(values.filter((each) => each !== value)) }, "×"))),
    combobox({
      label: `${label}: add`, value: "", options: left, source, free, key, id, clear: true,
      placeholder: values.length ? "add …" : "choose …", back: () => values.length && change(values.slice(0, -1)),
      choose: (value) => { if (value && !values.includes(value)) change([...values, value]); },
    }));
};
