import { describe, expect, it } from 'vitest';
import { peerOf, titleOfMatch, titleOfPair } from '../../../src/domain/chats/chat-titles.js';

const person = (id: bigint, username: string, firstName = '', lastName = '') => ({
  id,
  username,
  firstName,
  lastName,
  role: 'USER' as const,
  createdAt: new Date(0),
  avatar: null,
});

const ada = person(1n, 'ada', 'Ada', 'Lovelace');
const boris = person(2n, 'boris', ' ', '');
const chen = person(3n, 'chen', '', 'Chen');
const eve = person(4n, 'eve');

describe('the title of a chat of two', () => {
  it.each([
    ["the other one's name", boris, [ada, boris], 'Ada Lovelace'],
    ['their username, where they have no name', ada, [ada, boris], 'boris'],
    ['the part of their name that there is', ada, [chen, ada], 'Chen'],
    ['both names, for who is neither', eve, [ada, boris], 'Ada Lovelace, boris'],
    ['one’s own name, where one is in it with nobody', ada, [ada], 'Ada Lovelace'],
    ['empty, where nobody is seen', ada, [], ''],
  ])('is %s', (_what, viewer, pair, title) => {
    expect(titleOfPair(viewer, pair)).toBe(title);
  });

  it('is of the peer, whom only the two of them have', () => {
    expect(peerOf(ada, [ada, boris])).toBe(boris);
    expect(peerOf(boris, [ada, boris])).toBe(ada);
    expect(peerOf(eve, [ada, boris])).toBeNull();
    expect(peerOf(ada, [ada])).toBeNull();
    expect(peerOf(ada, [])).toBeNull();
  });
});

describe('the title of a match', () => {
  const acme = { name: 'Acme', owner: ada };
  const globex = { name: 'Globex', owner: boris };

  it.each([
    ["the other brand's name, for an owner", ada, [acme, globex], 'Globex'],
    ['both names, for others', eve, [acme, globex], 'Acme, Globex'],
    ['empty, where nothing is seen', ada, [], ''],
  ])('is %s', (_what, viewer, brands, title) => {
    expect(titleOfMatch(viewer, brands)).toBe(title);
  });
});
