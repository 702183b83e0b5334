/** The text printed on a start: where to look, which account to use, what to try. */
import type { DemoPerson } from './seed-demo.js';

export interface WelcomeOptions {
  /** The server's: `http://127.0.0.1:4000`. */
  url: string;
  /** Whether other processes can use the database meanwhile. */
  isShared: boolean;
  /** Whether GraphiQL is shown. */
  graphiql: boolean;
  /** Settings that are off if the server is reachable from other machines. */
  hidden?: readonly string[];
  /** Whether there is one; if not, the text says how to create one. */
  hasAdministrator: boolean;
  /** Whether people sign in with passwords. */
  passwordLogin: boolean;
  /** What `seedDemo` returned. */
  demo?: readonly DemoPerson[] | undefined;
  /** Whether the output is a terminal that shows colours. */
  isColored?: boolean;
}

const roles = { ADMIN: 'administrator', MANAGER: 'manager', USER: '' };

/** @returns some lines of plain text, with some colour on a terminal */
export const welcome = ({
  url,
  isShared,
  graphiql,
  hidden = [],
  passwordLogin,
  hasAdministrator,
  demo,
  isColored = false,
}: WelcomeOptions): string => {
  const style = (code: number) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim] = [style(1), style(2)];

  const needsStop = isShared ? '' : '   (while this is stopped)';

  const lines = ['', `${bold('Parley is running:')} ${url}/graphql`];
  if (graphiql) lines.push(`Open it in a browser for GraphiQL: press run in each of its tabs, from left to right.`);

  if (hidden.length > 0)
    lines.push(
      `Off, as others than this machine reach it: ${hidden.map((name) => `${name}=on`).join(' and ')} to have it.`,
    );

  const known = demo?.filter((person) => person.password !== null) ?? [];
  if (demo !== undefined && demo.length > 0) {
    lines.push('', bold('Demo people, and their passwords'), ...table(demo, dim));
  }
  const [one, other] = talkers(known);
  if (one !== undefined) {
    const command = (person: DemoPerson) =>
      `  npx parley chat --url ${url} --as ${person.username} --chat "Summer festival"`;
    lines.push('', bold('Try a conversation in two terminals'), command(one));
    if (other !== undefined) lines.push(command(other));
  } else if (!passwordLogin) {
    lines.push(
      '',
      bold('People come with the access tokens of your product'),
      '  Nobody signs in with a password here.',
    );
  } else if (demo === undefined && !hasAdministrator) {
    lines.push(
      '',
      bold('Make an administrator'),
      `  npx parley create-admin --username NAME --email ADDRESS${dim(needsStop)}`,
    );
  }
  return [...lines, ''].join('\n');
};

/** Names come last: right-to-left names would disarrange the text after them. */
const table = (demo: readonly DemoPerson[], dim: (text: string) => string): string[] => {
  const username = Math.max(...demo.map((person) => person.username.length));
  const changed = '(changed since)';
  const password = Math.max(...demo.map((person) => (person.password ?? changed).length));
  const role = Math.max(...demo.map((person) => roles[person.role].length));
  return demo.map((person) =>
    [
      ' ',
      person.username.padEnd(username),
      (person.password ?? changed).padEnd(password),
      dim(roles[person.role].padEnd(role)),
      dim(person.name),
    ].join('  '),
  );
};

/** Two people who share a long chat. */
const talkers = (known: readonly DemoPerson[]) =>
  ['maria', 'boris'].flatMap((username) => known.find((person) => person.username === username) ?? []);
