import { describe, expect, it } from 'vitest';
import { welcome } from '../../src/demo/welcome.js';
import type { DemoPerson } from '../../src/demo/seed-demo.js';

const demo: DemoPerson[] = [
  { username: 'ada', name: 'Ada Novak', role: 'ADMIN', password: null },
  { username: 'maria', name: 'Мария Петрова', role: 'MANAGER', password: 'aaaaa-bbbbb' },
  { username: 'boris', name: 'Борис Волков', role: 'USER', password: 'ccccc-ddddd' },
];
const url = 'http://127.0.0.1:4000';

describe('The welcome', () => {
  it('says where GraphiQL is, who the demo people are and what to try next', () => {
    expect(welcome({ url, isShared: false, graphiql: true, passwordLogin: true, hasAdministrator: false, demo })).toBe(`
Parley is running: http://127.0.0.1:4000/graphql
Open it in a browser for GraphiQL: press run in each of its tabs, from left to right.

Demo people, and their passwords
   ada    (changed since)  administrator  Ada Novak
   maria  aaaaa-bbbbb      manager        Мария Петрова
   boris  ccccc-ddddd                     Борис Волков

Try a conversation in two terminals
  npx parley chat --url http://127.0.0.1:4000 --as maria --chat "Summer festival"
  npx parley chat --url http://127.0.0.1:4000 --as boris --chat "Summer festival"
`);
  });

  it('says how an administrator is made where there are no demo people', () => {
    expect(welcome({ url, isShared: true, graphiql: false, passwordLogin: true, hasAdministrator: false })).toBe(`
Parley is running: http://127.0.0.1:4000/graphql

Make an administrator
  npx parley create-admin --username NAME --email ADDRESS
`);
    expect(welcome({ url, isShared: false, graphiql: false, passwordLogin: true, hasAdministrator: false })).toContain(
      'ADDRESS   (while this is stopped)\n',
    );
  });

  it('says nothing of that where there is one', () => {
    expect(welcome({ url, isShared: true, graphiql: false, passwordLogin: true, hasAdministrator: true })).toBe(`
Parley is running: http://127.0.0.1:4000/graphql
`);
  });

  it('has a little colour on a terminal, and the same words', () => {
    const options = { url, isShared: false, graphiql: true, passwordLogin: true, hasAdministrator: false, demo };
    const colored = welcome({ ...options, isColored: true });

    expect(colored).toContain('\u001b[1mParley is running:\u001b[0m');
    // eslint-disable-next-line no-control-regex
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(welcome(options));
  });

  it('tells nobody of passwords where there are none', () => {
    const said = welcome({ url, isShared: true, graphiql: false, passwordLogin: false, hasAdministrator: false });

    expect(said).toContain('People come with the access tokens of your product');
    expect(said).not.toContain('create-admin');
  });
});
