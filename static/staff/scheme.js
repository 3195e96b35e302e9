// A mail as a reader sees it who likes it light, or dark. A frame follows the browser's own wish, so the mail's rules for
// the dark are made to hold always, or never.
export const inScheme = (html, scheme) =>
  html.replace(/@media\s*\(prefers-color-scheme:\s*dark\)/g, scheme === "dark" ? "@media all" : "@media not all");
