/** The entry point of `npm start` and of the container. */
import { serve } from './serve.js';

await serve();
