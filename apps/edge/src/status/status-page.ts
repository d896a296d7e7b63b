import { createHash } from 'node:crypto';
import type { EndpointStatus, ProviderStatus, Status, StatusReport } from './status-report.js';

const WORDS: Readonly<Record<Status, string>> = {
  operational: 'Operational',
  degraded: 'Degraded',
  outage: 'Outage',
};
const HEADLINES: Readonly<Record<Status, string>> = {
  operational: 'All models are served',
  degraded: 'Some endpoints are out; others serve in their place',
  outage: 'Some models have no endpoint that is in order',
};
const STATES: Readonly<Record<EndpointStatus['state'], string>> = {
  healthy: 'Operational',
  outage: 'Failing',
  half_open: 'On trial',
  ejected: 'Out of rotation',
};
/** Never told by colour alone. */
const MARKS: Readonly<Record<Status, string>> = { operational: '●', degraded: '◐', outage: '○' };

const STYLE = `
:root{color-scheme:light dark;--ok:#1a7f37;--mid:#9a6700;--bad:#cf222e;--none:#d0d7de;--line:#d8dee4;--dim:#57606a}
@media(prefers-color-scheme:dark){:root{--ok:#3fb950;--mid:#d29922;--bad:#f85149;--none:#3d444d;--line:#3d444d;--dim:#9198a1}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}.dim{color:var(--dim)}
.now{border:1px solid var(--line);border-left:.4rem solid;border-radius:.4rem;padding:.75rem 1rem;margin:1rem 0;font-weight:600}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--dim);padding-bottom:.25rem}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:middle}
th[scope=row]{font-weight:500}td.number{text-align:right;font-variant-numeric:tabular-nums}th.number{text-align:right}
.operational{color:var(--ok)}.degraded{color:var(--mid)}.outage{color:var(--bad)}
.state{white-space:nowrap}svg{display:block}
.h-operational{fill:var(--ok)}.h-degraded{fill:var(--mid)}.h-outage{fill:var(--bad)}.h-none{fill:var(--none)}
code{font-size:.9em}`;

/** What a browser may load for the page: nothing but the style that is in it. */
export const STATUS_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The report for people: one file without scripts and without anything from elsewhere. */
export function statusPage(report: StatusReport): string {
  const { status, updated_at, models, providers, endpoints } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="refresh" content="60"><title>Status: ${HEADLINES[status]}</title><style>${STYLE}</style></head>
<body><main><h1>Status</h1>
<p class="now ${status}">${mark(status)} ${HEADLINES[status]}.</p>
<p>${models.total} models: ${models.total - models.degraded - models.outage} operational, ${models.degraded} degraded, ${models.outage} without an endpoint in order.</p>
<p class="dim">As of <time datetime="${updated_at}">${clock(updated_at)} UTC</time>. Uptime is the share of attempts that did not fail. The page renews itself every minute; <a href="?format=json">the same as JSON</a>.</p>
<h2>Providers</h2>${providersTable(providers, report)}
<h2>Endpoints</h2>${endpointsTable(endpoints, report)}
</main></body></html>
`;
}

function providersTable(providers: readonly ProviderStatus[], report: StatusReport): string {
  if (providers.length === 0) return '<p>No provider is set up.</p>';
  const rows = providers.map(
    (one) =>
      `<tr><th scope="row">${escape(one.name)}</th><td class="state ${one.status}">${mark(one.status)} ${WORDS[one.status]}</td>` +
      `<td class="number">${one.endpoints - one.endpoints_out} of ${one.endpoints}</td>` +
      `<td class="number">${percent(one.uptime_last_1d)}</td><td>${bars(one.history, report)}</td></tr>`,
  );
  return table(
    'Providers now and in the last 24 hours',
    ['Provider', 'Now', '#In order', '#Uptime', 'Last 24 hours'],
    rows,
  );
}

function endpointsTable(endpoints: readonly EndpointStatus[], report: StatusReport): string {
  if (endpoints.length === 0) return '<p>No endpoint was used in the last day, and none is out.</p>';
  const rows = endpoints.map(
    (one) =>
      `<tr><th scope="row"><code>${escape(one.model_id)}</code></th><td>${escape(one.provider_name)}${one.tag === one.provider ? '' : ` <span class="dim">${escape(one.tag)}</span>`}</td>` +
      `<td class="state ${one.status}">${mark(one.status)} ${STATES[one.state]}</td>` +
      `<td class="number">${percent(one.uptime_last_1d)}</td><td>${bars(one.history, report)}</td></tr>`,
  );
  return table(
    'Endpoints that were used in the last day or are out, the worst first',
    ['Model', 'Provider', 'Now', '#Uptime', 'Last 24 hours'],
    rows,
  );
}

function table(caption: string, columns: readonly string[], rows: readonly string[]): string {
  const heads = columns.map((name) =>
    name.startsWith('#') ? `<th scope="col" class="number">${name.slice(1)}</th>` : `<th scope="col">${name}</th>`,
  );
  return `<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

const BAR = { width: 6, gap: 2, height: 22 };

/** A bar for each hour; what they show is said in words as well. */
function bars(history: readonly (number | null)[], { history_start }: StatusReport): string {
  const width = history.length * (BAR.width + BAR.gap) - BAR.gap;
  const rects = history.map((uptime, hour) => {
    const height = uptime === null ? 4 : BAR.height;
    return `<rect class="h-${levelOf(uptime)}" x="${hour * (BAR.width + BAR.gap)}" y="${BAR.height - height}" width="${BAR.width}" height="${height}"><title>${hourName(history_start, hour)}: ${uptime === null ? 'no requests' : percent(uptime)}</title></rect>`;
  });
  return `<svg role="img" aria-label="${inWords(history, history_start)}" width="${width}" height="${BAR.height}" viewBox="0 0 ${width} ${BAR.height}">${rects.join('')}</svg>`;
}

function inWords(history: readonly (number | null)[], start: string): string {
  const used = history.flatMap((uptime, hour) => (uptime === null ? [] : [{ uptime, hour }]));
  if (used.length === 0) return 'No requests in the last 24 hours';
  const worst = used.reduce((left, right) => (right.uptime < left.uptime ? right : left));
  return worst.uptime === 100
    ? `Requests in ${used.length} of 24 hours, none failed`
    : `Requests in ${used.length} of 24 hours; lowest ${percent(worst.uptime)} at ${hourName(start, worst.hour)}`;
}

const levelOf = (uptime: number | null): Status | 'none' =>
  uptime === null ? 'none' : uptime >= 99 ? 'operational' : uptime >= 90 ? 'degraded' : 'outage';
const hourName = (start: string, hour: number): string =>
  `${new Date(Date.parse(start) + hour * 3_600_000).toISOString().slice(11, 16)} UTC`;
const clock = (iso: string): string => iso.slice(0, 19).replace('T', ' ');
const mark = (status: Status): string => `<span aria-hidden="true">${MARKS[status]}</span>`;
const percent = (value: number | null): string => (value === null ? '–' : `${value} %`);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
