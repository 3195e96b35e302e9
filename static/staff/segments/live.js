// Beside the rule, live: what it says, what is wrong with it, how many people it names, and ten of them.

import { h } from "../dom.js";
import { ask, whyNot } from "../server.js";

const SAY_AFTER = 150, COUNT_AFTER = 450; // milliseconds without a further change
const PAGE = Math.floor(Math.random() * 1e9); // tells this page from others: a newer count for it ends the older one
const SLOW = 1; // seconds from which on it is said how long a count took

const people = (number) => `${number.toLocaleString("en-US")} ${number === 1 ? "person" : "people"}`;

/** What is only not entered yet is no mistake. */
const ASKED = { empty_text: "Enter a value.", empty_list: "Choose at least one.", no_condition: "Choose a field." };
export const isOpen = (fault) => fault.code in ASKED || fault.message.startsWith("this is null");
export const said = (fault) => {
  if (fault.code === "empty_list" && /(all|any|none)$/.test(fault.place)) return "Add a condition, or remove the group.";
  if (isOpen(fault)) return ASKED[fault.code] ?? "Enter a value.";
  return sentence(fault.message);
};
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

export class Live {
  /** urls: of the server; elements: where it is shown; faults: told what is wrong, each time. */
  constructor(urls, elements, faults) {
    Object.assign(this, { urls, elements, faults });
    this.asked = null;
    this.timers = [];
  }

  /** The rule, as it is now. What was asked about an older one is given up. */
  follow(rule, slug, atOnce = false) {
    this.asked?.abort();
    this.timers.forEach(clearTimeout);
    this.asked = new AbortController();
    const { signal } = this.asked;
    this.elements.count.classList.add("old");
    const wait = (time) => new Promise((done) => { this.timers.push(setTimeout(done, atOnce ? 0 : time)); });
    this.#ask({ rule, slug }, signal, wait).catch((error) => {
      if (error.name === "AbortError" || signal.aborted) return;
      this.#show(whyNot(error), { rule, slug });
    });
  }

  async #ask(body, signal, wait) {
    await wait(SAY_AFTER);
    const data = (await ask(this.urls.check, { body, signal })).answer ?? {};
    if (signal.aborted) return;
    this.faults(data.faults ?? []);
    if (!data.sentence) {
      this.elements.sentence.textContent = "";
      this.#show(data.faults?.every(isOpen) ? "The rule is not complete yet." : "The rule cannot be counted yet.");
      return;
    }
    this.elements.sentence.textContent = sentence(data.sentence);
    await wait(COUNT_AFTER - SAY_AFTER);
    this.elements.count.setAttribute("aria-busy", "true");
    const { status, answer: counted } = this.urls.count ? await ask(this.urls.count, { body: { ...body, page: PAGE }, signal }) : await ask(`${this.urls.count_saved}?as=json`, { signal });
    if (signal.aborted) return;
    if (status !== 200) this.#show(sentence(counted?.message ?? "It was not counted."), status === 503 ? body : null);
    else this.#counted(counted);
  }

  #counted({ people: number, seconds, examples }) {
    this.#show(people(number));
    this.elements.count.classList.add("number");
    this.elements.time.textContent = seconds >= SLOW ? `Counted in ${seconds.toLocaleString("en-US")} s.` : "";
    this.elements.examples.replaceChildren(...examples.map((each) =>
      h("li", {}, h("a", { href: each.url }, h("bdi", {}, each.address)),
        h("small", {}, h("bdi", {}, [each.name, each.country].filter(Boolean).join(" · "))))));
    this.elements.such.hidden = !examples.length;
  }

  /** again: what the button asks about that counts it once more; null: there is none. */
  #show(text, again = null) {
    const { count, time, examples, such } = this.elements;
    count.classList.remove("old", "number");
    count.removeAttribute("aria-busy");
    count.textContent = text;
    time.replaceChildren(again ? h("button", { type: "button", onclick: () => this.follow(again.rule, again.slug, true) }, "Count again") : "");
    examples.replaceChildren();
    such.hidden = true;
  }
}
