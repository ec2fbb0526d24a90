const answer = document.getElementById('answer');

/** Asks the member that the page listens to, and shows what it answers. */
export async function ask({ url }, path, options = {}) {
  const request = { method: 'POST', ...options };
  const { method } = request;
  answer.textContent = `${method} ${path} …`;
  try {
    const response = await fetch(`${url}/${path}`, request);
    const text = await response.text();
    answer.textContent = text ? pretty(text) : `${method} ${path}: ${response.status}`;
  } catch (error) {
    answer.textContent = `${method} ${path}: ${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
