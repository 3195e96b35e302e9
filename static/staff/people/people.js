// The keyboard of the search for people: "/" goes to the box, the arrows go through who was found.

const box = document.getElementById("people-q");
const found = () => [...document.querySelectorAll(".people a")];

const go = (by) => {
  const all = found();
  const next = all.indexOf(document.activeElement) + by;
  if (next < 0) box.focus();
  else all[Math.min(next, all.length - 1)]?.focus();
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const inField = event.target.matches?.("input, select, textarea");
  if (event.key === "/" && !inField) {
    event.preventDefault();
    box.focus();
    box.select();
    return;
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || (inField && event.target !== box) || (!inField && !event.target.closest?.(".people"))) return;
  if (event.target === box && by < 0) return;
  event.preventDefault();
  go(by);
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const all = found();
  if (all.length === 1) { event.preventDefault(); all[0].click(); }
});
