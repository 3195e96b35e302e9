/** What was typed and not yet saved, kept in this browser: a lost connection, session or power costs nothing. */

const NAME = "mailer.builder.draft";

/** The drafts of one issue, one for each page it is open in. Where the browser keeps nothing they do nothing. */
export class Drafts {
  #offered = null;

  /**
   * @param {string} issue its id.
   * @param {string} client the page's own name.
   */
  constructor(issue, client) {
    this.prefix = `${NAME}.${issue}.`;
    this.own = this.prefix + client;
    Object.freeze(this); // Alpine then leaves it as it is, with its private members
  }

  /** @param draft {revision, base, document, …}: the document as typed, and the one it started from. */
  keep(draft) {
    attempt(() => localStorage.setItem(this.own, JSON.stringify({ ...draft, at: Date.now() })));
  }

  forget() {
    attempt(() => localStorage.removeItem(this.own));
  }

  /** The newest draft that an earlier visit left, or null. It stays kept until `settle`, whatever is typed meanwhile. */
  left() {
    const names = attempt(() => Object.keys(localStorage)) ?? [];
    const drafts = names
      .filter((name) => name.startsWith(this.prefix) && name !== this.own)
      .map((name) => [name, attempt(() => JSON.parse(localStorage.getItem(name)))])
      .filter(([, draft]) => draft?.document && draft.base)
      .sort(([, a], [, b]) => b.at - a.at);
    if (!drafts.length) return null;
    this.#offered = drafts[0][0];
    return drafts[0][1];
  }

  /** The draft that was left has been used or thrown away. */
  settle() {
    attempt(() => this.#offered && localStorage.removeItem(this.#offered));
  }
}

/** A private window or a full disk makes localStorage throw. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
