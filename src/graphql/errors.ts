/** The outcomes that are not success, as members of each field's union. What no union holds becomes a top-level error elsewhere. */
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
  description: 'Why something could not be done.',
  fields: (t) => ({
    reason: t.exposeString('message', { description: 'A sentence fit to show to a person.' }),
  }),
});

const codes: Record<InvalidFieldCode, { description: string }> = {
  BLANK: { description: 'Empty, or nothing of it can be seen.' },
  TOO_SHORT: { description: 'Text with too few characters.' },
  TOO_LONG: { description: 'Text with too many characters.' },
  TOO_MANY: { description: 'Too many items.' },
  OUT_OF_RANGE: { description: 'A number or a time outside of what is accepted.' },
  MALFORMED: { description: 'Not of the required form, or with characters that are not accepted.' },
  NOT_ALLOWED: { description: 'Well-formed, but not possible here.' },
  TAKEN: { description: 'Somebody or something else has it.' },
  NOT_FOUND: { description: 'It names something that does not exist.' },
};

const InvalidFieldCodeType = builder.enumType('InvalidFieldCode', {
  description: 'Why a field of an input is refused.',
  values: codes,
});

export const InvalidFieldType = builder.objectRef<InvalidField>('InvalidField').implement({
  description: 'One field of an input, and what is wrong with it.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Where it is in the input: `["memberIds", "2"]`.' }),
    code: t.expose('code', { type: InvalidFieldCodeType, description: 'Why, for programs.' }),
    limit: t.int({
      nullable: true,
      description:
        'The number that was broken: the most or fewest characters or items, the lowest number. Null where there is none.',
      resolve: ({ limit }) => limit,
    }),
    reason: t.exposeString('reason', {
      description: 'Why, to show beside the field: `is taken`. The error’s own `reason` is a whole sentence.',
    }),
  }),
});

const interfaces = [ErrorInterface];

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'It does not exist, the viewer may not see it, or the id is none of that type: all answer alike.',
  interfaces,
});

builder.objectType(ForbiddenError, { name: 'ForbiddenError', description: 'Visible, but not allowed.', interfaces });

builder.objectType(ChatClosedError, {
  name: 'ChatClosedError',
  description: 'The chat can be read, not written.',
  interfaces,
  fields: (t) => ({
    closedAt: t.expose('closedAt', { type: 'DateTime', description: 'When it was closed.' }),
  }),
});

builder.objectType(PlanRequiredError, {
  name: 'PlanRequiredError',
  description: 'Administrators write in MATCH chats only where a brand has the BUSINESS plan.',
  interfaces,
  fields: (t) => ({ plan: t.expose('plan', { type: Plan, description: 'The plan that a brand would need.' }) }),
});

builder.objectType(NotJoinedError, {
  name: 'NotJoinedError',
  description: 'In MATCH chats one writes only while following `chatEvents`.',
  interfaces,
});

builder.objectType(TextEmptyError, {
  name: 'TextEmptyError',
  description: 'The text is empty, or nothing of it can be seen: white space, zero-width characters.',
  interfaces,
});

builder.objectType(TextTooLongError, {
  name: 'TextTooLongError',
  description: 'The text is longer than this server allows.',
  interfaces,
  fields: (t) => ({
    maxLength: t.exposeInt('maxLength', { description: 'How long it may be, in Unicode code points.' }),
    length: t.exposeInt('length', { description: 'How long it is, in Unicode code points.' }),
  }),
});

builder.objectType(RateLimitedError, {
  name: 'RateLimitedError',
  description: 'Too many of these in a short time. Nothing was done.',
  interfaces,
  fields: (t) => ({
    retryAfterMs: t.exposeInt('retryAfterMs', {
      description: 'When the next one may succeed, in milliseconds from now.',
    }),
  }),
});

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: 'The same `clientMessageId` was used before for another text, or other metadata.',
  interfaces,
  fields: (t) => ({
    message: t.field({
      type: Message,
      description: 'What was sent with it then, as it is now.',
      resolve: (error) => error.sent,
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'The input has the right types, but says something that cannot be.',
  interfaces,
  fields: (t) => ({
    fields: t.expose('fields', { type: [InvalidFieldType], description: 'Everything that is wrong with it.' }),
  }),
});

builder.objectType(InvalidCredentialsError, {
  name: 'InvalidCredentialsError',
  description: 'No such user, a wrong password or a deactivated account: all answer alike.',
  interfaces,
});

builder.objectType(InvalidTokenError, {
  name: 'InvalidTokenError',
  description: 'Expired, revoked, malformed or already used.',
  interfaces,
});
