/** Staging on a copy of the database, with all of production's other settings: its Redis and its TOKEN_SECRET too. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../scripts/services.mjs';
import { askPatiently } from './client/ask.js';
import { documents } from './client/documents.js';
import { register, signIn, type Person } from './client/person.js';
import { placeAt, type Place } from './client/place.js';
import { subscribe } from './client/socket.js';
import { ROOT, type Installation } from './installation.js';
import { createNode } from './parties/node.js';
import { psql } from './parties/postgres.js';
import { dump, restoreOver } from './restores.js';

const TYPING = `subscription ($chatId: ID!) {
  chatEvents(chatId: $chatId) { __typename ... on TypingChanged { isTyping user { id } } } }`;
const SET_TYPING = `mutation ($chatId: ID!) { setTyping(input: { chatId: $chatId, isTyping: true }) { __typename } }`;
const HEARD_WITHIN_MS = 5000;

/** Follows a chat for who is typing, at one place. */
const listen = async (person: Person, place: Place, chatId: string) => {
  const typists: string[] = [];
  let end: string | undefined;
  let isReady = false;
  const subscription = subscribe({
    url: place.socketUrl,
    token: person.token,
    query: TYPING,
    variables: { chatId },
    onNext: ({ chatEvents }) => {
      const event = chatEvents as { __typename: string; user?: { id: string } };
      if (event.__typename === 'ChatReady') isReady = true;
      if (event.__typename === 'TypingChanged') typists.push(event.user!.id);
    },
    onEnd: ({ kind }) => (end = kind),
  });
  await until(() => isReady, `${person.name} followed at ${place.node}`);
  return { typists, drop: subscription.drop, isOver: () => end !== undefined };
};

const until = async (holds: () => boolean, what: string): Promise<void> => {
  const giveUpAt = performance.now() + HEARD_WITHIN_MS;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`It never came to this: ${what}`);
    await delay(20);
  }
};

/** What is wrong is among the complaints of the first node. */
export const runNeighbour = async ({ nodes, postgres, places }: Installation): Promise<void> => {
  const [{ node, place }] = nodes as [Installation['nodes'][number]];
  const name = `staging_${randomBytes(4).toString('hex')}`;
  const root = await signIn(() => place, ROOT);
  const [one, other, third] = [
    await register(() => place, `${name}_one`),
    await register(() => place, `${name}_other`),
    await register(() => place, `${name}_third`),
  ];
  const memberIds = [one.id, other.id, third.id];
  const { createChat } = await askPatiently(() => place, root.token, documents.createChat, { name, memberIds });
  const { id: chatId } = (createChat as unknown as { chat: { id: string } }).chat;

  psql(postgres, `CREATE DATABASE ${name}`);
  const copyUrl = postgres.url.replace(/[^/]+$/, name);
  const backup = await dump(postgres.url);
  await restoreOver({ ...backup, variables: { DATABASE_URL: copyUrl } });
  rmSync(backup.folder, { recursive: true, force: true });
  const port = await freePort();
  const staging = createNode({ name, port, environment: { ...node.environment, DATABASE_URL: copyUrl } });
  try {
    await staging.start();
    const there = placeAt(name, port);
    const [here, elsewhere] = [await listen(one, places()[0]!, chatId), await listen(one, there, chatId)];

    await askPatiently(() => there, other.token, SET_TYPING, { chatId });
    await until(() => elsewhere.typists.includes(other.id), 'staging told of who types there');
    await askPatiently(() => place, third.token, SET_TYPING, { chatId });
    await until(() => here.typists.includes(third.id), 'production told of who types there');

    if (here.typists.includes(other.id)) node.complaints.push('Production told of who types in staging');
    if (elsewhere.typists.includes(third.id)) node.complaints.push('Staging told of who types in production');
    if (here.isOver()) node.complaints.push('Staging ended a subscription of production’s');
    for (const one of [here, elsewhere]) one.drop();
    node.complaints.push(...staging.complaints);
  } finally {
    await staging.kill();
    psql(postgres, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
};
