/** Who becomes a member of a chat. */
import { ChatAccess as PrismaChatAccess } from '../generated/prisma/enums.js';
import { builder } from './builder.js';

export const ChatAccess = builder.enumType('ChatAccess', {
  description: 'Who becomes a member of a chat.',
  values: {
    [PrismaChatAccess.CLOSED]: { description: 'Those who are added, or invited.' },
    [PrismaChatAccess.OPEN]: { description: 'Every user finds and joins it too. For groups only.' },
  } as const,
});
