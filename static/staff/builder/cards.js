/** Stories as cards: opened, moved, added, copied, hidden, deleted and brought back. */

import { newId, plain, story } from "./document.js";

const MOST_REMOVED = 10;

export const titleOf = (each) => each.headline.trim() || "Story without a headline";

/** A part of the builder's component. Needs its doc, saver, changed(), say() and focusOn(). */
export const cards = {
  opened: {}, // by key
  removed: [], // {story, at, how}: the last one first

  toggle(each) {
    this.opened[each._key] = !this.opened[each._key];
  },

  anyOpen() {
    return this.doc.stories.some((each) => this.opened[each._key]);
  },

  toggleAll() {
    const open = !this.anyOpen();
    this.opened = Object.fromEntries(this.doc.stories.map((each) => [each._key, open]));
  },

  /** Move a story up (-1) or down (1) by keyboard; the button that was pressed keeps the focus. */
  move(each, by, button) {
    const at = this.doc.stories.indexOf(each);
    if (!this.place(at, at + by)) return;
    this.$nextTick(() => {
      const usable = button.disabled ? button.parentElement.querySelector("button:not([disabled])") : button;
      usable.focus({ preventScroll: true });
      usable.closest(".story").scrollIntoView({ block: "nearest" });
    });
  },

  /**
   * A card was dropped on the list. Sortable has moved its element by then, which Alpine must find where it left it.
   * @param list the element of the list.
   * @param key of the story, or of one in the backlog.
   */
  dropped(list, key, position) {
    const elements = new Map([...list.children].map((element) => [element._x_sort_key, element]));
    for (const each of this.doc.stories) list.append(elements.get(each._key));
    const at = this.doc.stories.findIndex((each) => each._key === key);
    if (at >= 0) {
      this.place(at, position);
      return;
    }
    elements.get(key)?.remove();
    this.announce("dropped-from-backlog", { key, position });
  },

  /** Put the story at one place at another. Returns whether there is such a place. */
  place(from, to) {
    const { stories } = this.doc;
    if (to < 0 || to >= stories.length || from === to) return false;
    const [moved] = stories.splice(from, 1);
    stories.splice(to, 0, moved);
    this.changed();
    this.say(`“${titleOf(moved)}” is number ${to + 1} of ${stories.length} now.`);
    return true;
  },

  add() {
    this.put(story(), this.doc.stories.length);
    this.focusOn(`stories.${this.doc.stories.at(-1).id}.headline`);
  },

  /** A story of the newsletter's backlog moves in. */
  insert(fields, at = this.doc.stories.length) {
    const leaving = this.saver.backlog.indexOf(fields.id);
    if (leaving >= 0) this.saver.backlog.splice(leaving, 1);
    else this.saver.borrowed.add(fields.id);
    this.put(story(fields), at);
    this.say(`“${titleOf(fields)}” is number ${at + 1} now.`);
  },

  duplicate(each) {
    const copy = story({ ...plain(each), id: newId() });
    this.put(copy, this.doc.stories.indexOf(each) + 1);
    this.say(`“${titleOf(each)}” was copied.`);
    this.focusOn(`stories.${copy.id}.headline`);
  },

  put(added, at) {
    this.doc.stories.splice(at, 0, added);
    this.changed();
  },

  hide(each) {
    each.hidden = !each.hidden;
    this.changed();
    this.say(each.hidden ? `“${titleOf(each)}” is hidden: nobody gets it.` : `“${titleOf(each)}” is shown again.`);
  },

  /** Take a story out: delete it, or move it to the newsletter's backlog. Either can be undone. */
  takeOut(each, how) {
    const { stories } = this.doc;
    const at = stories.indexOf(each);
    if (how === "backlog") {
      // One that came from there and was not saved since just stays there.
      if (!this.saver.borrowed.delete(each.id)) this.saver.backlog.push(each.id);
    }
    stories.splice(at, 1);
    this.removed = [{ story: each, at, how }, ...this.removed].slice(0, MOST_REMOVED);
    this.changed();
    this.say(`“${titleOf(each)}” ${how === "backlog" ? "moved to the backlog" : "was deleted"}. It can be brought back.`);
    if (how === "backlog") this.saver.now().then(() => this.announce("backlog-changed"));
    this.$nextTick(() => this.root.querySelector(".undo button")?.focus({ preventScroll: true }));
  },

  /** Bring back the story that was taken out last. */
  bringBack() {
    const [last, ...others] = this.removed;
    if (!last) return;
    this.removed = others;
    const leaving = this.saver.backlog.indexOf(last.story.id);
    if (leaving >= 0) this.saver.backlog.splice(leaving, 1);
    else if (last.how === "backlog") this.saver.borrowed.add(last.story.id);
    const at = Math.min(last.at, this.doc.stories.length);
    this.put(last.story, at);
    this.say(`“${titleOf(last.story)}” is back as number ${at + 1}.`);
    this.$nextTick(() => this.card(last.story)?.querySelector(".unfold")?.focus());
  },

  card(each) {
    return this.root.querySelector(`[data-story="${CSS.escape(each.id)}"]`);
  },

  topicNames(each) {
    return this.settings.topics.filter((topic) => each.topics.includes(topic.id)).map((topic) => topic.name);
  },
};
