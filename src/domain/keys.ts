/**
 * What names and addresses are compared and searched by. Made here, not in SQL: PostgreSQL's `lower()` is not case folding, and where
 * LC_CTYPE is C it does nothing to letters beyond ASCII.
 */
import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * The same for all spellings that differ in case or composition alone: Unicode's full case folding (σ = ς, ß = ss, ſ = s), and ı is i,
 * since both have I for their capital. Without regard to any language, so that all nodes agree.
 */
export const foldCase = (text: string): string =>
  // Down first, for ẞ has no other capital; up, which takes letters apart (ß to SS); and down again.
  text.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');

/** As it is kept: phones' keyboards leave a space behind it. */
export const cleanUsername = (username: string): string => username.trim().normalize('NFC');
export const cleanEmail = (email: string): string => email.trim();

/** What is unique. Letters of different scripts that look alike are different. */
export const usernameKeyOf = (username: string): string => foldCase(cleanUsername(username));

/** As `usernameKeyOf`; a domain in letters and in punycode is the same. */
export const emailKeyOf = (email: string): string => {
  const [, local, domain] = /^(.*)@(.*)$/su.exec(cleanEmail(email)) ?? [];
  return local === undefined || domain === undefined
    ? foldCase(cleanEmail(email))
    : `${foldCase(local)}@${domainKeyOf(domain)}`;
};

const domainKeyOf = (domain: string): string => {
  const folded = foldCase(domain);
  // Plain ones are left alone: to what is made for URLs 1.2 is a short form of 1.0.0.2.
  if (!/[^\0-\x7f]|(?:^|\.)xn--/.test(folded)) return folded;
  return domainToASCII(foldCase(domainToUnicode(folded))) || folded;
};

/**
 * The key of an account that was made when σ and ς were two letters, and differs from an older one in such letters alone. No folded
 * key begins with a colon, for neither a username nor an address may hold one.
 */
export const exactKeyOf = (cleaned: string): string => `:${cleaned}`;

/** Under which keys an account that is called so may be, the likeliest to be meant first. */
export const usernameKeysOf = (username: string): string[] => [
  exactKeyOf(cleanUsername(username)),
  usernameKeyOf(username),
];
export const emailKeysOf = (email: string): string[] => [exactKeyOf(cleanEmail(email)), emailKeyOf(email)];

// In these scripts a mark is an accent, or one may leave it out: é is found by e, ё by е. In others it is half of the letter.
const MARKS = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}])\p{M}+/gu;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/** By which letters something is found: without case, accents, compatibility forms (ﬁ, Ａ) and what is not seen. */
export const searchKeyOf = (text: string): string =>
  foldCase(text.normalize('NFKC')).replace(IGNORED, '').normalize('NFD').replace(MARKS, '').normalize('NFC');

/** Each is looked for in every name. */
const MAX_WORDS = 10;

/** The words of what was typed, each of which must be found; of very many the first ones. */
export const searchWordsOf = (search: string): string[] =>
  [...new Set(searchKeyOf(search).split(/\s+/u).filter(Boolean))].slice(0, MAX_WORDS);

/** A condition of LIKE that finds `part` anywhere: nothing in it has a meaning of its own. */
export const containing = (part: string): string => `%${part.replace(/[\\%_]/g, '\\$&')}%`;

interface Named {
  username: string;
  firstName: string;
  lastName: string;
}

/** By what a person is found. */
export const nameKeyOf = ({ username, firstName, lastName }: Named): string =>
  [username, firstName, lastName].map(searchKeyOf).join(' ');

/** All keys of an account: whoever writes one of its names or its address writes these. */
export const accountKeysOf = (
  account: Named & { email: string },
): { usernameKey: string; emailKey: string; nameKey: string } => ({
  usernameKey: usernameKeyOf(account.username),
  emailKey: emailKeyOf(account.email),
  nameKey: nameKeyOf(account),
});
