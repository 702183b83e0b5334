/** The format of a line to import; `docs/importing.md` describes it for its writers. Checks only what one line shows by itself. */
import { z } from 'zod';
import { descriptionProblem, nameProblem, slugProblem } from '../domain/chat-names.js';
import { accountProblem, isUsername, withoutBidi } from '../domain/accounts/account-input.js';
import { djangoHashProblem, isUnusable } from '../domain/accounts/django-passwords.js';
import { isStorable } from '../domain/text.js';

type Check = (text: string) => string | undefined;

/** @param check returns the problem, or nothing */
const text = (check: Check) =>
  z.string().superRefine((value, ctx) => {
    const problem = check(value);
    if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
  });

const storable: Check = (value) => (isStorable(value) ? undefined : 'must not contain NUL or half a surrogate pair');
const filled: Check = (value) =>
  value === '' || value.length > 200 ? 'must be 1 to 200 characters long' : storable(value);

/** A name without direction controls: address books add them, and the name is the same without. */
const nameText = (check: Check) => z.string().transform(withoutBidi).pipe(text(check));

const name: Check = (value) => nameProblem(value)?.reason;
const description: Check = (value) => descriptionProblem(value)?.reason;
const slug: Check = (value) => slugProblem(value)?.reason;

/** An id in the source system, where 7 and "7" are the same. */
const id = z.union([text(filled), z.int().transform(String)]);

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** In milliseconds. */
const time = text((value) => {
  const at = TIME.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) return 'must be a time as in 2026-01-31T09:30:00+03:00';
  return at > Date.now() ? 'lies in the future' : undefined;
}).transform((value) => Date.parse(value));

const username: Check = (value) =>
  isUsername(value) ? undefined : 'must be 1 to 150 letters, digits, "@", ".", "+", "-" or "_"';

/** For a password hash in Django's format. */
const password: Check = (hash) => (isUnusable(hash) ? undefined : djangoHashProblem(hash));

const email: Check = (value) => (value === '' ? undefined : accountProblem('email', value)?.reason);

/** Null and absent mean the same; for a flag and a time either is enough, since a source may have only the flag. */
const user = z.strictObject({
  type: z.literal('user'),
  id,
  username: text(username),
  email: text(email).nullish(),
  firstName: nameText((value) => accountProblem('firstName', value)?.reason).nullish(),
  lastName: nameText((value) => accountProblem('lastName', value)?.reason).nullish(),
  role: z.enum(['USER', 'MANAGER', 'ADMIN']).nullish(),
  isActive: z.boolean().nullish(),
  createdAt: time.nullish(),
  password: text(password).nullish(),
  externalId: text(filled).nullish(),
});

const brand = z.strictObject({
  type: z.literal('brand'),
  id,
  name: nameText(name),
  plan: z.enum(['FREE', 'BUSINESS']).nullish(),
  owner: id,
  createdAt: time.nullish(),
});

const relation = z.strictObject({
  type: z.literal('relation'),
  id,
  manager: id,
  client: id,
  createdAt: time.nullish(),
  deletedAt: time.nullish(),
  isDeleted: z.boolean().nullish(),
});

const chat = z.strictObject({
  type: z.literal('chat'),
  id,
  kind: z.enum(['GROUP', 'DIRECT', 'MATCH', 'ORDER'], { error: 'must be GROUP, DIRECT, MATCH or ORDER' }),
  name: nameText(name).nullish(),
  slug: text(slug).nullish(),
  orderRef: nameText(name).nullish(),
  description: nameText(description).nullish(),
  access: z.enum(['CLOSED', 'OPEN']).nullish(),
  brands: z.array(id).length(2, 'must be two').nullish(),
  createdBy: id.nullish(),
  createdAt: time.nullish(),
  closedAt: time.nullish(),
  isClosed: z.boolean().nullish(),
});

const member = z.strictObject({
  type: z.literal('member'),
  chat: id.nullish(),
  relation: id.nullish(),
  /** The other member of a direct chat. */
  with: id.nullish(),
  user: id,
  role: z.enum(['OWNER', 'MODERATOR', 'MEMBER']).nullish(),
  joinedAt: time.nullish(),
  lastReadMessage: id.nullish(),
  isAllRead: z.boolean().nullish(),
});

const message = z.strictObject({
  type: z.literal('message'),
  id,
  chat: id.nullish(),
  relation: id.nullish(),
  /** The other member of a direct chat. */
  receiver: id.nullish(),
  sender: id,
  text: text(storable).nullish(),
  createdAt: time,
  editedAt: time.nullish(),
  isEdited: z.boolean().nullish(),
  deletedAt: time.nullish(),
  isDeleted: z.boolean().nullish(),
});

const line = z.discriminatedUnion('type', [user, brand, relation, chat, member, message], {
  error: 'must be user, brand, relation, chat, member or message',
});

export type UserLine = z.infer<typeof user>;
export type BrandLine = z.infer<typeof brand>;
export type RelationLine = z.infer<typeof relation>;
export type ChatLine = z.infer<typeof chat>;
export type MemberLine = z.infer<typeof member>;
export type MessageLine = z.infer<typeof message>;
export type Line = z.infer<typeof line>;

/** The fields that are read again for writing. */
const stored = z.object({ id, text: z.string().nullish() });

const named = z.object({ type: z.enum(['user', 'brand', 'relation', 'chat', 'message']), id });

export interface BadLine {
  problem: string;
  /** What the line would have described, if that is readable: references to it then count as known. */
  named: z.infer<typeof named> | null;
}

/** @returns the line, or all of its problems */
export const parseLine = (json: string): Line | BadLine => {
  const value = parseJson(json);
  const bad = (problem: string): BadLine => ({ problem, named: named.safeParse(value).data ?? null });
  if (value === undefined) return bad('is no JSON');
  const parsed = line.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message: says }) =>
      path.length === 0 ? says : `${path.join('.')}: ${says}`,
    );
    return bad(problems.join('; '));
  }
  const problem = contradictionOf(parsed.data);
  return problem === undefined ? parsed.data : bad(problem);
};

/** Reads a line again that was valid before. @throws if the file has changed since */
export const parseStored = (json: string): { id: string; text: string } => {
  const parsed = stored.safeParse(parseJson(json));
  if (!parsed.success) throw new FileChangedError();
  return { id: parsed.data.id, text: parsed.data.text ?? '' };
};

/** The file changed between checking and writing. */
export class FileChangedError extends Error {
  override name = 'FileChangedError';
  constructor() {
    super('The file was changed while it was read');
  }
}

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

const isOne = (...given: unknown[]) => given.filter((one) => one !== null && one !== undefined).length === 1;
const isGiven = (value: unknown) => value !== null && value !== undefined;

/** A contradiction between its fields. */
const contradictionOf = (given: Line): string | undefined => {
  switch (given.type) {
    case 'relation':
      return given.manager === given.client ? 'manager and client must be two people' : undefined;
    case 'chat': {
      if (given.kind === 'GROUP' && !isGiven(given.name)) return 'name: a GROUP has one';
      if (given.kind === 'DIRECT' && isGiven(given.name)) return 'name: a DIRECT has none';
      if (given.kind === 'DIRECT' && isGiven(given.description)) return 'description: a DIRECT has none';
      if (given.kind !== 'GROUP' && given.access === 'OPEN') return 'access: only a GROUP is OPEN';
      if (given.kind === 'DIRECT' && isGiven(given.slug)) return 'slug: a DIRECT has none';
      if ((given.kind === 'ORDER') !== isGiven(given.orderRef)) return 'orderRef: an ORDER has one, and nothing else';
      if ((given.kind === 'MATCH') !== isGiven(given.brands)) return 'brands: a MATCH has two, and nothing else';
      return given.brands && given.brands[0] === given.brands[1] ? 'brands: must be two different ones' : undefined;
    }
    case 'member':
      if (!isOne(given.chat, given.relation, given.with)) return 'must say one of chat, relation and with';
      if (isGiven(given.lastReadMessage) && given.isAllRead) return 'must not say lastReadMessage and isAllRead';
      return given.with === given.user ? 'with: must be somebody else' : undefined;
    case 'message':
      if (!isOne(given.chat, given.relation, given.receiver)) return 'must say one of chat, relation and receiver';
      if (given.receiver === given.sender) return 'receiver: must be somebody else';
      return !isGiven(given.text) && !given.isDeleted && !isGiven(given.deletedAt) ? 'text: is missing' : undefined;
    default:
      return undefined;
  }
};
