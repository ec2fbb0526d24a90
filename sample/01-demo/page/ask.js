const answer = document.getElementById('answer');

/**
 * Asks the member that the page listens to, and shows what it answers.
 * @param done What to show where it answers nothing.
 */
export async function ask({ url }, path, { done = 'done', ...options } = {}) {
  const request = { method: 'POST', ...options };
  const { method } = request;
  answer.textContent = `${method} ${path} …`;
  try {
    const response = await fetch(`${url}/${path}`, request);
    const text = await response.text();
    const silence = response.ok ? done : `${method} ${path}: ${response.status}`;
    answer.textContent = text ? pretty(text) : silence;
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
