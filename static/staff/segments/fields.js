// What a condition's JSON means in the form: which field it is of, with which operator, value and details. The fields come
// from the server (subscribers/segments/describing.py); a condition that is of none of them stays JSON.

import { isObject } from "./rule.js";

export const get = (data, path) => path.reduce((value, key) => (isObject(value) ? value[key] : undefined), data);

export const put = (data, path, value) => {
  const [key, ...rest] = path;
  if (!rest.length) data[key] = value;
  else {
    if (!isObject(data[key])) data[key] = {};
    put(data[key], rest, value);
  }
};

const drop = (data, path) => {
  const [key, ...rest] = path;
  if (!isObject(data) || !(key in data)) return;
  if (rest.length) drop(data[key], rest);
  if (!rest.length || (isObject(data[key]) && !Object.keys(data[key]).length)) delete data[key];
};

const leaves = (data, path = []) =>
  isObject(data) && Object.keys(data).length
    ? Object.entries(data).flatMap(([key, value]) => leaves(value, [...path, key]))
    : [JSON.stringify(path)];

const isText = (value) => typeof value === "string";
const isNumber = (value) => value === null || typeof value === "number";

/** Whether the form can show what is given as such a value. */
const fits = (value, given) => {
  if (value.pair) return Array.isArray(given) && given.length === 2 && given.every(isNumber);
  if (value.kind === "number" || value.kind === "whole") return isNumber(given);
  if (value.many) return Array.isArray(given) ? given.every(isText) : value.kind === "choice" && isText(given);
  return isText(given);
};

const holds = (operator, data) =>
  operator.sets.every((each) => get(data, each.path) === each.value) &&
  (!operator.value || fits(operator.value, get(data, operator.path)));

const exactness = (operator) => operator.sets.length + (operator.value ? 1 : 0);

const best = (operators, data) =>
  operators.filter((each) => holds(each, data)).sort((a, b) => exactness(b) - exactness(a))[0];

const paths = (operator) => [...operator.sets.map((each) => each.path), ...(operator.value ? [operator.path] : [])];

const meaning = (face, data) => {
  if (!isObject(data) || !face.sets.every((each) => get(data, each.path) === each.value)) return null;
  if (face.name && !holds(face.name, data)) return null;
  const operator = best(face.operators, data);
  if (!operator) return null;
  const details = face.details
    .map((detail) => ({ detail, operator: best(detail.operators, data) }))
    .filter((each) => each.operator);
  const used = [
    ...face.sets.map((each) => each.path),
    ...[face.name, operator, ...details.map((each) => each.operator)].filter(Boolean).flatMap(paths),
  ].map((path) => JSON.stringify(path));
  return leaves(data).every((path) => used.includes(path)) ? { face, operator, details } : null;
};

/** {face, operator, details} of a condition; null where it is of no field. */
export const meaningOf = (faces, data) => {
  for (const face of faces) {
    const found = meaning(face, data);
    if (found) return found;
  }
  return null;
};

/** What stands in a value before anything was entered. */
const empty = (value) => {
  if (value.pair) return [null, null];
  if (value.many) return [];
  if (value.kind === "whole") return Math.min({ issues: 4, days: 30 }[value.unit] ?? 1, value.most);
  return value.kind === "number" ? null : "";
};

const carried = (value, given) => {
  if (given === undefined) return empty(value);
  if (value.many && isText(given)) return given ? [given] : [];
  if (!value.many && !value.pair && Array.isArray(given) && fits(value, given[0])) return given[0];
  return fits(value, given) ? given : empty(value);
};

/** Write an operator into a condition; what was entered is kept where it fits. */
export const useOperator = (data, operator, before = null) => {
  const given = before?.value && operator.value && before.value.kind === operator.value.kind &&
    before.value.unit === operator.value.unit && before.value.choices === operator.value.choices
    ? get(data, before.path) : undefined;
  if (before) dropOperator(data, before);
  operator.sets.forEach((each) => put(data, each.path, each.value));
  if (operator.value) put(data, operator.path, carried(operator.value, given));
};

export const dropOperator = (data, operator) => paths(operator).forEach((path) => drop(data, path));

/** The JSON of a new condition of a field, of an attribute of this name and type too. */
export const start = (face, name = "", type = "") => {
  const data = {};
  face.sets.forEach((each) => put(data, each.path, each.value));
  if (face.name) put(data, face.name.path, name || empty(face.name.value));
  const typed = face.operators.find((each) => each.sets.some((set) => set.path[0] === "type" && set.value === type));
  useOperator(data, typed || face.operators[0]);
  return data;
};
