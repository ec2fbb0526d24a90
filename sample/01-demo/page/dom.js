export const $ = (id) => document.getElementById(id);

/** Text only: whatever users put into the log stays text. */
export function element(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export function timeOf(moment) {
  const date = new Date(moment);
  const text = date.toLocaleTimeString(undefined, { hour12: false });
  return element('time', { text, dateTime: date.toISOString() });
}

export const placeOf = ({ metadata, id }) => metadata?.url?.replace('http://', '') ?? id;
