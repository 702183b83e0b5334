/** The contents of a file, as far as they can be known without the database: people, chats, and what belongs to which. */
import type { ChatKind } from '../generated/prisma/enums.js';
import type { BadLine, BrandLine, ChatLine, Line, MemberLine, MessageLine, RelationLine, UserLine } from './line.js';
import { createMessageTable, type MessageTable } from './message-table.js';

export interface Problem {
  line: number;
  reason: string;
}

/** Something with an id in the source: described by a line of this file, or only referred to and imported before. */
export interface Thing<Description> {
  /** Its id in the source. */
  source: string;
  /** The first line that refers to it. */
  namedAt: number;
  described: { line: number; as: Description } | null;
  /** Its id here; null until it is written. */
  id: bigint | null;
  /** Whether it was imported before. */
  isDone: boolean;
  /** Whether the line that describes it is invalid; references to it still count as known. */
  isBad: boolean;
}

export type Person = Thing<UserLine>;
export interface Brand extends Thing<BrandLine> {
  /** Index into `people`; null if the brand is only referred to and its owner is not. */
  owner: number | null;
}

export interface Membership {
  /** Index into `people`. */
  person: number;
  line: number;
  as: MemberLine;
  isDone: boolean;
}

/** A chat, a relation with its chat, or a direct chat that only its messages refer to. */
export interface Chat extends Omit<Thing<ChatLine | RelationLine>, 'source'> {
  /** Its id in the source; null for a direct chat without one. */
  source: { kind: 'chat' | 'relation'; id: string } | null;
  /** Null for a chat that is only referred to, until the database was asked. */
  kind: ChatKind | null;
  /** Manager and client; the two members of a direct chat. Null for other kinds. */
  pair: readonly [number, number] | null;
  /** For a MATCH. */
  brands: readonly [number, number] | null;
  createdBy: number | null;
  members: Membership[];
}

export interface Collection {
  readonly people: Person[];
  readonly brands: Brand[];
  readonly chats: Chat[];
  readonly messages: MessageTable;
  readonly problems: Problem[];
  /** @param place of its line in the file, in bytes */
  add(given: Line, line: number, place: { offset: number; length: number }): void;
  addBad(bad: BadLine, line: number): void;
}

export const createCollection = (): Collection => {
  const people = createThings((thing: Thing<UserLine>): Person => thing);
  const brands = createThings((thing: Thing<BrandLine>): Brand => ({ ...thing, owner: null }));
  const chats: Chat[] = [];
  const byName = new Map<string, number>();
  const messages = createMessageTable();
  const problems: Problem[] = [];

  const chatOf = (name: string, line: number, fresh: Pick<Chat, 'source'> & Partial<Chat>): number => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const unknown = {
      kind: null,
      pair: null,
      brands: null,
      createdBy: null,
      described: null,
      id: null,
      isDone: false,
      isBad: false,
    };
    byName.set(name, chats.length);
    return chats.push({ ...unknown, namedAt: line, members: [], ...fresh }) - 1;
  };
  const sourceChat = (kind: 'chat' | 'relation', id: string, line: number) =>
    chatOf(`${kind}:${id}`, line, { source: { kind, id } });
  const directChatOf = (one: string, other: string, line: number) => {
    const pair = [people.named(one, line), people.named(other, line)].sort((a, b) => a - b) as [number, number];
    return chatOf(`direct:${pair.join(':')}`, line, { source: null, kind: 'DIRECT', pair });
  };
  const placeOf = (given: MemberLine | MessageLine, one: string, other: string | null | undefined, line: number) => {
    if (typeof given.chat === 'string') return sourceChat('chat', given.chat, line);
    if (typeof given.relation === 'string') return sourceChat('relation', given.relation, line);
    return directChatOf(one, other!, line);
  };

  const describeChat = (as: ChatLine | RelationLine, line: number, facts: Partial<Chat>) => {
    const chat = chats[sourceChat(as.type, as.id, line)]!;
    if (chat.described !== null) return twice(line, chat.described.line);
    Object.assign(chat, { described: { line, as }, ...facts });
  };
  const twice = (line: number, earlier: number) =>
    void problems.push({ line, reason: `id: line ${earlier} has the same` });

  return {
    people: people.all,
    brands: brands.all,
    chats,
    messages,
    problems,

    addBad: ({ problem, named }, line) => {
      problems.push({ line, reason: problem });
      if (named?.type === 'user') people.all[people.named(named.id, line)]!.isBad = true;
      if (named?.type === 'brand') brands.all[brands.named(named.id, line)]!.isBad = true;
      if (named?.type === 'message') messages.badIds.add(named.id);
      if (named?.type === 'chat' || named?.type === 'relation') {
        chats[sourceChat(named.type, named.id, line)]!.isBad = true;
      }
    },

    add: (given, line, { offset, length }) => {
      switch (given.type) {
        case 'user': {
          const earlier = people.describe(given.id, line, given);
          if (earlier !== undefined) twice(line, earlier);
          return;
        }
        case 'brand': {
          const earlier = brands.describe(given.id, line, given);
          if (earlier !== undefined) return twice(line, earlier);
          brands.all[brands.named(given.id, line)]!.owner = people.named(given.owner, line);
          return;
        }
        case 'relation':
          return describeChat(given, line, {
            kind: 'RELATION',
            pair: [people.named(given.manager, line), people.named(given.client, line)],
          });
        case 'chat':
          return describeChat(given, line, {
            kind: given.kind,
            brands: given.brands ? [brands.named(given.brands[0]!, line), brands.named(given.brands[1]!, line)] : null,
            createdBy: given.createdBy ? people.named(given.createdBy, line) : null,
          });
        case 'member': {
          const person = people.named(given.user, line);
          const { members } = chats[placeOf(given, given.user, given.with, line)]!;
          members.push({ person, line, as: given, isDone: false });
          return;
        }
        case 'message': {
          const earlier = messages.add(given.id, {
            chat: placeOf(given, given.sender, given.receiver, line),
            sender: people.named(given.sender, line),
            createdAt: given.createdAt,
            ...happenedTo(given),
            line,
            offset,
            length,
          });
          if (earlier !== undefined) twice(line, messages.columns.line[earlier]!);
        }
      }
    },
  };
};

/** A flag without a time: at once. Never edited before it was sent, or deleted before it was edited, whatever the source's clocks say. */
const happenedTo = ({ createdAt, editedAt, isEdited, deletedAt, isDeleted }: MessageLine) => {
  const edited = Math.max(createdAt, editedAt ?? (isEdited ? createdAt : NaN));
  const deleted = deletedAt ?? (isDeleted ? createdAt : NaN);
  return { editedAt: edited, deletedAt: Math.max(createdAt, Number.isNaN(edited) ? createdAt : edited, deleted) };
};

const createThings = <Description, Kind extends Thing<Description>>(make: (thing: Thing<Description>) => Kind) => {
  const all: Kind[] = [];
  const bySource = new Map<string, number>();
  const named = (source: string, line: number): number => {
    const known = bySource.get(source);
    if (known !== undefined) return known;
    bySource.set(source, all.length);
    return all.push(make({ source, namedAt: line, described: null, id: null, isDone: false, isBad: false })) - 1;
  };
  return {
    all,
    named,
    /** @returns the line that described it already, otherwise undefined */
    describe: (source: string, line: number, as: Description): number | undefined => {
      const thing = all[named(source, line)]!;
      if (thing.described !== null) return thing.described.line;
      thing.described = { line, as };
      return undefined;
    },
  };
};
