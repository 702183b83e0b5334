declare module 'fs-native-extensions' {
  /** Whether an exclusive lock on the whole file was granted; it ends when the file is closed. */
  export const tryLock: (file: number) => boolean;
}
