/**
 * The keys that names and addresses are compared and searched by. Computed here, not in SQL: PostgreSQL's `lower()` is not case
 * folding, and if LC_CTYPE is C it leaves letters beyond ASCII unchanged.
 */
import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * The same for all spellings that differ only in case or composition: Unicode's full case folding (σ = ς, ß = ss, ſ = s), and ı is i,
 * since I is the capital of both. Independent of language, so that all nodes agree.
 */
export const foldCase = (text: string): string =>
  // Lower case first, since ẞ has no other capital; then upper case, which splits letters (ß to SS); then lower case again.
  text.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');

/** The username as it is stored: phone keyboards append a space. */
export const cleanUsername = (username: string): string => username.trim().normalize('NFC');
export const cleanEmail = (email: string): string => email.trim();

/** The unique key. Similar letters of different scripts stay different. */
export const usernameKeyOf = (username: string): string => foldCase(cleanUsername(username));

/** As `usernameKeyOf`; a domain in Unicode and in punycode is the same. */
export const emailKeyOf = (email: string): string => {
  const [, local, domain] = /^(.*)@(.*)$/su.exec(cleanEmail(email)) ?? [];
  return local === undefined || domain === undefined
    ? foldCase(cleanEmail(email))
    : `${foldCase(local)}@${domainKeyOf(domain)}`;
};

const domainKeyOf = (domain: string): string => {
  const folded = foldCase(domain);
  // Plain domains are left alone: to a URL parser 1.2 is short for 1.0.0.2.
  if (!/[^\0-\x7f]|(?:^|\.)xn--/.test(folded)) return folded;
  return domainToASCII(foldCase(domainToUnicode(folded))) || folded;
};

/**
 * The key of an account from when σ and ς were different letters, if it differs from an older account in these letters alone. No
 * folded key begins with a colon, since neither a username nor an address may contain one.
 */
export const exactKeyOf = (cleaned: string): string => `:${cleaned}`;

/** The keys that an account with this name may have, the most likely one first. */
export const usernameKeysOf = (username: string): string[] => [
  exactKeyOf(cleanUsername(username)),
  usernameKeyOf(username),
];
export const emailKeysOf = (email: string): string[] => [exactKeyOf(cleanEmail(email)), emailKeyOf(email)];

// In these scripts a mark is an accent, or may be omitted: é is found by e, ё by е. In others it is half of the letter.
const MARKS = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}])\p{M}+/gu;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/** The key that text is searched by: without case, accents, compatibility forms (ﬁ, Ａ) and invisible characters. */
export const searchKeyOf = (text: string): string =>
  foldCase(text.normalize('NFKC')).replace(IGNORED, '').normalize('NFD').replace(MARKS, '').normalize('NFC');

/** Each word is searched in every name. */
const MAX_WORDS = 10;

/** The words of the search text, each of which must be found; the first ones if there are too many. */
export const searchWordsOf = (search: string): string[] =>
  [...new Set(searchKeyOf(search).split(/\s+/u).filter(Boolean))].slice(0, MAX_WORDS);

/** A LIKE pattern that finds `part` anywhere, with its wildcards escaped. */
export const containing = (part: string): string => `%${part.replace(/[\\%_]/g, '\\$&')}%`;

interface Named {
  username: string;
  firstName: string;
  lastName: string;
}

/** The text that a person is found by. */
export const nameKeyOf = ({ username, firstName, lastName }: Named): string =>
  [username, firstName, lastName].map(searchKeyOf).join(' ');

/** The text that a chat is found by: code that writes a chat's name must write this too. */
export const chatNameKeyOf = (name: string | null): string | null => (name === null ? null : searchKeyOf(name));

/** All keys of an account: code that writes one of its names or its address must write these too. */
export const accountKeysOf = (
  account: Named & { email: string },
): { usernameKey: string; emailKey: string; nameKey: string } => ({
  usernameKey: usernameKeyOf(account.username),
  emailKey: emailKeyOf(account.email),
  nameKey: nameKeyOf(account),
});
