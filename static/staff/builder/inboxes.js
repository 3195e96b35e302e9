/** How inboxes cut what stands before a mail is opened: typical widths and fonts, since windows and phones differ. */

// Gmail in a window of 1,280 px: what is left of it beside the menu, the sender's column and the date.
const GMAIL = { width: 650, font: "14px Roboto, Arial, sans-serif", bold: "bold 14px Roboto, Arial, sans-serif" };
const LONGEST_SUBJECT = 70; // columns, as the lint counts them
const LONGEST_PREHEADER = 140;

const pen = document.createElement("canvas").getContext("2d");
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As much of a text as fits a width in pixels, and the rest. */
function cut(text, width, font) {
  pen.font = font;
  if (pen.measureText(text).width <= width) return [text, ""];
  let seen = "";
  for (const { segment } of graphemes.segment(text)) {
    if (pen.measureText(`${seen}${segment}…`).width > width) break;
    seen += segment;
  }
  return [seen, text.slice(seen.length)];
}

/** The width of a text in columns: a Chinese character takes two. */
function columns(text) {
  let count = 0;
  for (const { segment } of graphemes.segment(text))
    count += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(segment) ? 2 : 1;
  return count;
}

/** A part of the builder's component: needs its doc and preview. */
export const inboxes = {
  /** Subject and preheader as the reader of the preview sees them; before the first preview as they were written. */
  opening() {
    const { subject, preheader } = this.built?.html ? this.built : this.doc.issue;
    return { subject: subject || "(no subject)", preheader };
  },

  gmail() {
    const { subject, preheader } = this.opening();
    const [seen, lost] = cut(subject, GMAIL.width, GMAIL.bold);
    pen.font = GMAIL.bold;
    const left = GMAIL.width - pen.measureText(seen).width;
    const [also, rest] = cut(preheader && !lost ? ` – ${preheader}` : "", left, GMAIL.font);
    return { seen, also, rest: lost || rest };
  },

  lengthOf(field) {
    const most = field === "subject" ? LONGEST_SUBJECT : LONGEST_PREHEADER;
    const wide = columns(this.opening()[field] === "(no subject)" ? "" : this.opening()[field]);
    return { wide, most, over: wide > most };
  },
};
