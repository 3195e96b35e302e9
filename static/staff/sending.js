// Choosing segments: what is chosen stands in hidden fields of the form, which is told of each change.

import { chips } from "./combobox.js";
import { h, redraw } from "./dom.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const options = read("segments").map(({ slug, name, kind }) => ({ value: slug, label: name, more: kind }));

for (const picker of document.querySelectorAll("[data-picks]")) {
  const { picks: name, label } = picker.dataset;
  const draw = (values) => redraw(picker, [
    chips({ label, values, options, key: name, id: `pick-${name}`, change: (now) => {
      draw(now);
      picker.dispatchEvent(new Event("arranged", { bubbles: true }));
    } }),
    ...values.map((value) => h("input", { type: "hidden", name, value })),
  ]);
  // What is typed to find a segment arranges nothing yet.
  for (const typing of ["input", "change"]) picker.addEventListener(typing, (event) => event.stopPropagation());
  draw(read("chosen").filter((each) => each.out === (name === "out")).map((each) => each.slug));
}
