import { $, element, placeOf, timeOf } from './dom.js';

const terms = new Set();
let known;
let lastLed;

/** Terms out of the log, and what the page sees happen. */
export function followTerms({ terms: history, leader, members }) {
  if (known) noteChanges(members);
  else for (const term of history.toReversed()) noteTerm(term);
  known = new Map(members.map((member) => [member.id, placeOf(member)]));
  if (!leader) return;
  const member = members.find(({ id }) => id === leader.id) ?? leader;
  noteTerm({ token: leader.token, since: leader.since, url: placeOf(member) }, lastLed);
  lastLed = { token: leader.token, at: performance.now() };
}

function noteTerm({ token, since, url }, before) {
  if (terms.has(token)) return;
  terms.add(token);
  const gap = before
    ? `; ${((performance.now() - before.at) / 1_000).toFixed(1)} s without a leader`
    : '';
  note(since, `${url.replace('http://', '')} leads${gap}`, 'leads');
}

function noteChanges(members) {
  const now = new Map(members.map((member) => [member.id, placeOf(member)]));
  for (const [id, place] of now) if (!known.has(id)) note(Date.now(), `${place} joined`);
  for (const [id, place] of known) if (!now.has(id)) note(Date.now(), `${place} is gone`, 'gone');
}

function note(moment, text, kind = '') {
  const what = element('span', { className: `grow ${kind}`, text });
  $('events').prepend(element('li', {}, timeOf(moment), what));
  while ($('events').children.length > 50) $('events').lastElementChild.remove();
}
