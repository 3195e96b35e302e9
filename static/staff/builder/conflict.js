/** The dialog for words that two people changed: both are shown, and somebody chooses. Nothing is written before. */

const shown = (value, topics) => {
  if (Array.isArray(value)) return topics.filter(({ id }) => value.includes(id)).map(({ name }) => name).join(", ") || "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null || value === undefined) return "(not there)";
  if (typeof value === "object") return `${value.headline}\n${value.body}`;
  return String(value) || "(empty)";
};

/** Whose words stand against those typed here: somebody's, or what this browser kept while it was away. */
export const changedBy = (conflict) =>
  conflict?.by ? `${conflict.by} changed the same words` : "The same words were changed elsewhere";

/** A part of the builder's component: needs its saver, saving and settings. */
export const conflicts = {
  changedBy,
  choices: {}, // mine or theirs, by field

  askAboutConflict() {
    this.choices = Object.fromEntries(this.saving.conflict.conflicts.map((each) => [each.field, "mine"]));
    this.$nextTick(() => {
      const dialog = this.root.querySelector("dialog.conflict");
      if (!dialog.open) dialog.showModal();
    });
  },

  /** What somebody made of a field, in words. */
  shownValue({ field }, value) {
    if (field === "stories") return value.map((id) => this.doc.stories.find((each) => each.id === id)?.headline ?? id).join(", ");
    return shown(value, this.settings.topics);
  },

  chooseAll(whose) {
    for (const place of Object.keys(this.choices)) this.choices[place] = whose;
  },

  decide() {
    const { conflict } = this.saving;
    this.root.querySelector("dialog.conflict").close();
    this.saver.decide(conflict, new Map(Object.entries(this.choices)));
  },
};
