const members = (process.env['MEMBERS'] ?? '').split(',').filter(Boolean);

/** Asks each member for its status once a second. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>nestjs-hedge demo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  td, th { text-align: left; padding: .2rem 1.2rem .2rem 0 }
  .leads { font-weight: bold }
  .down { opacity: .5 }
</style>
<h1>nestjs-hedge demo</h1>
<table>
  <thead><tr><th>member<th>role<th>id<th>pid</tr></thead>
  <tbody></tbody>
</table>
<p><code>kill -9</code> the leader's pid: another member takes over when its lease has run out.</p>
<script type="module">
  const urls = ${JSON.stringify(members)};
  if (urls.length === 0) urls.push(location.origin);

  async function rowOf(url) {
    try {
      const response = await fetch(url + '/status', { signal: AbortSignal.timeout(900) });
      const { id, pid, isLeader } = await response.json();
      return { role: isLeader ? 'leads' : 'follows', cells: [url, isLeader ? 'leads' : 'follows', id, pid] };
    } catch {
      return { role: 'down', cells: [url, 'not answering', '', ''] };
    }
  }

  async function refresh() {
    const rows = await Promise.all(urls.map(rowOf));
    document.querySelector('tbody').replaceChildren(...rows.map(({ role, cells }) => {
      const row = document.createElement('tr');
      row.className = role;
      for (const text of cells) row.insertCell().textContent = text;
      return row;
    }));
    setTimeout(refresh, 1000);
  }
  refresh();
</script>
</html>
`;
