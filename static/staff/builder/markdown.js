/** The toolbar of a Markdown field, and its keys. */

/** Merge tags that every subscriber has a value for; the builder refuses others by name. */
const TAGS = [
  { label: "First name", tag: '{{ subscriber.first_name or "there" }}' },
  { label: "Last name", tag: "{{ subscriber.last_name }}" },
  { label: "E-mail address", tag: "{{ subscriber.email }}" },
  { label: "Newsletter", tag: "{{ newsletter.name }}" },
  { label: "Number of the issue", tag: "{{ issue.number }}" },
  { label: "Date of the issue", tag: "{{ issue.date }}" },
  { label: "Link: preferences", tag: "[Choose your topics]({{ links.preferences }})" },
  { label: "Link: in the browser", tag: "[Read on the web]({{ links.view }})" },
];

const LINE_STARTS = /^(?:#{1,6} |> |[-*] |\d+[.)] )/;

/**
 * Write over the selection of a field as if it had been typed: the browser's undo knows of it, and Alpine is told.
 * @param {HTMLTextAreaElement|HTMLInputElement} field
 * @param {[number, number]} range what is written over.
 * @param {[number, number]} selected counted from the start of what was written.
 */
function write(field, [from, to], text, [first, last]) {
  field.focus();
  field.setSelectionRange(from, to);
  // Deprecated and without a successor: nothing else reaches a field's own undo.
  const typed = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (!typed) {
    field.setRangeText(text, from, to);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(from + first, from + last);
}

/** Put marks around the selection, or take them away where they stand. */
function around(field, mark) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const n = mark.length;
  const text = value.slice(from, to);
  const single = mark !== "*" || value[from - 2] !== "*";
  if (value.slice(from - n, from) === mark && value.slice(to, to + n) === mark && single)
    write(field, [from - n, to + n], text, [0, text.length]);
  else write(field, [from, to], mark + text + mark, [n, n + text.length]);
}

/** Make the selection a link; an address that is selected becomes its own target. */
function link(field) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const text = value.slice(from, to);
  if (/^https?:\/\/\S+$/.test(text)) write(field, [from, to], `[](${text})`, [1, 1]);
  else {
    const target = text.length + 3;
    write(field, [from, to], `[${text}](https://)`, text ? [target, target + 8] : [1, 1]);
  }
}

/** Begin every selected line with a mark, or take it away where all have it. */
function lines(field, mark) {
  const { value } = field;
  const from = value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const end = value.indexOf("\n", field.selectionEnd);
  const to = end < 0 ? value.length : end;
  const all = value.slice(from, to).split("\n");
  const bare = all.map((line) => line.replace(LINE_STARTS, ""));
  const marked = mark === "1. " ? bare.map((line, at) => `${at + 1}. ${line}`) : bare.map((line) => mark + line);
  const text = (all.join() === marked.join() ? bare : marked).join("\n");
  write(field, [from, to], text, all.length > 1 ? [0, text.length] : [text.length, text.length]);
}

/** Write something where the caret is. */
function insert(field, text) {
  write(field, [field.selectionStart, field.selectionEnd], text, [text.length, text.length]);
}

const ACTS = {
  bold: (field) => around(field, "**"),
  italic: (field) => around(field, "*"),
  link,
  list: (field) => lines(field, "- "),
  numbers: (field) => lines(field, "1. "),
  heading: (field) => lines(field, "### "),
  quote: (field) => lines(field, "> "),
};
const KEYS = { b: "bold", i: "italic", k: "link" };

/** The component around a field and its toolbar. */
export const markdown = () => ({
  tags: TAGS,
  menu: false,

  field() {
    return this.$root.querySelector("textarea, input");
  },

  act(name) {
    ACTS[name](this.field());
  },

  tag(text) {
    this.menu = false;
    insert(this.field(), text);
  },

  /** Ctrl or Cmd with B, I or K; and a list goes on with the next line. */
  key(event) {
    const name = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && KEYS[event.key.toLowerCase()];
    if (name) {
      event.preventDefault();
      event.stopPropagation();
      this.act(name);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.goOn(event);
  },

  goOn(event) {
    const field = event.target;
    const { selectionStart: at, selectionEnd: end, value } = field;
    const start = value.lastIndexOf("\n", at - 1) + 1;
    const item = at === end && value.slice(start, at).match(/^(\s*)([-*]|(\d+)([.)])) (.*)$/);
    if (!item) return;
    event.preventDefault();
    const next = item[3] ? `${Number(item[3]) + 1}${item[4]}` : item[2];
    if (item[5]) insert(field, `\n${item[1]}${next} `);
    else write(field, [start, at], "", [0, 0]); // Enter on an empty item ends the list
  },

  /** An address that is pasted over selected words links them. */
  paste(event) {
    const field = event.target;
    const pasted = event.clipboardData.getData("text/plain").trim();
    const { selectionStart: from, selectionEnd: to, value } = field;
    const words = value.slice(from, to);
    if (!/^https?:\/\/[^\s()]+$/.test(pasted) || !words || /[\n[\]]|^https?:/.test(words)) return;
    event.preventDefault();
    insert(field, `[${words}](${pasted})`);
  },
});
