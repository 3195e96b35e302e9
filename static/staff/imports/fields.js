// A form's own fields: rows that are added and removed. Without a script there is one empty row more than there are fields.

const list = document.querySelector("[data-fields]");
const add = document.querySelector("[data-add-field]");
const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));

const remove = (row) => {
  if (list.children.length === 1) {
    for (const field of row.querySelectorAll("input")) field.value = "";
  } else {
    row.remove();
    add.focus();
  }
  changed();
};

const ready = (row) => {
  const button = row.querySelector("[data-remove]");
  button.hidden = false;
  button.addEventListener("click", () => remove(row));
};

if (list && !list.closest("fieldset:disabled")) {
  let number = list.children.length;
  [...list.children].forEach(ready);
  add.hidden = false;
  add.addEventListener("click", () => {
    const row = list.lastElementChild.cloneNode(true);
    number += 1;
    for (const field of row.querySelectorAll("input, select")) {
      const id = field.id.replace(/\d+$/, number);
      row.querySelector(`[for="${field.id}"]`).htmlFor = id;
      field.id = id;
      if (field.tagName === "SELECT") field.selectedIndex = 0;
      else field.value = "";
    }
    list.append(row);
    ready(row);
    row.querySelector("input").focus();
  });
}
