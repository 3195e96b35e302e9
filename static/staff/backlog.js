/** What the backlog's pages do beside what forms do by themselves: choosing several stories, filters that need no button,
 * and a word while something is fetched. Everything works without it. */

document.documentElement.classList.add("scripted");

for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    form.setAttribute("aria-busy", "true");
    const said = form.querySelector("[role=status]");
    if (said) said.textContent = form.dataset.busy;
    // What is disabled at once would not be sent along.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
  });
}

// A page that comes back out of the browser's memory is as it was when it was left: busy.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

for (const form of document.querySelectorAll("form[data-chooses]")) {
  const boxes = [...form.querySelectorAll("input[name=story]")];
  const all = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    form.querySelectorAll("[data-needs]").forEach((button) => (button.disabled = chosen === 0));
    if (!all) return;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    count.textContent = chosen ? `${chosen} chosen` : "All on this page";
  };
  all?.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    show();
  });
  form.addEventListener("change", (event) => event.target.name === "story" && show());
  show();
}
