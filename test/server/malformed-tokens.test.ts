/** Tokens that are none, shown to a server that takes another product's too: its owner's to mend, and no fault of the server's. */
import { describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';
import { shop, shopToken } from '../support/trusted.js';
import { refusalOf, ways, whoAmI } from '../support/who-am-i.js';

const node = ownNode({ ...shop });

const base64 = (text: string) => Buffer.from(text).toString('base64url');
const header = base64('{"alg":"HS256","typ":"JWT"}');

const malformed = [
  'eyJhbGciOiJIUzI1NiJ9.ew.x',
  'x.AAAA.y',
  `${header}.${base64('{')}.x`,
  `${header}.${base64('null')}.x`,
  `${header}.${base64('[1]')}.x`,
  `${header}.${base64('{"exp":1e999}')}.x`,
  `${header}.AAAA.`,
  `${header}..`,
  `${header}`,
  `${base64('{')}.${base64('{}')}.x`,
  `${base64('[]')}.${base64('{}')}.x`,
  `${base64('{"alg":"HS256","crit":["x"],"x":1}')}.${base64('{}')}.x`,
  `${base64('{"alg":null}')}.${base64('{}')}.x`,
  `${base64('{"alg":"HS256","kid":{"a":1}}')}.${base64('{}')}.x`,
  `${base64('{"alg":"HS256","kid":"__proto__"}')}.${base64('{}')}.x`,
  `${shopToken('somebody')}x`,
  `${shopToken('somebody')}.x`,
  shopToken('somebody').slice(0, -1),
  '..',
  '.',
  '%00',
  `${header}.${'A'.repeat(8000)}.x`,
];

describe.each(ways)('shown by %s', (way) => {
  it('a malformed token is 401 or 4403 in every form, and nothing is written of a database that is away', async () => {
    const expected = way === 'ws' || way === 'upgrade' ? 4403 : 'UNAUTHENTICATED';

    for (const token of malformed) expect(await refusalOf(node, way, `Bearer ${token}`), token).toBe(expected);

    if (way === 'http') expect(await whoAmI(node, way, `Bearer ${malformed[0]!}`)).toMatchObject({ status: 401 });
    expect(node.log.filter(({ msg }) => msg === 'Unavailable' || msg === 'Fault')).toEqual([]);
    expect(await refusalOf(node, way, `Bearer ${shopToken('customer')}`)).toBeUndefined();
  });
});
