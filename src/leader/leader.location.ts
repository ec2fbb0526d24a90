/**
 * Where a client finds at the leader what it asked for here. Host and scheme are those the leader gives of itself, whatever
 * the client wrote into its request.
 *
 * @param base the URL the leader gives of itself
 * @param target path and query of the request, as the client sent them
 * @returns undefined when the leader's URL is none for HTTP
 */
export function leaderLocation(base: unknown, target: unknown): string | undefined {
  if (typeof base !== 'string' || !URL.canParse(base)) return undefined;
  const { protocol, origin, pathname } = new URL(base);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const location = origin + pathname.replace(/\/+$/, '') + pathOf(target);
  // What is no ASCII cannot stand in a header.
  return location.replaceAll(/[^!-~]/gu, (character) => encodeURIComponent(character));
}

/** Begins with a slash: behind a host, anything else might become part of it. */
function pathOf(target: unknown): string {
  if (typeof target !== 'string') return '/';
  if (target.startsWith('/')) return target;
  // A client may send the whole URL, as to a proxy.
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return '/';
  const { pathname, search } = new URL(target);
  return pathname + search;
}
