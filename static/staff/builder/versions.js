/** The versions of the issue beside it: who changed what and when. Each has a page of its own, where it can be restored. */

import { ask, whyNot } from "../server.js";

/** The component of the pane. Needs the builder's settings and saver. */
export const versions = () => ({
  versions: null,
  problem: "",

  async init() {
    await this.saver.now();
    try {
      const { status, answer } = await ask(this.settings.urls.versions);
      if (status === 200) this.versions = answer;
      else this.problem = `The versions cannot be shown (${status}).`;
    } catch (error) {
      this.problem = whyNot(error);
    }
  },

  address(version) {
    return `${this.settings.urls.versions}${version.revision}/`;
  },

  when({ at }) {
    const parts = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
    return new Date(at).toLocaleString("en-GB", parts);
  },
});
