/** What one does with messages, groups, people and files: `/react`, `/invite`, `/block`, `/send` and their like. */
import type { Connection } from './connection.js';
import type { Conversation, Message } from './conversation.js';
import { marksOf } from './message-lines.js';
import {
  AcceptInviteDocument,
  AddReactionDocument,
  BlockUserDocument,
  CreateInviteDocument,
  JoinChatDocument,
  OpenGroupsDocument,
  PinMessageDocument,
  RemoveReactionDocument,
  UnblockUserDocument,
  UnpinMessageDocument,
  UpdateChatSettingsDocument,
  UserDocument,
  type UpdateChatSettingsInput,
} from './operations.js';
import type { Found } from './search.js';
import { uploadFile } from './send-file.js';
import { refusalOf, type Additions } from './sender.js';
import { harmless } from './text.js';

/** What `/help` shows. */
export const COMMANDS = [
  '/chats                  your chats',
  '/open NUMBER or NAME    a chat of yours; alone: the open groups',
  '/join NAME              become a member of an open group',
  '/search WORDS           in this chat, or in all',
  '/more                   older messages',
  '/reply #N TEXT          answer a message; @NAME mentions a member',
  '/react #N 👍            again takes it back',
  '/pin #N, /unpin #N      pin a message for everyone',
  '/edit [#N] TEXT         your message; without a number the newest',
  '/delete [#N]            the same',
  '/send FILE [TEXT]       "in quotes" if there are spaces in the name',
  '/invite, /accept CODE   let somebody in; join with a code',
  '/mute, /unmute          no notifications from this chat',
  '/archive, /unarchive    out of your chats until somebody else writes',
  '/block NAME, /unblock NAME',
  '/quit',
];

export interface CommandContext {
  connection: Connection;
  room: { id: string; conversation: Conversation; send(text: string, additions?: Additions): void } | null;
  /** Reads the list of chats again. */
  refresh(): Promise<void>;
  openById(chatId: string): Promise<void>;
  /** Shown until the next line is entered. */
  show(found: Found): void;
  /** Makes a link that is a path complete. */
  absolute: (url: string) => string;
}

/** A refusal to tell: the user's mistake, or the server's answer. */
class Refusal extends Error {}

type Command = (context: CommandContext, rest: string) => Promise<string | null> | null;

/** @returns null if there is no such command; otherwise it resolves with what to tell, or null */
export const runCommand = (name: string, rest: string, context: CommandContext): Promise<string | null> | null => {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return command === undefined ? null : attempt(() => command(context, rest.trim()));
};

const attempt = async (run: () => ReturnType<Command>): Promise<string | null> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
};

const commands: Readonly<Record<string, Command>> = {
  reply: (context, rest) => {
    const { message, text } = pick(context, rest);
    if (text === '') throw new Refusal('Say what: /reply #12 TEXT');
    hereOf(context).send(text, { replyToId: message.id });
    return null;
  },
  react: async (context, rest) => {
    const { message, text: emoji } = pick(context, rest);
    const { connection } = context;
    const input = { messageId: message.id, emoji };
    const isMine = message.reactions.some((one) => one.isMine && bareOf(one.emoji) === bareOf(emoji));
    const result = isMine
      ? (await connection.run(RemoveReactionDocument, { input })).removeReaction
      : (await connection.run(AddReactionDocument, { input })).addReaction;
    return changed(context, result);
  },
  pin: async (context, rest) => {
    const input = { messageId: pick(context, rest).message.id };
    return changed(context, (await context.connection.run(PinMessageDocument, { input })).pinMessage);
  },
  unpin: async (context, rest) => {
    const input = { messageId: pick(context, rest).message.id };
    return changed(context, (await context.connection.run(UnpinMessageDocument, { input })).unpinMessage);
  },
  send: async (context, rest) => {
    const [, quoted, plain, text = ''] = /^(?:"([^"]+)"|(\S+))\s*(.*)$/s.exec(rest) ?? [];
    const path = quoted ?? plain;
    const here = hereOf(context);
    if (path === undefined) throw new Refusal('Say which: /send FILE [TEXT]');
    const id = await uploadFile(context.connection, path, context.absolute);
    here.send(text, { attachmentIds: [id] });
    return null;
  },
  groups: async (context, search) => {
    const groups = await openGroups(context, search);
    context.show({
      query: 'open groups',
      lines: groups.map(({ title, memberCount, description }) =>
        harmless(`${title} (${memberCount} members)${description ? `  ${description}` : ''}`),
      ),
      note: groups.length === 0 ? 'There are no open groups' : '/join NAME becomes a member. Enter goes back',
    });
    return null;
  },
  join: async (context, name) => {
    const groups = await openGroups(context, name);
    const group = groups.find(({ title }) => title.toLowerCase() === name.toLowerCase()) ?? groups[0];
    if (group === undefined || name === '') throw new Refusal(`There is no open group ${name}`);
    const { joinChat: result } = await context.connection.run(JoinChatDocument, { input: { chatId: group.id } });
    if (result?.__typename !== 'JoinChatSuccess') throw refused(result);
    return enter(context, result.chat.id);
  },
  invite: async (context) => {
    const input = { chatId: hereOf(context).id };
    const { createInvite: result } = await context.connection.run(CreateInviteDocument, { input });
    if (result?.__typename !== 'CreateInviteSuccess') throw refused(result);
    context.show({
      query: 'an invite',
      lines: [harmless(result.invite.url), `/accept ${harmless(result.invite.code)}`],
      note: 'Who has the code can join. Enter goes back',
    });
    return null;
  },
  accept: async (context, code) => {
    const { acceptInvite: result } = await context.connection.run(AcceptInviteDocument, { input: { code } });
    if (result?.__typename !== 'AcceptInviteSuccess') throw refused(result);
    return enter(context, result.chat.id);
  },
  mute: (context) => set(context, { isMuted: true }, 'Muted: its messages notify you no longer'),
  unmute: (context) => set(context, { isMuted: false }, 'Not muted any longer'),
  archive: (context) => set(context, { isArchived: true }, 'Archived: out of your chats until somebody else writes'),
  unarchive: (context) => set(context, { isArchived: false }, 'Back in your chats'),
  block: async (context, name) => {
    const input = { userId: await userIdOf(context, name) };
    const refusal = refusalOf((await context.connection.run(BlockUserDocument, { input })).blockUser);
    return refusal ?? `${name} is blocked`;
  },
  unblock: async (context, name) => {
    const input = { userId: await userIdOf(context, name) };
    const refusal = refusalOf((await context.connection.run(UnblockUserDocument, { input })).unblockUser);
    return refusal ?? `${name} is not blocked any longer`;
  },
};

type Answer = { __typename: string; reason?: string } | null | undefined;

const refused = (result: Answer) => new Refusal(refusalOf(result) ?? 'The server did not answer');

const hereOf = ({ room }: CommandContext) => {
  if (room === null) throw new Refusal('Open a chat first: /open NUMBER');
  return room;
};

/** `#12 text` → the message 12 and the text. */
const pick = (context: CommandContext, rest: string): { message: Message; text: string } => {
  const { conversation } = hereOf(context);
  const [, seq, text = ''] = /^#?(\d+)\s*(.*)$/s.exec(rest) ?? [];
  const message = conversation.messages().find((one) => one.seq === Number(seq) && !one.isDeleted);
  if (message === undefined) throw new Refusal('There is no such message here: name it as #12');
  return { message, text };
};

/** Shows the message at once, even if its event comes later. */
const changed = (context: CommandContext, result: Answer | { __typename: string; message: Message }): string => {
  if (!result || !('message' in result)) throw refused(result);
  hereOf(context).conversation.put([result.message]);
  return `#${result.message.seq} ${marksOf(result.message)}`;
};

/** Without what only chooses how it is drawn: ❤ and ❤️ are one. */
const bareOf = (emoji: string) => emoji.replaceAll('\uFE0F', '');

const openGroups = async ({ connection }: CommandContext, search: string) =>
  (await connection.run(OpenGroupsDocument, { search: search === '' ? null : search })).openChats?.nodes ?? [];

const enter = async (context: CommandContext, chatId: string): Promise<null> => {
  await context.refresh();
  await context.openById(chatId);
  return null;
};

const set = async (
  context: CommandContext,
  change: Omit<UpdateChatSettingsInput, 'chatId'>,
  done: string,
): Promise<string> => {
  const input = { chatId: hereOf(context).id, ...change };
  const refusal = refusalOf((await context.connection.run(UpdateChatSettingsDocument, { input })).updateChatSettings);
  if (refusal === null) await context.refresh();
  return refusal ?? done;
};

const userIdOf = async ({ connection }: CommandContext, username: string): Promise<string> => {
  const { user } = await connection.run(UserDocument, { username });
  if (!user) throw new Refusal(`There is nobody called ${username}`);
  return user.id;
};
