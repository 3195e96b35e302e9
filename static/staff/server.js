/** Talking to the server in JSON. */

/** Nothing came back, or the server itself failed: worth another try. */
export class Unreachable extends Error {}

/** The session has ended: worth another try once somebody has signed in again. */
export class SignedOut extends Error {}

/** Why nothing came of asking, for people. */
export const whyNot = (error) =>
  error instanceof SignedOut ? "You are signed out: sign in in another tab and try again." : "The site cannot be reached: try again.";

/**
 * Ask the server.
 * @param {string} url
 * @param {{body?: object, form?: FormData, signal?: AbortSignal, outlives?: boolean}} how with a body or a form it is a
 *   POST; outlives: it goes on where the page is left meanwhile.
 * @returns {Promise<{status: number, answer: any}>} whatever the status, but for a server that failed; answer is null where
 *   it is no JSON.
 * @throws {Unreachable|SignedOut|DOMException} AbortError when the signal was given.
 */
export async function ask(url, { body, form, signal, outlives = false } = {}) {
  const sent = form ?? (body && JSON.stringify(body));
  let response;
  try {
    response = await fetch(url, {
      method: sent ? "POST" : "GET",
      body: sent,
      signal,
      headers: {
        Accept: "application/json",
        ...(sent && { "X-CSRFToken": token() }),
        ...(body && { "Content-Type": "application/json" }),
      },
      // Browsers refuse more than 64 KB that outlive a page.
      keepalive: outlives && typeof sent === "string" && sent.length < 60_000,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("no connection");
  }
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  if (response.status >= 500 && !json) throw new Unreachable(`the server failed (${response.status})`);
  // A view sends whom it does not know to the page for signing in, which is HTML.
  if (response.status === 401 || (response.redirected && !json)) throw new SignedOut();
  if (!json) return { status: response.status, answer: null };
  try {
    return { status: response.status, answer: await response.json() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("the answer was cut off");
  }
}

/** The token against forged requests; signing in again in another tab changes the cookie. */
function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]")?.value;
}
