/** Who else works on the issue, and where: told by each page every few seconds. */

import { ask } from "../server.js";

const EVERY = 8000; // ms
const AT_ONCE = 600; // ms after the focus moved

/** Two letters of a name. */
const initials = (name) =>
  name
    .split(/[\s._@-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("");

/** "Ben is here"; of one's own other window the server speaks to one. */
const is = (name, what) => (name.startsWith("You,") ? name : `${name} is ${what}`);

/** A part of the builder's component: needs its settings and saver. */
export const presence = {
  others: [], // {name, field, seconds}

  watchPresence() {
    const tell = async () => {
      clearTimeout(this.telling);
      if (!document.hidden) await this.tell();
      this.telling = setTimeout(tell, EVERY);
    };
    const soon = () => {
      clearTimeout(this.telling);
      this.telling = setTimeout(tell, AT_ONCE);
    };
    this.root.addEventListener("focusin", soon);
    document.addEventListener("visibilitychange", soon);
    tell();
  },

  async tell() {
    const place = document.activeElement?.closest("[data-place]")?.dataset.place ?? null;
    try {
      const { status, answer } = await ask(this.settings.urls.presence, { body: { field: place, client: this.saver.client } });
      if (status !== 200) return;
      this.others = answer.others;
      this.markHeld();
      if (answer.revision > this.saver.revision) await this.saver.refresh();
    } catch {
      this.others = []; // saving says that there is no connection
      this.markHeld();
    }
  },

  /** Fields that somebody else is in say so. */
  markHeld() {
    for (const element of this.root.querySelectorAll("[data-held]")) delete element.dataset.held;
    for (const { name, field } of this.others) {
      const element = field && this.root.querySelector(`[data-place="${CSS.escape(field)}"]`);
      const box = element?.closest(".field");
      if (box) box.dataset.held = is(name, "here");
    }
  },

  initials,

  /** What somebody does, in words. */
  doing({ name, field }) {
    const [, id] = field?.match(/^stories\.([^.]+)/) ?? [];
    const at = id ? this.doc.stories.findIndex((each) => String(each.id) === id) : -1;
    if (at >= 0) return is(name, `in story ${at + 1}`);
    return is(name, field ? `in the ${field.replaceAll("_", " ")}` : "looking");
  },

  inStory(each) {
    return this.others.filter(({ field }) => field?.startsWith(`stories.${each.id}.`));
  },
};
