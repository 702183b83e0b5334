/** What a brand pays for. */
import { Plan as PrismaPlan } from '../generated/prisma/enums.js';
import { builder } from './builder.js';

export const Plan = builder.enumType('Plan', {
  description: 'What a brand pays for.',
  values: {
    [PrismaPlan.FREE]: { description: 'Its members write to each other.' },
    [PrismaPlan.BUSINESS]: { description: 'Administrators write in its chats too.' },
  } as const,
});
