/** What a credential that is written wrongly is told, over each transport: what to write, and never what was shown. */
import { describe, expect, it } from 'vitest';
import { MISWRITTEN, REFUSALS } from '../../src/server/credential.js';
import { CreateApiTokenDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { newPerson, transports } from '../support/people.js';
import { openSocket } from '../support/socket.js';
import { whoAmI } from '../support/who-am-i.js';

const node = ownNode();

const tokensOfSomebody = async () => {
  const ada = await newPerson(node);
  const { createApiToken } = await ada.ask(CreateApiTokenDocument, { input: { name: 'a program' } });
  if (createApiToken?.__typename !== 'CreateApiTokenSuccess') throw new Error(JSON.stringify(createApiToken));
  return { access: ada.session.accessToken, api: createApiToken.token };
};

describe.each(transports)('over %s', (transport) => {
  it('a credential in a wrong form is told the right one', async () => {
    const { access, api } = await tokensOfSomebody();
    const forms = "write it as 'Bearer <token>' or 'Token <token>'";
    const told: [string, string][] = [
      [access, `The token has no scheme: ${forms}`],
      [api, `The token has no scheme: ${forms}`],
      ['Bearer', `There is no token after the scheme: ${forms}`],
      ['token ', `There is no token after the scheme: ${forms}`],
      [`Basic ${access}`, `The authorization has a scheme that is not understood: ${forms}`],
      [`${access} Bearer`, `The authorization has a scheme that is not understood: ${forms}`],
      [`Bearer Bearer ${access}`, `The authorization is more than a scheme and a token: ${forms}`],
      ['Bearer undefined', "There is no token: the client has sent 'undefined' or 'null' in its place"],
      ['Token null', "There is no token: the client has sent 'undefined' or 'null' in its place"],
      [`Bearer "${access}"`, 'The token stands in quotes or brackets: write it without them'],
      [`Token <${api}>`, 'The token stands in quotes or brackets: write it without them'],
      [`Bearer ${api}`, "This is an API token: write it as 'Token <token>'"],
      [`Token ${access}`, "This is an access token: write it as 'Bearer <token>'"],
      ['Bearer nonsense', REFUSALS.badToken],
    ];

    for (const [authorization, reason] of told) {
      const answer = await whoAmI(node, transport, authorization);

      if (transport === 'ws') expect(answer, authorization).toEqual({ closed: { code: 4403, reason } });
      else
        expect(answer, authorization).toMatchObject({
          errors: [{ message: reason, extensions: { code: 'UNAUTHENTICATED' } }],
        });
      expect(JSON.stringify(answer)).not.toContain(access.slice(0, 10));
      expect(JSON.stringify(answer)).not.toContain(api.slice(4, 14));
    }
  });
});

it('connectionParams whose authorization is no text are told so', async () => {
  for (const authorization of [7, ['Bearer x'], { token: 'x' }]) {
    const socket = await openSocket(node.socketUrl, { connectionParams: { authorization } });

    expect(await socket.closed).toEqual({ code: 4403, reason: MISWRITTEN.noText });
  }
});

it('each reason fits into the frame that closes a socket', () => {
  for (const reason of [...Object.values(MISWRITTEN), ...Object.values(REFUSALS)])
    expect(Buffer.byteLength(reason), reason).toBeLessThanOrEqual(123);
});
