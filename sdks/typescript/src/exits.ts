/**
 * Saves what waits when the process ends, without getting in the way of how it ends.
 *
 * `exit` (also after `process.exit` and an uncaught error) and signals: what waits goes to the spool, synchronously.
 * `beforeExit`: the server gets a moment to take it. A signal that nobody else listens to ends the process as it would
 * have without us; where the program listens, it decides.
 */
export interface Saver {
  /** Gives the server a moment. */
  last(): Promise<unknown>;
  /** Synchronous, never throws. `isEnd`: nothing of the program runs after it. */
  save(isEnd: boolean): void;
  isEmpty(): boolean;
}

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
const OURS = Symbol.for("tachograph-client signals");
const SIGNAL_EXIT = Symbol.for("signal-exit emitter");
const savers = new Set<Saver>();
let isWatching = false;
let hasEnded = false;
const tried = new WeakSet<Saver>();

export function watch(saver: Saver): void {
  savers.add(saver);
  if (isWatching) return;
  isWatching = true;
  process.on("beforeExit", beforeExit);
  process.on("exit", onExit);
  ours().add(onSignal);
  for (const signal of SIGNALS) {
    try {
      process.on(signal, onSignal);
    } catch {
      // A worker thread gets no signals.
    }
  }
}

export function unwatch(saver: Saver): void {
  savers.delete(saver);
  if (savers.size > 0 || !isWatching) return;
  isWatching = false;
  process.off("beforeExit", beforeExit);
  process.off("exit", onExit);
  ours().delete(onSignal);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function beforeExit(): void {
  // Node asks again when the tries are over; each saver gets one.
  for (const saver of savers) {
    if (saver.isEmpty() || tried.has(saver)) continue;
    tried.add(saver);
    void saver.last();
  }
}

function saveAll(isEnd: boolean): void {
  for (const saver of savers) saver.save(isEnd);
}

function onExit(): void {
  hasEnded = true;
  saveAll(true);
}

/** Whether the process only waits for the listeners of `exit`: what is recorded now has no later turn in which it would be written. */
export function isEnding(): boolean {
  // Node says so before it calls the first of them, also where this library has not listened in time.
  return hasEnded || (process as { _exiting?: boolean })._exiting === true;
}

function onSignal(signal: NodeJS.Signals): void {
  const isEnd = process.listeners(signal).length <= ours().size + elsewhere();
  saveAll(isEnd);
  if (!isEnd) return;
  process.off(signal, onSignal);
  ours().delete(onSignal);
  process.kill(process.pid, signal);
}

/** Listeners of all copies of this library (ESM, CommonJS): none of them handles a signal. */
function ours(): Set<unknown> {
  const shared = globalThis as { [OURS]?: Set<unknown> };
  return (shared[OURS] ??= new Set());
}

/** Listeners of `signal-exit`, which does as we do: it ends the process only where nobody else listens. */
function elsewhere(): number {
  const newer = (globalThis as { [SIGNAL_EXIT]?: { count?: number } })[SIGNAL_EXIT];
  const older = (process as { __signal_exit_emitter__?: { count?: number } }).__signal_exit_emitter__;
  return (newer?.count ?? 0) + (older?.count ?? 0);
}
