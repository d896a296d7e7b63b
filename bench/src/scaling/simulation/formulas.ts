/** Textbook answers for queues with arrivals by chance; what the simulation is checked against, and compared with. */

/** Erlang B: the share that is refused where `servers` serve and nobody waits. @param offered arrivals per second times seconds each */
export function refusedShare(servers: number, offered: number): number {
  let share = 1;
  for (let count = 1; count <= servers; count += 1) share = (offered * share) / (count + offered * share);
  return share;
}

/** Erlang C: the share that has to wait for one of the servers. */
export function waitingShare(servers: number, utilisation: number): number {
  const refused = refusedShare(servers, servers * utilisation);
  return refused / (1 - utilisation * (1 - refused));
}

/** Mean wait in one queue before `servers` that serve in exponential times. */
export const meanWaitMs = (servers: number, utilisation: number, serviceMs: number): number =>
  (waitingShare(servers, utilisation) * serviceMs) / (servers * (1 - utilisation));

/** The wait that only a share of 1 - `quantile` exceeds, in the same queue. */
export function waitQuantileMs(servers: number, utilisation: number, serviceMs: number, quantile: number): number {
  const waiting = waitingShare(servers, utilisation);
  return waiting <= 1 - quantile ? 0 : (Math.log(waiting / (1 - quantile)) * serviceMs) / (servers * (1 - utilisation));
}

/** Pollaczek and Khinchine: mean wait before one server whose times have this spread (deviation divided by mean). */
export const meanWaitBehindAnyMs = (utilisation: number, serviceMs: number, spread: number): number =>
  ((utilisation * serviceMs) / (1 - utilisation)) * ((1 + spread * spread) / 2);
