import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Tests that drive a browser: the system's Chromium, by playwright-core. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/browser/**/*.test.ts'], exclude: [], testTimeout: 60_000, hookTimeout: 60_000 },
});
