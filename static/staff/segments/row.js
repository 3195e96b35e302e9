// One condition as a row: not, field, operator, value, and what is asked besides.

import { chips, combobox } from "../combobox.js";
import { h, icon } from "../dom.js";
import { dropOperator, get, meaningOf, put, start, useOperator } from "./fields.js";
import { isObject } from "./rule.js";

/** The fields as a combobox offers them; of the attributes those that people have, and one whose name is typed. */
const offered = ({ described, attributes }) =>
  described.faces.flatMap((face) => {
    const known = face.id === "attribute"
      ? attributes.map((each) => ({ value: `attribute:${each.name}`, label: each.name, group: face.group, face, attribute: each }))
      : [];
    const label = known.length || face.id === "attribute" ? "Another attribute …" : face.label;
    return [...known, { value: face.id, label, group: face.group, face }];
  });

const numberField = (value, given, label, key, change) =>
  h("input", {
    type: "number", class: value.kind === "whole" ? "short" : "number", "aria-label": label, "data-key": key,
    min: value.kind === "whole" ? 1 : null, max: value.kind === "whole" ? value.most : null,
    step: value.kind === "whole" ? 1 : "any", value: given ?? "",
    oninput: (event) => change(event.target.value === "" ? null : Number(event.target.value)),
  });

/** What is entered with an operator. `change` is told the value and whether the row has to be drawn again. */
const valueField = (site, value, given, { label, key, name, change }) => {
  const options = (value.choices ? site.described.choices[value.choices] : []).map(([each, text]) => ({
    value: each, label: text, more: value.kind === "choice" && each !== text && value.many === false && each.length > 2 ? each : "",
  }));
  const free = value.kind === "text";
  const source = value.suggest && site.suggest ? (text, signal) => site.suggest(value.suggest, text, name, signal) : null;
  if (value.pair) {
    const half = (n, word) => numberField(value, given[n], `${label}: ${word}`, `${key}-${n}`, (each) => {
      given = n ? [given[0], each] : [each, given[1]];
      change(given, false);
    });
    return [half(0, "from"), h("span", { class: "word" }, "and"), half(1, "to")];
  }
  if (value.many) {
    const values = Array.isArray(given) ? given : [given];
    return chips({ label, values, options, source, free, key, change: (each) => change(each, true) });
  }
  if (value.kind === "number" || value.kind === "whole") {
    return [numberField(value, given, label, key, (each) => change(each, false)), value.unit ? h("span", { class: "word" }, value.unit) : null];
  }
  if (value.kind === "day") {
    return h("input", { type: "date", "aria-label": label, "data-key": key, value: given, oninput: (event) => change(event.target.value, false) });
  }
  return combobox({ label, value: given, options, source, free, key, placeholder: free ? "" : "choose …", choose: (each, how) => change(each, !how.typed) });
};

const operatorField = (operators, operator, label, key, change) =>
  operators.length === 1
    ? h("span", { class: "word" }, operator.label)
    : h("select", { "aria-label": label, "data-key": key, onchange: (event) => change(operators[event.target.value]) },
        operators.map((each, n) => h("option", { value: n, selected: each === operator }, named(each))));

const TYPES = { text: "text", number: "number", date: "day", yes_no: "yes or no", list: "list" };

/** An operator as the list shows it: of an attribute with the type that it means. */
const named = (operator) => {
  const type = operator.sets.find((each) => each.path[0] === "type");
  const unit = operator.value?.unit ? ` … ${operator.value.unit}` : "";
  return `${type ? `${TYPES[type.value] ?? type.value}: ` : ""}${operator.label}${unit}`;
};

const fieldOf = (site, node, meant) => {
  const options = offered(site);
  const attribute = meant?.face.id === "attribute" ? get(node.data, meant.face.name.path) : "";
  const known = options.find((each) => each.attribute && each.attribute.name === attribute);
  return combobox({
    label: "Field", key: `${node.id}-field`, options, placeholder: "choose a field …",
    value: known?.value ?? meant?.face.id ?? "",
    choose: (_, each) => {
      node.data = each.attribute ? start(each.face, each.attribute.name, each.attribute.type) : start(each.face);
      site.changed({ focus: `${node.id}-${each.face.name && !each.attribute ? "name" : "value"}` });
    },
  });
};

const detailLine = (site, node, { detail, operator }, n) => {
  const key = `${node.id}-detail-${n}`;
  return h("div", { class: "detail" },
    h("span", { class: "word" }, detail.label),
    operatorField(detail.operators, operator, `${detail.label}: operator`, `${key}-op`, (each) => {
      useOperator(node.data, each, operator);
      site.changed();
    }),
    operator.value ? valueField(site, operator.value, get(node.data, operator.path), {
      label: detail.label, key, change: (value, again) => { put(node.data, operator.path, value); site.changed({ again, kind: key }); },
    }) : null,
    icon("close", `Take out: ${detail.label}`, () => { dropOperator(node.data, operator); site.changed({ focus: `${node.id}-more` }); }));
};

const moreDetails = (site, node, { face, details }) => {
  const left = face.details.filter((detail) => !details.some((each) => each.detail === detail));
  if (!left.length || site.locked) return null;
  return h("select", {
    class: "more", "aria-label": "Ask more of it", "data-key": `${node.id}-more`,
    onchange: (event) => { useOperator(node.data, left[event.target.value].operators[0]); site.changed({ focus: `${node.id}-detail-${details.length}` }); },
  }, h("option", { value: "", selected: true }, "and …"), left.map((each, n) => h("option", { value: n }, each.label.toLowerCase())));
};

const asJson = (site, node) =>
  h("textarea", {
    class: "raw", rows: 2, spellcheck: "false", "aria-label": "Condition as JSON", "data-key": `${node.id}-raw`,
    value: JSON.stringify(node.data),
    oninput: (event) => {
      try {
        node.data = JSON.parse(event.target.value);
        event.target.setCustomValidity("");
        site.changed({ again: false, kind: `${node.id}-raw` });
      } catch (error) {
        event.target.setCustomValidity("This is no JSON yet.");
      }
      event.target.reportValidity();
    },
  });

/** What stands in a row. */
export const row = (site, node) => {
  const meant = meaningOf(site.described.faces, node.data);
  const isNew = isObject(node.data) && !Object.keys(node.data).length;
  const negation = h("button", {
    type: "button", class: "not", "aria-pressed": String(node.negated), "data-key": `${node.id}-not`, title: "Turn this condition round",
    onclick: () => { node.negated = !node.negated; site.changed(); },
  }, "not");
  if (!meant && !isNew) return [negation, asJson(site, node)];
  if (!meant) return [negation, fieldOf(site, node, null)];
  const { face, operator, details } = meant;
  const key = `${node.id}-value`;
  const known = site.attributes.some((each) => face.name && each.name === get(node.data, face.name.path));
  const name = face.name && !(face.id === "attribute" && known) ? valueField(site, face.name.value, get(node.data, face.name.path), {
    label: face.name.label, key: `${node.id}-name`,
    change: (value, again) => { put(node.data, face.name.path, value); site.changed({ again, kind: `${node.id}-name` }); },
  }) : null;
  return [
    negation, fieldOf(site, node, meant), name,
    operatorField(face.operators, operator, "Operator", `${node.id}-op`, (each) => {
      useOperator(node.data, each, operator);
      site.changed();
    }),
    operator.value ? valueField(site, operator.value, get(node.data, operator.path), {
      label: "Value", key, name: face.name ? get(node.data, face.name.path) : "",
      change: (value, again) => { put(node.data, operator.path, value); site.changed({ again, kind: key }); },
    }) : null,
    ...details.map((each, n) => detailLine(site, node, each, n)),
    moreDetails(site, node, meant),
  ];
};
