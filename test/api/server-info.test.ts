/** What clients want to know before anybody signs in. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ServerInfoDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { administrator, newPerson } from '../support/people.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('serverInfo', () => {
  const node = ownNode({ serverName: 'Harbour', messagesPerMinute: 0, messageMaxLength: 2000, directChats: 'staff' });

  it('tells who is not signed in what this server is and allows', async () => {
    const { data } = await post(node.endpoint, ServerInfoDocument);

    expect(data?.serverInfo).toEqual({
      name: 'Harbour',
      version,
      passwordLogin: true,
      registration: 'OPEN',
      directChats: false,
      messageMaxLength: 2000,
      messagesPerMinute: null,
    });
  });

  it('tells staff of direct chats that only they may open', async () => {
    const [ada, root] = [await newPerson(node, 'ada'), await administrator(node)];

    expect((await ada.ask(ServerInfoDocument)).serverInfo).toMatchObject({ directChats: false });
    expect((await root.ask(ServerInfoDocument)).serverInfo).toMatchObject({ directChats: true });
  });
});

describe('serverInfo where passwords are turned off', () => {
  const node = ownNode({ passwordLogin: false, messagesPerMinute: 60, directChats: 'everyone' });

  it('says that nobody registers', async () => {
    const { data } = await post(node.endpoint, ServerInfoDocument);

    expect(data?.serverInfo).toMatchObject({
      name: 'Parley',
      passwordLogin: false,
      registration: 'CLOSED',
      directChats: true,
      messagesPerMinute: 60,
    });
  });
});
