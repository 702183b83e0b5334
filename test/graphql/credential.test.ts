import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { needsNoCredential } from '../../src/graphql/public-operations.js';

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
