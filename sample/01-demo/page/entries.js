import { $, element, timeOf } from './dom.js';

const shown = new Set();

export function showEntry({ id, key, value, timestamp }) {
  if (shown.has(id)) return;
  shown.add(id);
  const what = element(
    'span',
    { className: 'grow' },
    element('strong', { text: key }),
    ` ${value}`,
  );
  $('entries').prepend(element('li', {}, timeOf(timestamp), what));
  while ($('entries').children.length > 50) $('entries').lastElementChild.remove();
}
