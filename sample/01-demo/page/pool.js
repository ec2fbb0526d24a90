import { $, element, placeOf } from './dom.js';

export function showPool({ pool: { limit, jobs }, members }) {
  const place = (id) => placeOf(members.find((member) => member.id === id) ?? { id });
  const holding = jobs.filter(({ token }) => token);
  const waiting = jobs.filter(({ token }) => !token);
  const permits = Array.from({ length: Math.max(limit, holding.length) }, (_, at) => {
    const job = holding[at];
    const badge = job
      ? element('span', { className: 'badge leads', text: 'held' })
      : element('span', { className: 'badge free', text: 'free' });
    const who = job ? `job ${job.id.slice(0, 4)} of ${place(job.member)}` : '';
    return element('li', {}, badge, element('span', { className: 'grow', text: who }));
  });
  $('permits').replaceChildren(...permits);
  $('queue').textContent = waiting.length
    ? `in line: ${waiting.map(({ id, member }) => `${id.slice(0, 4)} of ${place(member)}`).join(', ')}`
    : 'nobody waits';
  $('queue').classList.toggle('waits', waiting.length > 0);
}
