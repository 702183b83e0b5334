// Run by npm after installing, and before whatever reads generated files.
import { generateClient } from './generate-client.mjs';

generateClient();
