// Connections to Redis by ioredis, with its own defaults: it connects again by itself, and commands wait for that.
import { Redis } from 'ioredis';

export const connectToRedis = (url) => {
  const redis = new Redis(url);
  redis.on('error', () => {}); // else it writes each failed try to the console
  return redis;
};
