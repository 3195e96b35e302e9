// A mail as its reader sees it, in a frame whose sandbox runs no script.

/**
 * The HTML of a mail, changed for a reader.
 * @param {"light"|"dark"} scheme what they prefer. A frame follows the browser's own wish, so the mail's rules for the dark
 *   are made to hold always, or never.
 * @param {boolean} images whether they load.
 */
export function seen(html, scheme, images = true) {
  const sources = images ? "https: http: data:" : "'none'";
  const head =
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src ${sources}">` +
    `<base target="_blank"><style>:root{color-scheme:${scheme} !important}</style>`;
  return html
    .replace(/@media\s*\(prefers-color-scheme:\s*dark\)/g, scheme === "dark" ? "@media all" : "@media not all")
    .replace(/<head[^>]*>/i, (tag) => tag + head);
}
