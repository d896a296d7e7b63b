// Health check of a container: ready, or not.
const port = process.env.HTTP_PORT ?? process.env.PORT;
const path = process.env.APP === 'sandbox' ? '/livez' : '/readyz';
const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) }).catch(
  () => null,
);
process.exit(response?.ok ? 0 : 1);
