/** The issue builder: one page, two panes. Its parts are in the files beside this one. */

import { backlog } from "./backlog.js";
import { cards, titleOf } from "./cards.js";
import { checks } from "./checks.js";
import { changedBy, conflicts } from "./conflict.js";
import { adopt, caretAfter, equal, newId, opened, plain } from "./document.js";
import { Drafts } from "./drafts.js";
import { inboxes } from "./inboxes.js";
import { markdown } from "./markdown.js";
import { picture } from "./pictures.js";
import { presence } from "./presence.js";
import { preview } from "./preview.js";
import { Saving } from "./saving.js";
import { versions } from "./versions.js";

const given = (id) => JSON.parse(document.getElementById(id).textContent);
const clock = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

const TWO_PANES = 860; // px, as layout.css has it

const STATES = {
  saved: ({ at }) => (at ? `Saved ${clock(at)}` : "Saved"),
  unsaved: () => "Not saved yet",
  saving: () => "Saving…",
  offline: () => "Offline: kept in this browser",
  "signed-out": () => "Signed out: sign in in another tab and go on",
  conflict: ({ conflict }) => changedBy(conflict),
  invalid: () => "Not saved: see the checks",
  locked: () => "Locked: kept in this browser",
  forbidden: () => "Not saved: kept in this browser",
};

/** The component of the page. */
const builder = () => ({
  ...cards,
  ...checks,
  ...conflicts,
  ...inboxes,
  ...presence,
  settings: given("settings"),
  doc: opened(given("document")),
  saving: { state: "saved", at: null, message: "", conflict: null },
  mayChange: true,
  locked: null,
  built: null, // the last answer of the preview that had a mail
  broken: false, // whether what is written now cannot be built
  pane: "preview", // write, checks, backlog, handing; beside the words where there is room
  root: null,
  saver: null,
  telling: null,
  drafts: null,
  draft: null, // what an earlier visit left unsaved
  said: "",
  singleKeys: Alpine.$persist(true).as("mailer.builder.keys"), // WCAG 2.1.4: they can be switched off
  titleOf,

  init() {
    this.root = this.$root; // called from a part with an x-data of its own, $root is that part's
    this.locked = this.settings.locked;
    this.mayChange = this.settings.may_change && !this.locked;
    const { issue, images, capture } = this.root.dataset;
    Object.assign(this.settings.urls, { images, capture });
    if (!this.seesBoth()) this.pane = "write";
    const base = given("document");
    const client = newId();
    const drafts = new Drafts(issue, client);
    this.saver = new Saving({
      document: this.doc,
      base,
      urls: this.settings.urls,
      drafts,
      client,
      show: (change) => this.showSaving(change),
      around: (change) => this.keepingCaret(change),
    });
    this.drafts = drafts;
    const left = drafts.left();
    if (left && !equal(left.document, plain(this.doc))) this.draft = left;
    else drafts.settle();
    this.root.addEventListener("input", (event) => event.target.closest("[data-place]") && this.changed());
    this.root.addEventListener("focusout", (event) => event.target.closest("[data-place]") && this.saver.now());
    const bar = this.root.querySelector(".bar");
    new ResizeObserver(() => this.root.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
    this.$watch("pane", (pane) => pane === "handing" && this.announce("words-saved"));
    this.watchPresence();
    document.addEventListener("click", (event) => this.leave(event));
    this.$nextTick(() => htmx.process(this.root));
  },

  /** A link was clicked: what is not saved is saved first. What cannot be is warned of, as the browser does it. */
  async leave(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!this.saver.unsaved()) return;
    event.preventDefault();
    await this.saver.now();
    location.assign(link.href);
  },

  /** Whether there is room for two panes. */
  seesBoth() {
    return this.root.clientWidth >= TWO_PANES;
  },

  day() {
    const day = new Date(`${this.doc.issue.date}T12:00:00`);
    return Number.isNaN(day.getTime()) ? "" : day.toLocaleDateString("en-GB", { dateStyle: "long" });
  },

  /** Something was changed: it will be saved, and the preview shows it. */
  changed() {
    this.saver.touched();
    this.announce("document-changed");
  },

  showSaving(change) {
    Object.assign(this.saving, change);
    if (change.errors) this.refused = change.errors.map((error) => ({ level: "error", ...error }));
    else if (change.state === "saved") this.refused = [];
    // An approval falls with a change: its panel says so.
    if (change.state === "saved" && ["handing", "versions"].includes(this.pane)) this.announce("words-saved");
    if (change.state === "conflict") this.askAboutConflict();
    if (change.state === "locked") [this.locked, this.mayChange] = [change.message, false];
  },

  stateSaid() {
    return STATES[this.saving.state](this.saving);
  },

  /** The number readers see: hidden stories have none. */
  numberOf(each) {
    return each.hidden ? "–" : this.doc.stories.filter(({ hidden }) => !hidden).indexOf(each) + 1;
  },

  /** Go on with the draft; where nothing may be changed it can be looked at and copied from, and stays kept. */
  async useDraft() {
    if (this.mayChange) {
      await this.saver.now();
      if (this.saver.unsaved()) return; // what was typed since has to be on the server, where both are merged
      this.saver.resume(this.draft);
      this.drafts.settle();
    } else adopt(this.doc, this.draft.document);
    this.draft = null;
    this.announce("document-changed");
  },

  leaveDraft() {
    this.draft = null;
    this.drafts.settle();
  },

  draftAt() {
    const at = new Date(this.draft.at);
    const today = at.toDateString() === new Date().toDateString();
    return today ? clock(at) : at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  },

  /** The preview has an answer. */
  took(answer) {
    this.built = answer.html ? answer : { ...this.built, excluded: answer.excluded };
    this.broken = Boolean(answer.errors?.length);
    this.findings = [
      ...(answer.errors ?? []).map((error) => ({ ...error, level: "error" })),
      ...(answer.findings ?? []).filter(({ level }) => level === "error"),
      ...(answer.findings ?? []).filter(({ level }) => level !== "error"),
    ];
  },

  /** Tell the other parts of the page, whichever of them the call came from. */
  announce(name, detail) {
    this.root.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  },

  /** Make a change to the document that was not typed here; the caret stays in the words it stands in. */
  keepingCaret(change) {
    const field = document.activeElement;
    const { value, selectionStart, selectionEnd, scrollTop } = field ?? {};
    change();
    this.announce("document-changed");
    if (typeof selectionStart !== "number") return;
    this.$nextTick(() => {
      if (document.activeElement !== field || field.value === value) return;
      field.setSelectionRange(
        caretAfter(value, field.value, selectionStart),
        caretAfter(value, field.value, selectionEnd),
      );
      field.scrollTop = scrollTop;
    });
  },

  /** Tell somebody who does not see the page. */
  say(words) {
    this.said = "";
    this.$nextTick(() => (this.said = words));
  },

  /** Keys of the whole page. */
  key(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === "s") {
      event.preventDefault();
      this.saver.now();
    } else if (event.altKey && /^Arrow(Up|Down)$/.test(event.key)) this.moveFocused(event);
    else if (!this.singleKeys || typing || command || event.altKey || this.root.querySelector("dialog[open]")) return;
    else if (event.key === "?") this.root.querySelector("dialog.keys").showModal();
    else if (event.key === "n" && this.mayChange) {
      event.preventDefault();
      this.add();
    } else if (event.key === "z" && this.mayChange) this.bringBack();
    else if (event.key === "p") this.pane = "preview";
    else if (event.key === "c") this.pane = "checks";
    else if (event.key === "b") this.pane = "backlog";
  },

  /** Alt with an arrow moves the story that has the focus. */
  moveFocused(event) {
    const { story: id } = event.target.closest(".story")?.dataset ?? {};
    const at = this.doc.stories.findIndex((each) => String(each.id) === id);
    if (at < 0 || !this.mayChange) return;
    event.preventDefault();
    const focused = event.target;
    if (this.place(at, at + (event.key === "ArrowUp" ? -1 : 1)))
      this.$nextTick(() => {
        focused.focus({ preventScroll: true });
        focused.closest(".story").scrollIntoView({ block: "nearest" });
      });
  },
});

Alpine.data("builder", builder);
Alpine.data("backlog", backlog);
Alpine.data("markdown", markdown);
Alpine.data("picture", picture);
Alpine.data("preview", preview);
Alpine.data("versions", versions);
// Modules run after Alpine has started: until they have, the page is a template.
dispatchEvent(new Event("builder-ready"));
