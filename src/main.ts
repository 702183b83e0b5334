/** Where `npm start` and the container begin. */
import { serve } from './serve.js';

await serve();
