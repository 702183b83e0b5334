/** The plans of brands. */
import { Plan as PrismaPlan } from '../generated/prisma/enums.js';
import { builder } from './builder.js';

export const Plan = builder.enumType('Plan', {
  description: "A brand's plan.",
  values: {
    [PrismaPlan.FREE]: { description: 'Only members write in its chats.' },
    [PrismaPlan.BUSINESS]: { description: 'Administrators write in its chats too.' },
  } as const,
});
