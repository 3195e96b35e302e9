/** How inboxes cut what stands before a mail is opened: typical widths and fonts, since windows and phones differ. */

// Gmail in a window of 1,280 px: what is left of it beside the menu, the sender's column and the date.
const GMAIL = { width: 650, font: "14px Roboto, Arial, sans-serif", bold: "bold 14px Roboto, Arial, sans-serif" };
const LONGEST_SUBJECT = 70; // columns, as the lint counts them
const LONGEST_PREHEADER = 140;

const pen = document.createElement("canvas").getContext("2d");
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The width of a text in pixels. */
function pixels(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

/** What of a text does not fit a width in pixels. */
function beyond(text, width, font) {
  if (pixels(text, font) <= width) return "";
  let seen = "";
  for (const { segment } of graphemes.segment(text)) {
    if (pixels(`${seen}${segment}…`, font) > width) break;
    seen += segment;
  }
  return text.slice(seen.length).trim();
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

  /** What not even a wide window shows: the end of the subject, or else of the preheader. */
  cutByGmail() {
    const { subject, preheader } = this.opening();
    const lost = beyond(subject, GMAIL.width, GMAIL.bold);
    return lost || (preheader && beyond(` – ${preheader}`, GMAIL.width - pixels(subject, GMAIL.bold), GMAIL.font));
  },

  lengthOf(field) {
    const most = field === "subject" ? LONGEST_SUBJECT : LONGEST_PREHEADER;
    const wide = columns(this.opening()[field] === "(no subject)" ? "" : this.opening()[field]);
    return { wide, most, over: wide > most };
  },
};
