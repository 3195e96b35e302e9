// The look of a newsletter: the issue beside the form follows what is chosen, before it is kept.
import { seen } from "../mail.js";
import { ask, whyNot } from "../server.js";

const root = document.querySelector("[data-look]");
const form = root.querySelector("form");
const shown = root.querySelector("#shown");
const frame = root.querySelector("iframe");
const problems = root.querySelector(".problems");
let asking = null;
let waiting = 0;
let html = "";
let scheme = "light";

async function show() {
  asking?.abort();
  asking = new AbortController();
  const body = new FormData(form);
  // A fieldset that is switched off for who may only look sends nothing.
  for (const field of form.querySelectorAll("fieldset:disabled [name]"))
    if (field.type !== "radio" || field.checked) body.set(field.name, field.value);
  body.set("language", shown.value);
  try {
    const { answer } = await ask(root.dataset.look, { form: body, signal: asking.signal });
    if (answer?.html) draw(answer.html);
    problems.replaceChildren(...(answer ? answer.errors ?? [] : [{ message: "The preview does not answer. Reload the page." }]).map(wrong));
  } catch (error) {
    if (error.name === "AbortError") return;
    problems.replaceChildren(wrong({ message: `${whyNot(error)} The preview is the last one.` }));
  }
}

function draw(written, wanted = scheme) {
  html = written;
  scheme = wanted;
  frame.srcdoc = seen(html, scheme);
}

function wrong({ where, message }) {
  const line = document.createElement("p");
  line.className = "wrong";
  line.textContent = where ? `${where}: ${message}` : message;
  return line;
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(show, 150);
}

function choose(button) {
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  if (button.dataset.width) frame.style.width = button.dataset.width;
  if (button.dataset.scheme) draw(html, button.dataset.scheme);
}

form.addEventListener("input", soon);
shown.addEventListener("change", show);
for (const button of root.querySelectorAll(".switch button")) button.addEventListener("click", () => choose(button));
show();
