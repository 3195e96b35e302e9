// Small things of the pages of imports and forms: the name of a chosen file, buttons that say what is going on, copying.

const SIZE = ["bytes", "KB", "MB", "GB"];

const sizeOf = (bytes) => {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  const number = bytes / 1000 ** power;
  return `${number < 10 && power ? number.toFixed(1) : Math.round(number)} ${SIZE[power]}`;
};

for (const form of document.querySelectorAll("[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const drop = input.closest(".drop");
  const says = form.querySelector("[data-chosen]");
  const tooLarge = form.querySelector("[data-too-large]");
  const unchosen = says.textContent;
  const look = () => {
    const file = input.files[0];
    says.textContent = file ? `${file.name} (${sizeOf(file.size)})` : unchosen;
    tooLarge.hidden = !file || file.size <= Number(form.dataset.most);
  };
  // On its way down, and no further: django-unfold looks for a text field beside each file field, and there is none.
  drop.addEventListener("change", (event) => { event.stopPropagation(); look(); }, true);
  for (const [event, over] of [["dragenter", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(event, () => drop.classList.toggle("over", over));
  }
  form.addEventListener("submit", (event) => { if (!tooLarge.hidden) event.preventDefault(); });
  look();
}

for (const button of document.querySelectorAll("[data-busy]")) {
  button.form?.addEventListener("submit", (event) => {
    if (event.defaultPrevented || (event.submitter && event.submitter !== button)) return;
    // Once the browser has taken up the form: a button that is switched off is none of its fields.
    setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy; });
  });
}

// A page that comes back from the browser's memory would be left with a button that is off.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

for (const button of document.querySelectorAll("[data-copy]")) {
  const says = button.textContent;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.value ?? text.textContent);
      button.textContent = "Copied";
    } catch {
      text.select?.();
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = says; }, 2000);
  });
}
