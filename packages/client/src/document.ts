/** Inspects a subscription's text without a parser, so that following does not need graphql-js. */

const STRINGS_AND_COMMENTS = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g;

/**
 * Without `after` the server replays nothing after a reconnect, and events would be lost silently.
 *
 * @throws Error if the document does not declare `$after`, or does not pass it to the field
 */
export const requireAfter = (query: string, field: 'chatEvents' | 'events'): void => {
  const text = query.replaceAll(STRINGS_AND_COMMENTS, ' ');
  const isDeclared = /\$after\s*:/.test(text);
  const isUsed = new RegExp(`\\b${field}\\s*\\([^)]*\\bafter\\s*:\\s*\\$after\\b`).test(text);
  if (isDeclared && isUsed) return;
  const type = field === 'events' ? '[Cursor!]' : 'Cursor';
  const what = isDeclared ? `hand it on: ${field}(after: $after)` : `declare it: $after: ${type}`;
  throw new Error(`Without $after what is missed while the socket is away never comes. The document must ${what}`);
};
