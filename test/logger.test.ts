import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { LogFields } from '../src/log-line.js';
import { createLogger } from '../src/logger.js';

const SECRET = 'hunter2-hunter2';

const collect = (options: { isPretty?: boolean } = {}) => {
  const written: string[] = [];
  const logger = createLogger({
    level: 'info',
    ...options,
    stream: { write: (line: string) => void written.push(line) },
  });
  return { logger, written, lines: () => written.map((line) => JSON.parse(line) as LogFields) };
};

describe('createLogger', () => {
  it('writes a line of JSON with time, level, message and facts', () => {
    const { logger, lines } = collect();

    logger.child({ requestId: 'r1', userId: 9007199254740993n }).info({ seq: 7 }, 'Message sent');
    logger.warn('Redis is away');

    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'info',
        msg: 'Message sent',
        requestId: 'r1',
        userId: '9007199254740993',
        seq: 7,
      }),
      expect.objectContaining({ level: 'warn', msg: 'Redis is away' }),
    ]);
    expect(new Date(lines()[0]!.time as string).getTime()).toBeCloseTo(Date.now(), -5);
  });

  it('leaves out what is less important than its level', () => {
    const { logger, written } = collect();

    logger.debug({ seq: 7 }, 'Bell rung');

    expect(written).toEqual([]);
  });

  it.each([
    'password',
    'newPassword',
    'currentPassword',
    'token',
    'accessToken',
    'refreshToken',
    'tokenSecret',
    'TOKEN_SECRET',
    'authorization',
    'Authorization',
    'cookie',
    'text',
    'variables',
    'query',
    'connectionParams',
    'DATABASE_URL',
    'databaseUrl',
    'redisUrl',
  ])('S2.25 never writes what is called %s, however deep, in a child, a list or an error', (name) => {
    const { logger, written, lines } = collect();
    const secret = { [name]: SECRET };

    logger.info(secret, 'plain');
    logger.info({ a: { b: [{ c: secret }] } }, 'deep');
    logger.child(secret).info('child');
    logger.child({ a: secret }).info(secret, 'both');
    logger.error(
      { error: Object.assign(new Error('broken'), secret, { cause: Object.assign(new Error(), secret) }) },
      'error',
    );

    expect(written.join('')).not.toContain(SECRET);
    expect(lines()[0]).toMatchObject({ [name]: '[hidden]' });
    expect(written).toHaveLength(5);
  });

  it('keeps what only sounds like a secret', () => {
    const { logger, lines } = collect();

    logger.info({ tokenId: 't1', textLength: 12, sessionId: 's1', password: undefined }, 'Refused');

    expect(lines()[0]).toMatchObject({ tokenId: 't1', textLength: 12, sessionId: 's1' });
    expect(lines()[0]).not.toHaveProperty('password');
  });

  it('describes an error with its type, code, stack and cause, under any name', () => {
    const { logger, lines } = collect();
    const cause = Object.assign(new TypeError('connect'), { code: 'ECONNREFUSED' });

    logger.error({ error: new Error('away', { cause }), others: new AggregateError([cause], '') }, 'Database is away');

    expect(lines()[0]).toMatchObject({
      error: {
        type: 'Error',
        message: 'away',
        stack: expect.stringMatching(/^\s+at .*logger\.test/) as string,
        cause: { type: 'TypeError', message: 'connect', code: 'ECONNREFUSED' },
      },
      others: { type: 'AggregateError', errors: [{ code: 'ECONNREFUSED' }] },
    });
  });

  it('S2.25 writes nothing of the rows and parameters that database errors carry', () => {
    const { logger, written, lines } = collect();
    class PrismaClientValidationError extends Error {}
    const fromPostgres = Object.assign(new Error('violates check constraint'), {
      code: '23514',
      constraint: 'message_text',
      detail: `Failing row contains (1, ${SECRET}).`,
      params: [SECRET],
      query: `INSERT … '${SECRET}'`,
    });
    const fromPrisma = new PrismaClientValidationError(
      `\nInvalid \`prisma.user.create()\` invocation:\n\n{ data: { username: "${SECRET}" } }\n\nArgument \`email\` is missing.`,
    );

    logger.error({ error: fromPostgres, cause: fromPrisma }, 'Refused by the database');

    expect(written.join('')).not.toContain(SECRET);
    expect(lines()[0]).toMatchObject({
      error: { message: 'violates check constraint', code: '23514', constraint: 'message_text' },
      cause: { type: 'PrismaClientValidationError', message: 'Argument `email` is missing.' },
    });
  });

  it('survives what is no data: circles, sockets, buffers', () => {
    const { logger, lines } = collect();
    const circle: LogFields = { name: 'round' };
    circle.self = circle;

    logger.info({ circle, buffer: Buffer.from(SECRET), map: new Map([['token', SECRET]]), at: new Date(0) }, 'Odd');

    expect(lines()[0]).toMatchObject({
      circle: { name: 'round' },
      buffer: '[Buffer]',
      map: '[Map]',
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('S2.25 writes lines for people on a terminal, hiding the same', () => {
    const { logger, written } = collect({ isPretty: true });

    logger.info({ chatId: '7', accessToken: SECRET }, 'Message sent');

    const shown = stripVTControlCharacters(written.join(''));
    expect(shown).toMatch(/INFO.*Message sent[^]*chatId: "7"[^]*accessToken: "\[hidden\]"/);
    expect(shown).not.toContain(SECRET);
  });
});
