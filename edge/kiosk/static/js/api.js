/** The booth's API, as the pages use it: every request goes to the page's own origin. */

/** An answer that is not 2xx; `key` names the sentence to show, `status` is HTTP's (0: nobody answered). */
export class Refused extends Error {
  constructor(status, key, details = {}) {
    super(`${status} ${key}`);
    Object.assign(this, { status, key, details });
  }
}

const SENTENCES = { 0: "notice.offline", 401: "notice.forbidden", 403: "notice.forbidden", 404: "photo.gone",
  413: "notice.upload_large", 415: "notice.upload_refused", 429: "notice.wait" };

/** Asks and returns the answer's JSON (null where it has none); raises Refused. body: an object or FormData. */
export async function ask(path, { method = "GET", body } = {}) {
  const form = body instanceof FormData;
  const headers = body && !form ? { "content-type": "application/json" } : {};
  const sent = body && !form ? JSON.stringify(body) : body;
  const answer = await fetch(path, { method, headers, body: sent, cache: "no-store" }).catch(() => null);
  if (!answer) throw new Refused(0, SENTENCES[0]);
  const json = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw refusal(answer.status, json);
  return json;
}

/** What an answer's status and body say, as Refused. */
export function refusal(status, json) {
  const said = json?.notice?.key ?? json?.key;
  return new Refused(status, said?.startsWith("notice.") ? said : SENTENCES[status] ?? "notice.problem", json ?? {});
}

export const tell = (path, body) => ask(path, { method: "POST", body: body ?? {} });
export const remove = (path) => ask(path, { method: "DELETE" });
