// Choosing segments: suggestions while one types, by mouse or keyboard. What is chosen stands in hidden fields.
document.addEventListener("alpine:init", () => {
  const read = id => JSON.parse(document.getElementById(id)?.textContent || "[]");

  Alpine.data("picker", () => ({
    field: "",
    all: [],
    chosen: [],
    text: "",
    open: false,
    at: 0,

    init() {
      this.field = this.$root.dataset.name;
      this.all = read("segments");
      const slugs = read("chosen").filter(each => each.out === (this.field === "out")).map(each => each.slug);
      this.chosen = slugs.map(slug => this.all.find(each => each.slug === slug) || { slug, name: slug, kind: "" });
    },

    get found() {
      const words = this.text.trim().toLowerCase();
      return this.all
        .filter(each => !this.chosen.some(other => other.slug === each.slug))
        .filter(each => `${each.name} ${each.slug}`.toLowerCase().includes(words))
        .slice(0, 12);
    },

    get active() {
      return this.open && this.found.length ? this.idOf(this.at) : null;
    },

    idOf(n) {
      return `option-${this.field}-${n}`;
    },

    taking(each) {
      return `Take out ${each.name}`;
    },

    show() {
      this.at = 0;
      this.open = this.found.length > 0;
    },

    hide() {
      this.open = false;
    },

    move(step) {
      if (!this.open) this.show();
      const count = this.found.length;
      if (count) this.at = (this.at + step + count) % count;
    },

    take(each) {
      if (!each || !this.open) return;
      this.chosen.push(each);
      this.text = "";
      this.open = false;
      this.tell();
    },

    drop(each) {
      this.chosen = this.chosen.filter(other => other.slug !== each.slug);
      this.tell();
    },

    back() {
      if (!this.text && this.chosen.length) this.drop(this.chosen[this.chosen.length - 1]);
    },

    tell() {
      const form = this.$root.closest("form");
      this.$nextTick(() => form.dispatchEvent(new Event("arranged")));
    },
  }));
});
