import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { needsNoCredential } from '../../src/graphql/public-operations.js';
import { post } from '../support/http.js';
import { admin, ownNode } from '../support/node.js';

const LOG_IN = 'logIn(input: { username: "a", password: "b" }) { __typename }';

describe('needsNoCredential', () => {
  it.each([
    ['logging in', `mutation { ${LOG_IN} }`, true],
    ['aliased', `mutation { a: ${LOG_IN} __typename }`, true],
    ['in a fragment', `mutation { ...F } fragment F on Mutation { ... on Mutation { ${LOG_IN} } }`, true],
    ['registering and refreshing', 'mutation { register { x } refreshSession { x } }', true],
    ['with something else beside it', `mutation { ${LOG_IN} logOut { __typename } }`, false],
    ['with something else in a fragment', `mutation { ${LOG_IN} ...F } fragment F on Mutation { logOut { x } }`, false],
    ['a query that is called so', `query { ${LOG_IN} }`, false],
    ['a fragment that holds itself', 'mutation { ...F } fragment F on Mutation { ...F }', false],
    ['a fragment that is not there', 'mutation { ...F }', false],
    ['two operations without a name', `mutation A { ${LOG_IN} } mutation B { ${LOG_IN} }`, false],
  ])('of %s', (_what, source, expected) => {
    expect(needsNoCredential(parse(source), undefined)).toBe(expected);
  });

  it('looks at the operation that is named', () => {
    const document = parse(`mutation A { ${LOG_IN} } mutation B { logOut { x } }`);

    expect(needsNoCredential(document, 'A')).toBe(true);
    expect(needsNoCredential(document, 'B')).toBe(false);
    expect(needsNoCredential(document, 'C')).toBe(false);
  });
});

describe('a bad credential', () => {
  const node = ownNode();

  it('S2.12 fails the whole request, but for those who come for a new one', async () => {
    const input = JSON.stringify(admin).replaceAll(/"(\w+)":/g, '$1:');
    const logIn = `mutation { logIn(input: ${input}) { __typename } }`;

    const { data } = await post(node.endpoint, logIn, {}, { token: 'expired' });
    const refused = await post(node.endpoint, '{ viewer { id } }', {}, { token: 'expired' });
    const beside = await post(
      node.endpoint,
      logIn.replace('} }', '} logOut(input: {}) { __typename } }'),
      {},
      { token: 'expired' },
    );

    expect(data).toEqual({ logIn: { __typename: 'LogInSuccess' } });
    for (const answer of [refused, beside]) {
      expect(answer.data ?? null).toBeNull();
      expect(answer.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });
});
