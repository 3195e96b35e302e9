// Requests to the site that made the page.

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

const answer = async (response) => {
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, data: isJson ? await response.json() : {} };
};

/** Send JSON; gives {status, data}. */
export const post = async (url, body, signal) =>
  answer(await fetch(url, {
    method: "POST", signal, body: JSON.stringify(body),
    headers: { "content-type": "application/json", "x-csrftoken": token() },
  }));

/** Ask for JSON; gives {status, data}. */
export const read = async (url, signal) => answer(await fetch(url, { signal, headers: { accept: "application/json" } }));
