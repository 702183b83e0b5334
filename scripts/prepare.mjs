// Run by npm after installing, and before whatever reads generated files.
import { generateClient } from './generate-client.mjs';
import { generateTestOperations } from './generate-operations.mjs';

await generateClient();
await generateTestOperations();
