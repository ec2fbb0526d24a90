import { $, placeOf, timeOf } from './dom.js';

export function showLeader({ leader, members, leaseDuration }) {
  const id = $('leader-id');
  const member = members.find((one) => one.id === leader?.id);
  // Only when it changes: screen readers read it out.
  const text = leader ? placeOf(member ?? leader) : 'nobody: the next one is being elected';
  if (id.textContent !== text) id.textContent = text;
  id.dataset.id = leader?.id ?? '';
  id.classList.toggle('missing', !leader);

  $('leader-since').replaceChildren(leader ? timeOf(leader.since) : '–');
  $('leader-token').textContent = leader?.token ?? '–';
  $('lease').max = leaseDuration;
  $('lease').value = leader?.remaining ?? 0;
  $('lease-text').textContent = leader ? `${(leader.remaining / 1_000).toFixed(1)} s` : 'none';
  $('kill-leader').disabled = !leader;
  $('step-down').disabled = !leader;
}
