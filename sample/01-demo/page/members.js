import { $, element, placeOf, timeOf } from './dom.js';

const rows = new Map();

/** Rows stay the same elements: a button must not vanish under a finger, nor lose the focus. */
export function showMembers({ members, leader, self }, kill) {
  for (const member of members) {
    const row = rows.get(member.id) ?? addRow(member, kill);
    const [role, kind] = roleOf(member, leader);
    row.badge.textContent = role;
    row.badge.className = `badge ${kind}`;
    row.note.textContent = member.id === self ? 'serves this page' : '';
  }
  const ids = new Set(members.map(({ id }) => id));
  for (const [id, { item }] of rows) {
    if (ids.has(id)) continue;
    item.remove();
    rows.delete(id);
  }
}

function roleOf(member, leader) {
  if (!member.answers) return ['does not answer', 'gone'];
  return member.id === leader?.id ? ['leads', 'leads'] : ['follows', ''];
}

function addRow(member, kill) {
  const badge = element('span', { className: 'badge' });
  const note = element('span', { className: 'quiet' });
  const place = placeOf(member);
  const details = element(
    'span',
    { className: 'grow' },
    element('strong', { text: place }),
    ' ',
    note,
  );
  const pid = element(
    'span',
    { className: 'quiet' },
    `pid ${member.metadata.pid}, since `,
    timeOf(member.joinedAt),
  );
  const button = element('button', {
    type: 'button',
    className: 'danger',
    text: 'Kill',
    ariaLabel: `Kill ${place}`,
  });
  button.addEventListener('click', () => kill(member.id, place));
  const item = element(
    'li',
    {},
    badge,
    element('span', { className: 'grow' }, details, element('br'), pid),
    button,
  );
  item.dataset.id = member.id;
  $('member-list').append(item);
  const row = { item, badge, note };
  rows.set(member.id, row);
  return row;
}
