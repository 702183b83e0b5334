/** Another product, whose people come with its own tokens. */
import jwt from 'jsonwebtoken';
import { personOf, type Person } from './people.js';
import type { TestNode } from './node.js';
import { whoAmI } from './who-am-i.js';

/** As settings of the tests' nodes. */
export const shop = {
  trustedKey: 'the secret of the shop, which is long enough',
  trustedIssuer: 'https://shop.example',
  trustedAudience: 'chat',
};

let customers = 0;

/** Somebody whom no node has seen yet. */
export const newExternalId = (): string => `customer-${(customers += 1)}`;

/** @param seconds how long it lives */
export const shopToken = (externalId: string, claims: object = {}, seconds = 600): string =>
  jwt.sign(
    {
      iss: shop.trustedIssuer,
      aud: shop.trustedAudience,
      sub: externalId,
      exp: Math.floor(Date.now() / 1000) + seconds,
      ...claims,
    },
    shop.trustedKey,
  );

/** A customer who has come by this token. */
export const customerOf = async (node: TestNode, token: string): Promise<Person> => {
  const { data } = await whoAmI(node, 'http', `Bearer ${token}`);
  if (!data?.viewer) throw new Error('Nobody came');
  return personOf(node, { accessToken: token, accessTokenExpiresAt: '', refreshToken: '', user: data.viewer });
};
