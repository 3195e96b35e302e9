/**
 * Saving as one types. It guarantees that what stands in the page is saved, or kept in this browser, or both; that
 * nobody else's words are written over without being shown; and that fields never change under the caret.
 */

import { adopt, equal, merged, newId, plain } from "./document.js";
import { SignedOut, Unreachable, ask } from "../server.js";

const PAUSE = 800; // ms after the last key
const KEEP = 250; // ms after the last key until this browser keeps it
const LONGEST_WAIT = 30_000; // ms between tries

export class Saving {
  /**
   * @param document the page's, which is changed in place.
   * @param base the server's document with its revision.
   * @param urls of the server: save, document.
   * @param drafts a Drafts.
   * @param client the page's own name, by which the server knows what it saved before an answer was lost.
   * @param show called with {state, message, at, conflict} whenever one of them changes. States: saved, unsaved, saving,
   *   offline, signed-out, conflict, invalid, locked, forbidden.
   * @param around called with what changes the page's words, to keep the caret where it is.
   */
  constructor({ document, base, urls, drafts, client, show, around }) {
    Object.assign(this, { document, urls, drafts, client, show, around });
    this.revision = base.revision;
    this.base = plain({ issue: base.issue, stories: base.stories });
    this.backlog = []; // ids of stories moved out of the issue since the last save
    this.borrowed = new Set(); // ids of stories moved in
    this.failures = 0;
    this.dirty = false;
    this.running = null;
    this.stopped = false; // by what only a person can settle
    this.again = false; // something was changed since the last save began
    this.timer = this.keeping = null;
    Object.seal(this); // Alpine then leaves it as it is, with its private methods
    addEventListener("online", () => this.now());
    addEventListener("focus", () => this.dirty && this.now());
    addEventListener("pagehide", () => this.now({ leaving: true }));
    addEventListener("beforeunload", (event) => {
      if (!this.unsaved()) return;
      this.now({ leaving: true });
      event.preventDefault();
    });
  }

  /** Something was changed. */
  touched() {
    this.dirty = this.again = true;
    if (!this.stopped && !this.failures && !this.running) this.show({ state: "unsaved", message: "" });
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), KEEP);
    if (!this.failures) this.#later(PAUSE);
  }

  /** Whether something is not saved. */
  unsaved() {
    return this.dirty || this.running !== null;
  }

  /** Keep what is not saved in this browser. */
  keep() {
    if (!this.dirty) return;
    const { revision, base, backlog, borrowed, client } = this;
    this.drafts.keep({ revision, base, backlog, client, borrowed: [...borrowed], document: this.#written() });
  }

  /** Save at once. Does nothing where nothing is unsaved, or a person has to decide first. */
  async now({ leaving = false } = {}) {
    clearTimeout(this.timer);
    if (this.running && !leaving) await this.running;
    if (!this.dirty || this.stopped) return;
    this.running = this.#save().finally(() => {
      this.running = null;
    });
    await this.running;
    if (this.again && !this.failures && !this.stopped) this.#later(PAUSE);
  }

  /** Go on from a draft that an earlier visit left. */
  resume(draft) {
    const { revision, base, backlog, client } = draft;
    Object.assign(this, { revision, base, backlog, client });
    this.borrowed = new Set(draft.borrowed);
    this.#apply(draft.document);
    this.dirty = true;
    return this.now();
  }

  /** Bring in what somebody else saved, while nothing is unsaved here. */
  async refresh() {
    if (this.dirty || this.running) return;
    const { status, answer } = await ask(this.urls.document);
    if (status !== 200 || !answer || this.dirty || this.running || answer.revision <= this.revision) return;
    this.#settle(answer.revision, answer);
    this.#apply(this.base);
    this.show({ state: "saved", at: new Date(), message: answer.edited_by ? `with changes by ${answer.edited_by}` : "" });
  }

  /**
   * Go on after somebody has chosen between two people's words.
   * @param preferred as document.js has it.
   */
  decide({ by, theirs, revision }, preferred) {
    const { document, conflicts } = merged(this.base, this.#written(), theirs, preferred);
    if (conflicts.some(({ field }) => !preferred.has(field))) {
      // Something was typed since the dialog was shown.
      this.show({ state: "conflict", conflict: { by, revision, theirs, conflicts } });
      return null;
    }
    this.#apply(document);
    this.#settle(revision, theirs);
    this.stopped = false;
    this.dirty = true;
    this.show({ state: "unsaved", conflict: null, message: "" });
    return this.now();
  }

  #later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), ms);
  }

  async #save() {
    this.keep();
    const document = this.#written();
    const moved = [...this.backlog];
    this.dirty = this.again = false; // until the next key
    this.show({ state: "saving" });
    let reply;
    try {
      const body = { base: this.revision, document, backlog: moved, client: this.client };
      reply = await ask(this.urls.save, { body, outlives: true });
      const { status, answer } = reply;
      // Not the site's own words, but of something on the way: a proxy, a hotel's page to sign in.
      if ((status === 200 && !answer) || status === 429 || status >= 500) throw new Unreachable(`the answer was ${status}`);
    } catch (error) {
      this.dirty = true;
      this.#failed(error);
      return;
    }
    this.failures = 0;
    if (reply.status === 200) {
      this.#saved(document, moved, reply.answer);
      return;
    }
    this.dirty = true;
    this.stopped = reply.status !== 422;
    this.#refused(reply);
    this.keep();
  }

  #saved(sent, moved, answer) {
    const ids = answer.ids ?? {};
    const named = (story) => ({ ...story, id: ids[story.id] ?? story.id });
    sent = { ...sent, stories: sent.stories.map(named) };
    for (const story of this.document.stories) if (ids[story.id]) story.id = ids[story.id];
    this.backlog = this.backlog.filter((id) => !moved.includes(id));
    for (const story of sent.stories) this.borrowed.delete(story.id);
    let conflicts = [];
    if (answer.merged) {
      const both = merged(sent, this.#written(), answer.merged);
      conflicts = both.conflicts;
      if (!conflicts.length) this.#apply(both.document);
    }
    if (conflicts.length) {
      this.stopped = this.dirty = true;
      this.base = sent;
      const { revision, merged: theirs } = answer;
      this.show({ state: "conflict", conflict: { by: "", revision, theirs, conflicts } });
      this.keep();
      return;
    }
    this.#settle(answer.revision, answer.merged ?? sent);
    this.dirty = this.dirty && !equal(this.#written(), this.base);
    if (!this.dirty) {
      clearTimeout(this.keeping);
      this.drafts.forget();
    }
    const at = answer.saved_at ? new Date(answer.saved_at) : new Date();
    this.show({ state: this.dirty ? "unsaved" : "saved", at, message: answer.merged ? "with somebody else's changes" : "" });
  }

  #failed(error) {
    this.keep();
    this.failures += 1;
    this.#later(Math.min(1000 * 2 ** (this.failures - 1), LONGEST_WAIT));
    if (error instanceof SignedOut) this.show({ state: "signed-out", message: "" });
    else if (error instanceof Unreachable) this.show({ state: "offline", message: error.message });
    else throw error;
  }

  #refused({ status, answer }) {
    if (status === 409) {
      const { by, revision, theirs, conflicts } = answer;
      this.show({ state: "conflict", conflict: { by, revision, theirs, conflicts } });
    } else if (status === 422) this.show({ state: "invalid", errors: answer.errors });
    else if (status === 423) this.show({ state: "locked", message: answer.message });
    else this.show({ state: "forbidden", message: answer?.message ?? `the server answered ${status}` });
  }

  #settle(revision, document) {
    this.revision = revision;
    this.base = plain({ issue: document.issue, stories: document.stories });
  }

  /** The document as it is sent. A story that was brought back after it had been deleted there is a new one. */
  #written() {
    const known = new Set(this.base.stories.map((story) => story.id));
    for (const story of this.document.stories) {
      if (typeof story.id === "number" && !known.has(story.id) && !this.borrowed.has(story.id)) story.id = newId();
    }
    return plain({ issue: this.document.issue, stories: this.document.stories });
  }

  #apply(document) {
    this.around(() => adopt(this.document, document));
  }
}
