/** Settings of the command `topology-command`; services give theirs as options. */
export interface TopologyCommandConfig {
  readonly natsUrl: string;
  readonly replicas: number;
}

/** @throws Error that names every variable that is wrong. */
export function readTopologyCommandConfig(env: NodeJS.ProcessEnv = process.env): TopologyCommandConfig {
  const natsUrl = env['NATS_URL'] ?? '';
  const replicas = env['NATS_REPLICAS'] ?? '1';
  const problems = [
    ...(natsUrl === '' ? ['NATS_URL is missing, expected nats://host:port'] : []),
    ...(['1', '3', '5'].includes(replicas) ? [] : ['NATS_REPLICAS must be 1, 3 or 5']),
  ];
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { natsUrl, replicas: Number(replicas) };
}
