/** What is found wrong with the issue while it is written, and the way from a finding to the words it is about. */

import { ask, whyNot } from "../server.js";
import { plain } from "./document.js";

const FIELDS = "input, textarea, button";

/** Where the lines of a text begin and end. */
function line(text, number) {
  const all = text.split("\n");
  const at = Math.min(Math.max(number, 1), all.length) - 1;
  const from = all.slice(0, at).reduce((sum, each) => sum + each.length + 1, 0);
  return [from, from + all[at].length];
}

/** The field of a place, with what it is folded into opened; nothing where there is none. */
function fieldAt(root, place) {
  const wanted = root.querySelector(`[data-place="${CSS.escape(place)}"]`);
  const field = wanted?.matches(FIELDS) ? wanted : wanted?.querySelector(FIELDS);
  field?.closest("details:not([open])")?.setAttribute("open", "");
  return field;
}

/** Act on an element as soon as it is there and shown, which Alpine sees to some moments after a change. */
function whenShown(find, act, frames = 30) {
  const element = find();
  if (element?.checkVisibility()) act(element);
  else if (frames) requestAnimationFrame(() => whenShown(find, act, frames - 1));
}

/** A part of the builder's component: needs its doc, opened and show(). */
export const checks = {
  findings: [], // of the lint and of the builder, errors first
  refused: [], // what the server would not save
  links: null, // results of the link check, once it ran
  checking: false,
  linkProblem: "",

  /** Each once: what the server does not save, the preview mostly does not build. */
  found() {
    const twice = (each) => this.refused.some(({ field, message }) => field === each.field && message === each.message);
    return [...this.refused, ...this.findings.filter((each) => !twice(each))];
  },

  errors() {
    return this.found().filter((finding) => finding.level === "error").length;
  },

  warnings() {
    return this.found().filter((finding) => finding.level !== "error").length;
  },

  verdict() {
    const [errors, warnings] = [this.errors(), this.warnings()];
    const looks = warnings ? `, ${warnings} to look at` : "";
    if (errors) return `${errors} to mend before it can be sent${looks}.`;
    return warnings ? `It can be sent; ${warnings} to look at.` : "Nothing to mend.";
  },

  /** Of one story, or of one field. */
  foundAt(place) {
    return this.found().filter(({ field }) => field === place || field?.startsWith(`${place}.`));
  },

  linksAt(place) {
    return (this.links ?? []).filter(({ field, status }) => field === place && status !== "ok");
  },

  /**
   * Go to the field a finding is about: its card opens, it gets the focus, and the caret stands in the line.
   * @param {string} place such as "subject" or "stories.12.body".
   * @param {?number} number of the line, from 1.
   */
  focusOn(place, number = null) {
    const [, id, field] = place?.match(/^stories\.([^.]+)(?:\.(.+))?$/) ?? [];
    const story = id && this.doc.stories.find((each) => String(each.id) === id);
    if (story) this.opened[story._key] = true;
    if (!this.seesBoth()) this.pane = "write";
    const exact = story && !field ? `${place}.headline` : (place ?? "");
    this.$nextTick(() => whenShown(() => fieldAt(this.root, exact), (target) => {
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
      if (number && target.matches("textarea")) {
        const range = line(target.value, number);
        target.setSelectionRange(range[1], range[1]);
        target.scrollTop = (target.scrollHeight * (number - 1)) / target.value.split("\n").length - 40;
      }
    }));
  },

  /** The lint begins its sentences small, behind the place; here they stand alone. */
  sentence: ({ message }) => message.replace(/^[a-z]+(?=[ ,'’])/, (word) => word[0].toUpperCase() + word.slice(1)),

  goTo({ code, field, line }) {
    // The lint names the image; what is missing is written beside it.
    this.focusOn(code?.startsWith("alt_") ? field.replace(/\.image$/, ".image_alt") : field, line);
  },

  async checkLinks() {
    if (this.checking) return;
    this.checking = true;
    this.linkProblem = "";
    try {
      const { status, answer } = await ask(this.settings.urls.links, { body: { document: plain(this.doc) } });
      if (status === 200) this.links = answer;
      else this.linkProblem = answer?.message ?? `The links were not checked (${status}).`;
    } catch (error) {
      this.linkProblem = whyNot(error);
    }
    this.checking = false;
  },

  linksSaid() {
    const bad = this.links.filter(({ status }) => status === "broken" || status === "unreachable").length;
    const all = `${this.links.length} link${this.links.length === 1 ? "" : "s"}`;
    return bad ? `${bad} of ${all} lead nowhere.` : `${all}: none is broken.`;
  },
};
