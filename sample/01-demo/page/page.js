import { $ } from './dom.js';
import { listen } from './live.js';
import { ask } from './ask.js';
import { showEntry } from './entries.js';
import { showLeader } from './leader.js';
import { showMembers } from './members.js';
import { showPool } from './pool.js';
import { followTerms } from './timeline.js';

const live = listen({
  state(state) {
    showLeader(state);
    showMembers(state, kill);
    showPool(state);
    followTerms(state);
  },
  entry: showEntry,
  served(url) {
    $('connection').textContent = `served by ${url}`;
  },
  lost(url) {
    $('connection').textContent = `${url} does not answer; asking the others …`;
  },
});

$('put').addEventListener('submit', (event) => {
  event.preventDefault();
  const { key, value } = Object.fromEntries(new FormData(event.target));
  void ask(live, `log/${encodeURIComponent(key)}`, { method: 'PUT', body: value });
});

for (const pattern of ['send', 'broadcast']) {
  $(pattern).addEventListener('submit', (event) => {
    event.preventDefault();
    void ask(live, pattern, { body: new FormData(event.target).get('text') });
  });
}

$('step-down').addEventListener('click', () => {
  void ask(live, 'step-down', { done: 'the leader steps down' });
});
$('start-job').addEventListener('click', () => {
  void ask(live, 'semaphore?ms=4000', { done: 'a job of 4 s wants a permit' });
});
$('kill-leader').addEventListener('click', () => {
  const { id } = $('leader-id').dataset;
  if (id) kill(id, $('leader-id').textContent);
});

function kill(id, place) {
  void ask(live, `members/${encodeURIComponent(id)}/kill`, { done: `${place} is killed` });
}
