// Talks to the carrier: one function to ask it something, one that follows what happens.

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  return read(answer);
}

/** Send a file, as bytes. */
export const postFile = async (path, file) => read(await fetch(path, { method: "POST", body: file }).catch(() => null));

async function read(answer) {
  if (answer === null) throw new Error("The carrier does not answer. Is it still running?");
  const given = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(given.error || `The carrier answered ${answer.status}.`);
  return given;
}

/** Follow the feed; `hear` gets each piece of news, `show` whether we are connected. */
export function follow(hear, show) {
  const feed = new EventSource("/_events");
  feed.onerror = () => show(false);
  feed.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    hear(news);
    // The first news of every (re)connection is everything there is, so that nothing said meanwhile is missed.
    if (news.phones) show(true);
  };
}
