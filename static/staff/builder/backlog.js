/** The newsletter's backlog beside the issue: stories to be searched, dragged or put into it, and caught from the web. */

import { story } from "./document.js";
import { ask, whyNot } from "../server.js";

/** The component of the pane. Needs the builder's settings, doc, saver and insert(). */
export const backlog = () => ({
  stories: [],
  query: "",
  topic: "",
  page: 1,
  more: false,
  loading: true,
  unseen: "", // why the backlog cannot be shown
  link: "",
  catching: false,
  asked: null,
  problem: "",

  init() {
    this.$watch("topic", () => this.search());
    this.search();
  },

  async search(page = 1) {
    this.asked?.abort();
    this.asked = new AbortController();
    const url = new URL(this.settings.urls.backlog, location);
    url.search = new URLSearchParams({ q: this.query, topic: this.topic, page });
    try {
      const { answer } = await ask(url, { signal: this.asked.signal });
      const found = (answer?.stories ?? []).map((each) => ({ ...story(each), created_at: each.created_at, feed: each.feed }));
      this.stories = page > 1 ? [...this.stories, ...found] : found;
      this.page = page;
      this.more = answer?.page < answer?.pages;
      this.unseen = "";
    } catch (error) {
      if (error.name === "AbortError") return;
      this.unseen = whyNot(error);
    }
    this.loading = false;
  },

  /** Those that are not in the issue already; what is being moved out is here after the next save. */
  offered() {
    const used = new Set(this.doc.stories.map((each) => each.id));
    return this.stories.filter((each) => !used.has(each.id));
  },

  /** Why nothing is shown. */
  nothing() {
    if (this.unseen) return this.unseen;
    if (this.query || this.topic) return "No story in the backlog is like that.";
    return "The backlog is empty. Paste a link above, or let feeds fill it.";
  },

  take(key, position) {
    const chosen = this.stories.find((each) => each._key === key);
    if (chosen) this.insert(chosen, position);
  },

  /** Make a story of a page on the web. */
  async capture() {
    if (!this.link.trim() || this.catching) return;
    this.catching = true;
    this.problem = "";
    try {
      const { status, answer } = await ask(this.settings.urls.capture, { body: { url: this.link.trim() } });
      if (status === 201) {
        this.stories = [story(answer.story), ...this.stories];
        this.link = "";
        this.say("The page is in the backlog.");
      } else this.problem = answer?.message ?? `The page was not taken (${status}).`;
    } catch (error) {
      this.problem = whyNot(error);
    }
    this.catching = false;
  },
});
