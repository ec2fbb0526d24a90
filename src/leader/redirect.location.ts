/**
 * The URL at the leader for a request that arrived here. Scheme and host come from the leader's own URL, whatever the
 * client wrote into its request.
 *
 * @param base the URL that the leader gives of itself
 * @param target path and query of the request, as the client sent them
 * @returns undefined when the leader's URL is not for HTTP
 */
export function redirectLocation(base: unknown, target: unknown): string | undefined {
  if (typeof base !== 'string' || !URL.canParse(base)) return undefined;
  const { protocol, origin, pathname } = new URL(base);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const location = origin + pathname.replace(/\/+$/, '') + pathOf(target);
  // A header takes only visible ASCII characters.
  return location.replaceAll(/[^!-~]/gu, (character) => encodeURIComponent(character));
}

/** Begins with a slash: any other text behind a host might become part of the host. */
function pathOf(target: unknown): string {
  if (typeof target !== 'string') return '/';
  if (target.startsWith('/')) return target;
  // A client may send the whole URL, as to a proxy.
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return '/';
  const { pathname, search } = new URL(target);
  return pathname + search;
}
