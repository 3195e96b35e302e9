/** The picture of a story: uploaded by button, drop or paste, chosen from earlier ones, or given by its address. */

import { ask, whyNot } from "../server.js";

/** The component around a story's picture. Needs the builder's settings and changed(), and `story` of the card. */
export const picture = () => ({
  busy: false,
  over: false,
  problem: "",
  earlier: null, // pictures of the newsletter, once they were asked for

  get lacksAlt() {
    return this.story.image.trim() !== "" && this.story.image_alt.trim() === "";
  },

  drop(event) {
    this.over = false;
    this.upload(event.dataTransfer.files[0]);
  },

  /** A picture in the clipboard is uploaded; text is pasted as ever. */
  paste(event) {
    const [file] = event.clipboardData.files;
    if (!file?.type.startsWith("image/") || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    this.upload(file);
  },

  async upload(file) {
    if (!file || this.busy || !this.mayChange) return;
    const { story } = this; // the card may be another one's when the answer comes
    const form = new FormData();
    form.append("file", file);
    if (!story.image) form.append("alt", story.image_alt); // else it is of the picture that goes
    this.busy = true;
    this.problem = "";
    try {
      const { status, answer } = await ask(this.settings.urls.images, { form });
      if (status === 201) this.use(answer, story);
      else this.problem = answer?.message ?? `The picture was not taken (${status}).`;
    } catch (error) {
      this.problem = whyNot(error);
    }
    this.busy = false;
  },

  async look() {
    if (this.earlier) {
      this.earlier = null;
      return;
    }
    this.problem = "";
    try {
      const { status, answer } = await ask(this.settings.urls.images);
      if (status === 200) this.earlier = answer;
      else this.problem = `Earlier pictures cannot be shown (${status}).`;
    } catch (error) {
      this.problem = whyNot(error);
    }
  },

  use({ url, alt }, story = this.story) {
    Object.assign(story, { image: url, image_alt: alt });
    this.earlier = null;
    this.changed();
    if (!story.image_alt) this.focusOn(`stories.${story.id}.image_alt`);
  },

  remove() {
    Object.assign(this.story, { image: "", image_alt: "" });
    this.changed();
  },
});
