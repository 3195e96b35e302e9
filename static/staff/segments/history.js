// What a rule was before each change, for undo and redo.

const TOGETHER = 1200; // milliseconds: letters typed one after the other are one change

export class History {
  constructor(now) {
    this.now = now;
    this.past = [];
    this.future = [];
    this.kind = "";
    this.at = 0;
  }

  /** Keep a change. Changes of the same kind, soon after each other, are one; "" is never joined. */
  keep(text, kind = "") {
    if (text === this.now) return;
    const moment = Date.now();
    if (!kind || kind !== this.kind || moment - this.at > TOGETHER) this.past.push(this.now);
    this.future = [];
    [this.now, this.kind, this.at] = [text, kind, moment];
  }

  undo() { return this.#go(this.past, this.future); }
  redo() { return this.#go(this.future, this.past); }

  #go(from, to) {
    if (!from.length) return null;
    to.push(this.now);
    this.now = from.pop();
    this.kind = "";
    return this.now;
  }
}
