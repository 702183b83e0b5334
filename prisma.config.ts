import { defineConfig } from 'prisma/config';

// Only the schema: where the database is, Parley's own configuration says.
export default defineConfig({ schema: 'prisma/schema.prisma' });
