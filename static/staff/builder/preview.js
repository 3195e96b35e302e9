/**
 * The live preview: what the real builder makes of the words in the page, as any reader sees it.
 *
 * The mail is shown in a frame whose sandbox runs no script, opens no window and sends no form. It is of this origin only
 * so that the page can change what differs in it: nothing flashes, pictures stay, and it keeps its scroll position.
 */

import { seen } from "../mail.js";
import { SignedOut, Unreachable, ask } from "../server.js";
import { plain } from "./document.js";
import { morph } from "./morph.js";

const PAUSE = 180; // ms after the last change: with what building takes, half a second
const BUSY = 429; // an older preview of the same user is still being built
const AGAIN = 100; // ms until it is asked for again then: the newest words are to be seen within half a second
const NARROWEST_DESKTOP = 680; // px: the themes become one column below 480

/** The component of the pane. Needs the builder's doc, settings, built and took(). */
export const preview = () => ({
  part: "html", // or text
  width: "desktop", // or phone
  scheme: "light",
  images: true,
  kind: "example", // everyone, topics, person
  topics: [],
  person: null,
  query: "",
  people: [],
  state: "loading", // shown, offline, signed-out
  scale: 1,
  frameHeight: 0,
  stage: null,
  frame: null,
  timer: null,
  asked: null, // AbortControllers of what is being asked
  finding: null,

  init() {
    // What is called from a list that is gone when the answer comes has no way to $refs.
    Object.assign(this, { stage: this.$refs.stage, frame: this.$refs.frame });
    this.scheme = document.documentElement.classList.contains("dark") ? "dark" : "light";
    this.$watch("kind", () => this.ask());
    this.$watch("topics", () => this.ask());
    for (const name of ["scheme", "images", "width"]) this.$watch(name, () => this.draw());
    if (!this.seesBoth()) this.width = "phone";
    new ResizeObserver(() => this.fit()).observe(this.stage);
    this.ask();
  },

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  },

  as() {
    if (this.kind === "topics") return { kind: "topics", topics: [...this.topics] };
    if (this.kind === "person") return this.person ? { kind: "person", person: this.person.id } : { kind: "example" };
    return { kind: this.kind };
  },

  async ask() {
    clearTimeout(this.timer);
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    try {
      const body = { document: plain(this.doc), as: this.as() };
      const { status, answer } = await ask(this.settings.urls.preview, { body, signal: asked.signal });
      if (asked.signal.aborted) return;
      if (status === BUSY) this.timer = setTimeout(() => this.ask(), AGAIN);
      if (status !== 200 && status !== 422) return;
      this.state = "shown";
      this.took(answer);
      this.draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Unreachable || error instanceof SignedOut)) throw error;
      this.state = error instanceof SignedOut ? "signed-out" : "offline";
      this.timer = setTimeout(() => this.ask(), 4000);
    }
  },

  draw() {
    this.fit();
    if (!this.built?.html) return;
    const { frame } = this;
    const html = seen(this.built.html, this.scheme, this.images);
    if (frame.mail === html) return;
    frame.style.colorScheme = this.scheme;
    const here = frame.contentDocument;
    const loaded = here?.URL === "about:srcdoc" && here.readyState !== "loading";
    // A policy that a document once had cannot be taken from it.
    if (loaded && frame.images === this.images) morph(here.documentElement, new DOMParser().parseFromString(html, "text/html").documentElement);
    else frame.srcdoc = html;
    Object.assign(frame, { mail: html, images: this.images });
  },

  /** A pane that is narrower than a desktop's window shows the mail smaller, not as a phone would. */
  fit() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth) return;
    this.scale = this.width === "phone" ? Math.min(1, clientWidth / 375) : Math.min(1, clientWidth / NARROWEST_DESKTOP);
    this.frameHeight = clientHeight / this.scale;
  },

  frameStyle() {
    const wide = this.width === "phone" ? "375px" : `max(100%, ${NARROWEST_DESKTOP}px)`;
    return { width: wide, height: `${this.frameHeight}px`, transform: `scale(${this.scale})` };
  },

  /** The size of the HTML against what Gmail shows, and the links that are counted. */
  weight() {
    const { size, links } = this.built ?? {};
    if (size === undefined) return ""; // nothing could be built yet
    return `${(size / 1000).toFixed(0)} of 100 KB · ${links} link${links === 1 ? "" : "s"}`;
  },

  async findPeople() {
    this.finding?.abort();
    this.finding = new AbortController();
    try {
      const url = new URL(this.settings.urls.people, location);
      url.search = new URLSearchParams({ q: this.query });
      const { status, answer } = await ask(url, { signal: this.finding.signal });
      this.people = status === 200 ? answer : [];
    } catch (error) {
      if (error.name !== "AbortError") this.people = [];
    }
  },

  choose(person) {
    this.person = person;
    this.people = [];
    this.query = "";
    this.ask();
  },
});
