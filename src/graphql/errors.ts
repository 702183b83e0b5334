/** The expected errors, as members of each field's union. An error that no union holds becomes a top-level error elsewhere. */
import {
  ChatClosedError,
  ForbiddenError,
  IdempotencyConflictError,
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  NotFoundError,
  NotJoinedError,
  PlanRequiredError,
  RateLimitedError,
  TextEmptyError,
  TextTooLongError,
  type InvalidField,
  type InvalidFieldCode,
} from '../domain/errors.js';
import { builder } from './builder.js';
import { Message } from './message.js';
import { Plan } from './plan.js';

export const ErrorInterface = builder.interfaceRef<Error>('Error').implement({
  description: 'An expected error: why an operation was refused.',
  fields: (t) => ({
    reason: t.exposeString('message', { description: 'Human-readable explanation, safe to display.' }),
  }),
});

const codes: Record<InvalidFieldCode, { description: string }> = {
  BLANK: { description: 'Empty, or nothing but white space and other invisible characters.' },
  TOO_SHORT: { description: 'Text with too few characters.' },
  TOO_LONG: { description: 'Text with too many characters.' },
  TOO_MANY: { description: 'Too many items.' },
  OUT_OF_RANGE: { description: 'A number or a time outside the accepted range.' },
  MALFORMED: { description: 'Not in the required form, or with characters that are not accepted.' },
  NOT_ALLOWED: { description: 'Well-formed, but not possible here.' },
  TAKEN: { description: 'Already in use.' },
  NOT_FOUND: { description: 'It names something that does not exist.' },
};

const InvalidFieldCodeType = builder.enumType('InvalidFieldCode', {
  description: 'Why an input field was refused.',
  values: codes,
});

export const InvalidFieldType = builder.objectRef<InvalidField>('InvalidField').implement({
  description: 'An input field, and what is wrong with it.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Its path in the input: `["memberIds", "2"]`.' }),
    code: t.expose('code', { type: InvalidFieldCodeType, description: 'Machine-readable reason.' }),
    limit: t.int({
      nullable: true,
      description:
        'The limit that was violated: the maximum or minimum number of characters or items, or the highest or lowest number. Null if ' +
        'there is none.',
      resolve: ({ limit }) => limit,
    }),
    reason: t.exposeString('reason', {
      description: 'Explanation to show next to the field: `is taken`. The error’s own `reason` is a whole sentence.',
    }),
  }),
});

const interfaces = [ErrorInterface];

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description:
    'It does not exist, the viewer may not see it, or the id is not of that type: the error does not say which.',
  interfaces,
});

builder.objectType(ForbiddenError, { name: 'ForbiddenError', description: 'Visible, but not allowed.', interfaces });

builder.objectType(ChatClosedError, {
  name: 'ChatClosedError',
  description: 'The chat is closed, and so read-only.',
  interfaces,
  fields: (t) => ({
    closedAt: t.expose('closedAt', { type: 'DateTime', description: 'When it was closed.' }),
  }),
});

builder.objectType(PlanRequiredError, {
  name: 'PlanRequiredError',
  description: 'Administrators may write in a MATCH chat only if one of its brands has the BUSINESS plan.',
  interfaces,
  fields: (t) => ({ plan: t.expose('plan', { type: Plan, description: 'The plan that one of the brands needs.' }) }),
});

builder.objectType(NotJoinedError, {
  name: 'NotJoinedError',
  description: 'Writing in a MATCH chat requires following it with `chatEvents`.',
  interfaces,
});

builder.objectType(TextEmptyError, {
  name: 'TextEmptyError',
  description: 'The text is empty, or nothing but white space and other invisible characters, such as zero-width ones.',
  interfaces,
});

builder.objectType(TextTooLongError, {
  name: 'TextTooLongError',
  description: 'The text is longer than this server allows.',
  interfaces,
  fields: (t) => ({
    maxLength: t.exposeInt('maxLength', { description: 'The maximum length, in Unicode code points.' }),
    length: t.exposeInt('length', { description: 'The actual length, in Unicode code points.' }),
  }),
});

builder.objectType(RateLimitedError, {
  name: 'RateLimitedError',
  description: 'Too many requests of this sort in a short time. Nothing was done.',
  interfaces,
  fields: (t) => ({
    retryAfterMs: t.exposeInt('retryAfterMs', {
      description: 'How long to wait before a retry may succeed, in milliseconds.',
    }),
  }),
});

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: 'The same `clientMessageId` was already used for another message.',
  interfaces,
  fields: (t) => ({
    message: t.field({
      type: Message,
      description: 'The message first sent with it, as it is now.',
      resolve: (error) => error.sent,
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'The input has the right types, but invalid values.',
  interfaces,
  fields: (t) => ({
    fields: t.expose('fields', { type: [InvalidFieldType], description: 'Everything that is wrong with it.' }),
  }),
});

builder.objectType(InvalidCredentialsError, {
  name: 'InvalidCredentialsError',
  description: 'Unknown user, wrong password or deactivated account: the error does not say which.',
  interfaces,
});

builder.objectType(InvalidTokenError, {
  name: 'InvalidTokenError',
  description: 'The token is expired, revoked, malformed or already used.',
  interfaces,
});
