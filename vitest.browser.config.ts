import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

const { projects: _, ...shared } = base.test!;

/** Tests that drive a browser: the system's Chromium, by playwright-core. */
export default defineConfig({
  ...base,
  test: { ...shared, include: ['test/browser/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
