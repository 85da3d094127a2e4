/* Words of the reader's language for what scripts say; given by the page, see frame/words.py. */
const given = document.getElementById("words");
const words = given ? JSON.parse(given.textContent) : {};

/** A text by its key, with {named} values filled in. */
export function say(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The reader's language as Intl knows it; English is British here. */
export const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

/** A number as the reader's language writes it. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}
