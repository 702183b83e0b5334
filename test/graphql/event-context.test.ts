import { expect, it } from 'vitest';
import { createContext, type Context, type Request, type Services } from '../../src/graphql/context.js';
import { EventContext } from '../../src/graphql/event-context.js';
import type { PrismaClient } from '../../src/generated/prisma/client.js';

const aRequest = (): Request => ({
  viewer: null,
  present: () => null,
  requestId: 'a request',
  transport: 'ws',
  address: null,
  carrierId: 'a socket',
  ending: { onEnd: () => () => undefined },
  socket: null,
  eventIds: null,
  logger: undefined as never,
});

const aContext = () => new EventContext(createContext(aRequest(), { chats: {} } as Services, {} as PrismaClient));

const personal = [...Object.keys(aRequest()), 'signedIn'].filter((name) => name !== 'present') as (keyof Context)[];

it.each(personal)('is personal once %s was read', (name) => {
  const context = aContext();

  void context[name];

  expect(context.isPersonal).toBe(true);
});

it('is personal once it was asked who is there', () => {
  const context = aContext();

  context.present();

  expect(context.isPersonal).toBe(true);
});

it('is personal once something is loaded for the viewer, and not before', () => {
  const context = aContext();

  const { loaders } = context;
  expect(context.isPersonal).toBe(false);
  expect(() => loaders.unreadTotal()).toThrow('Nobody is signed in');

  expect(context.isPersonal).toBe(true);
});

it('is everybody’s as long as only what the server has was used', () => {
  const context = aContext();

  void context.services;
  void context.prisma;

  expect(context.isPersonal).toBe(false);
});
