/** ms without a word, and the page goes on with another member. */
const SILENCE = 2_000;

/**
 * Listens to the member that served the page, and to another one when that is gone: every member sees the same group.
 * @returns {{ readonly url: string }} where to send what the user does
 */
export function listen({ state, entry, served, lost }) {
  const urls = new Set([location.origin]);
  let url = location.origin;
  let source;
  let silence;

  connect();
  return {
    get url() {
      return url;
    },
  };

  function connect() {
    source = new EventSource(`${url}/live`);
    source.addEventListener('state', ({ data }) => {
      const news = JSON.parse(data);
      for (const { metadata } of news.members) urls.add(metadata.url);
      served(url);
      expectMore();
      state(news);
    });
    source.addEventListener('entry', ({ data }) => entry(JSON.parse(data)));
    source.addEventListener('error', goOn);
    expectMore();
  }

  function expectMore() {
    clearTimeout(silence);
    silence = setTimeout(goOn, SILENCE);
  }

  function goOn() {
    clearTimeout(silence);
    source.close();
    lost(url);
    const all = [...urls];
    url = all[(all.indexOf(url) + 1) % all.length];
    silence = setTimeout(connect, 200);
  }
}
