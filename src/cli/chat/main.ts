/**
 * `parley chat`: a terminal client that uses only the public API, and the example to read first. What a client must do to
 * lose nothing is in three files: follow.ts (keep the last cursor), sender.ts (retry with the same key) and conversation.ts
 * (apply by id and position). The rest is a terminal.
 */
import { SignInError } from '@parley-chat/client/session';
import { COMMANDS, runCommand, type CommandContext } from './commands.js';
import { createConnection } from './connection.js';
import type { Message } from './conversation.js';
import { createInbox, settingsOf, sortOf, titleOf, type ChatSummary } from './inbox.js';
import { linesOf } from './message-lines.js';
import { askPassword } from './password.js';
import { openRoom, type Room } from './room.js';
import { search, type Found } from './search.js';
import { createScreen, type Page } from './screen.js';
import { messageOf } from './sender.js';
import { signIn, type Session } from './session.js';
import { harmless, wrap } from './text.js';

export interface ChatOptions {
  /** The server's URL: `http://127.0.0.1:4000`, with or without `/graphql`. */
  url: string;
  /** The username. */
  as: string;
  /** If not given, it is prompted for, or read from the first line of a pipe. */
  password?: string | undefined;
  /** The chat to open: its name, its slug, or its members. */
  chat?: string | undefined;
}

const HELP = '/chats  /open NUMBER or NAME  /search WORDS  /more  /help  /quit';
/** @returns the process's exit code */
export const chat = async (options: ChatOptions): Promise<number> => {
  const endpoint = endpointOf(options.url);
  let session: Session;
  try {
    session = await signIn({
      endpoint,
      username: options.as,
      password: options.password ?? (await askPassword(options.as)),
    });
  } catch (error) {
    const reason = error instanceof SignInError ? error.message : `${endpoint} cannot be reached (${causeOf(error)})`;
    process.stderr.write(`parley chat: ${reason}\n`);
    return error instanceof SignInError ? 77 : 69;
  }
  return new Promise((resolve) => run(endpoint, session, options.chat, resolve));
};

const run = (endpoint: string, session: Session, wanted: string | undefined, exit: (code: number) => void) => {
  const viewer = session.user;
  let room: (Room & { title: string; id: string }) | null = null;
  /** Shown until the next line is entered. */
  let found: Found | null = null;
  let notice = HELP;
  let state: 'connected' | 'away' = 'away';
  const absolute = (url: string) => new URL(url, endpoint).href;

  const screen = createScreen({
    input: process.stdin,
    output: process.stdout,
    onLine: (line) => void onLine(line).catch((error: unknown) => tell(messageOf(error))),
    onKey: (typed) => room?.key(typed),
    onClose: () => void quit(0),
  });

  const draw = () => {
    if (found !== null) screen.draw(foundPage(found));
    else screen.draw(room === null ? inboxPage() : roomPage(room));
  };
  /** @param text null: nothing to tell */
  const tell = (text: string | null) => {
    notice = harmless(text ?? HELP);
    draw();
  };

  const connection = createConnection({
    endpoint,
    session,
    onState: (next) => {
      state = next;
      draw();
    },
    onGone: (reason) => {
      process.stderr.write(`parley chat: signed out: ${reason}\n`);
      void quit(77);
    },
  });
  const inbox = createInbox(connection, draw);

  const quit = async (code: number) => {
    room?.close();
    screen.close();
    await connection.close();
    exit(code);
  };

  const open = async (chosen: ChatSummary) => {
    room?.close();
    room = null;
    const title = harmless(titleOf(chosen, viewer.id));
    const opened = await openRoom(connection, viewer.id, chosen.id, {
      onChange: draw,
      onNotice: tell,
      onEnded: (reason) => {
        room?.close();
        room = null;
        tell(reason);
        void inbox.refresh();
      },
    });
    if (opened === null) return tell('This chat is gone');
    room = { ...opened, title, id: chosen.id };
    tell(HELP);
  };

  const find = (name: string): ChatSummary | undefined => {
    const chats = inbox.chats();
    return /^\d+$/.test(name)
      ? chats[Number(name) - 1]
      : (chats.find((one) => one.slug === name || titleOf(one, viewer.id) === name) ??
          chats.find((one) => titleOf(one, viewer.id).toLowerCase().includes(name.toLowerCase())));
  };

  const openByName = async (name: string) => {
    const chosen = find(name);
    return chosen === undefined ? tell(`There is no chat ${name}`) : open(chosen);
  };

  /** `#12 text` → the viewer's own message 12 and the text; without a number, the viewer's newest message. */
  const pick = (rest: string): { message: Message | undefined; text: string } => {
    const [, seq, text] = /^(?:#(\d+)\s*)?(.*)$/s.exec(rest)!;
    const own =
      room?.conversation.messages().filter((message) => message.sender.id === viewer.id && !message.isDeleted) ?? [];
    return {
      message: seq === undefined ? own.at(-1) : own.find((message) => message.seq === Number(seq)),
      text: text ?? '',
    };
  };

  const change = async (rest: string, act: (message: Message, text: string) => Promise<string | null>) => {
    const { message, text } = pick(rest);
    if (message === undefined) return tell('You have no such message here');
    tell((await act(message, text)) ?? HELP);
  };

  const show = (next: Found) => {
    found = next;
    draw();
  };
  const context = (): CommandContext => ({
    connection,
    room,
    refresh: inbox.refresh,
    openById: async (chatId) => {
      const chosen = inbox.chats().find(({ id }) => id === chatId);
      if (chosen !== undefined) await open(chosen);
    },
    show,
    absolute,
  });

  const onLine = async (line: string) => {
    const [, command, rest = ''] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
    found = null;
    if (line.trim() === '') return draw();
    if (command === 'quit') return quit(0);
    if (command === 'help') return show({ query: 'commands', lines: COMMANDS, note: 'Enter goes back' });
    if (command === 'open' && rest === '') return tell(await runCommand('groups', '', context()));
    if (command === 'open' || (command === undefined && room === null))
      return openByName(command === undefined ? line : rest);
    if (command === 'chats') {
      room?.close();
      room = null;
      return inbox.refresh();
    }
    const here = room;
    if (command === 'search') {
      found = await search(connection, rest, here?.id ?? null);
      return draw();
    }
    const said = command === undefined ? null : runCommand(command, rest, context());
    if (said !== null) return tell(await said);
    if (here === null) return tell('Open a chat first: /open NUMBER');
    if (command === undefined) return here.send(line);
    if (command === 'more') return void ((await here.readOlder()) || tell('There is nothing older'));
    if (command === 'edit') return change(rest, (message, text) => here.edit(message.id, text));
    if (command === 'delete') return change(rest, (message) => here.delete(message.id));
    return tell(`There is no /${command}. ${HELP}`);
  };

  const status = (text: string) =>
    cut(state === 'connected' ? text : 'away from the server, reconnecting …', screen.columns());

  const inboxPage = (): Page => ({
    title: `${viewer.username} · chats`,
    lines: inbox.chats().map((one, index) => {
      const unread = one.unreadCount > 0 ? ` (${one.unreadCount} unread)` : '';
      const closed = one.closedAt === null ? '' : ' [closed]';
      const last = one.lastMessage ? `  ${one.lastMessage.sender.username}: ${one.lastMessage.text ?? ''}` : '';
      return cut(
        harmless(`${index + 1}. ${titleOf(one, viewer.id)}${sortOf(one)}${closed}${settingsOf(one)}${unread}${last}`),
        screen.columns(),
      );
    }),
    status: status(notice),
    prompt: 'open> ',
  });

  const foundPage = ({ query, lines, note }: Found): Page => ({
    title: `${viewer.username} · ${room === null ? 'all chats' : room.title} · ${harmless(query)}`,
    lines: lines.flatMap((line) => wrap(line, screen.columns() - 1)),
    status: status(note),
    prompt: room === null ? 'open> ' : `${viewer.username}> `,
  });

  const roomPage = ({ title, conversation, typists }: Room & { title: string }): Page => {
    const columns = screen.columns() - 1;
    const confirmed = conversation
      .messages()
      .flatMap((message) => linesOf(message, { viewerId: viewer.id, columns, absolute }));
    const underway = conversation.outgoing().map(({ text, refusal }) => {
      const fate = refusal === undefined ? '… sending' : `✗ not sent: ${harmless(refusal)}`;
      return `   ${viewer.username}: ${harmless(text)}  ${fate}`;
    });
    const others = inbox.unreadCount();
    const typing = typists().length > 0 ? harmless(`${typists().join(', ')} typing …`) : notice;
    return {
      title: `${viewer.username} · ${title}${others > 0 ? ` · ${others} unread elsewhere` : ''}`,
      lines: [...confirmed, ...(process.stdout.isTTY ? underway : []).flatMap((line) => wrap(line, columns))],
      status: status(typing),
      prompt: `${viewer.username}> `,
    };
  };

  draw();
  inbox
    .refresh()
    .then(() => (wanted === undefined ? undefined : openByName(wanted)))
    .catch((error: unknown) => tell(messageOf(error)));
};

const cut = (line: string, columns: number) => (columns === Infinity ? line : (wrap(line, columns - 1)[0] ?? ''));

const endpointOf = (url: string) =>
  /\/graphql\/?$/.test(url) ? url.replace(/\/$/, '') : `${url.replace(/\/+$/, '')}/graphql`;

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause);
};
