/** What deploy/ has for Prometheus and Grafana, beside a real Prometheus and a node on PostgreSQL and Redis. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeGlobalId } from '../../src/graphql/global-id.js';
import { encodeCursor } from '../../src/log/cursor.js';
import { temporaryFolder } from '../support/database.js';
import { uploaded } from '../support/files.js';
import { ownNode } from '../support/node.js';
import { groupChat } from '../support/people.js';
import { promtool, startPrometheus } from '../support/prometheus.js';
import { scrape } from '../support/scrape.js';

const deploy = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const ALERTS = deploy('prometheus/alerts.yml');

interface Dashboard {
  uid: string;
  panels: { id: number; title: string; datasource: { uid: string }; targets: { expr: string }[] }[];
}
const dashboard = JSON.parse(readFileSync(deploy('grafana/parley.json'), 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Names of metrics, without what Prometheus and Grafana add. */
const metricsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\b(?:parley|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name)),
];

const node = ownNode({ metricsPort: 0 });

describe('Prometheus', () => {
  it('finds nothing wrong in what a node says', async () => {
    const { ada, chat } = await groupChat(node);
    await ada.send(chat, 'one');

    const text = await scrape(node);

    expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    expect(await promtool(['check', 'metrics'], `${text}\nodd_total 1\n`)).toMatchObject({ code: 3 });
  });

  it('scrapes a node, and answers what the alerts ask', async () => {
    const { ada, chat } = await groupChat(node);
    const prometheus = await startPrometheus([new URL(node.metricsUrl!).host, '127.0.0.1:1']);
    onTestFinished(() => prometheus.stop());
    const following = await ada.follow(chat);
    await following.event('ChatReady');

    await ada.send(chat, 'one');

    const value = async (expression: string) => (await prometheus.query(expression).catch(() => []))[0]?.value;
    const sent = 'parley_mutations_total{field="sendMessage",outcome="success"}';
    await expect.poll(() => value(sent), { timeout: 25_000 }).toBeGreaterThanOrEqual(1);
    expect(await value('parley_subscriptions{field="chatEvents",transport="ws"}')).toBe(1);
    expect(await value('parley_redis_connected')).toBe(1);
    expect(await value('sum(parley_database_connections)')).toBeGreaterThan(0);
    expect(await value('histogram_quantile(0.95, sum by (le) (parley_delivery_lag_seconds_bucket))')).toBeGreaterThan(
      0,
    );
    // The other target is nobody: an alert is on its way, and none for the node itself.
    await expect.poll(() => value('ALERTS{alertname="ParleyNodeDown"}'), { timeout: 25_000 }).toBe(1);
    expect(await prometheus.query('ALERTS{alertname!="ParleyNodeDown"}')).toEqual([]);
  });
});

describe('The alerts', () => {
  it('are right, and ring for what they are for alone', async () => {
    expect(await promtool(['check', 'rules', ALERTS])).toMatchObject({ code: 0 });
    expect(await promtool(['check', 'config', deploy('prometheus/prometheus.yml')])).toMatchObject({ code: 0 });
    const tested = await promtool(['test', 'rules', deploy('prometheus/alerts.test.yml')]);
    expect(tested, tested.said).toMatchObject({ code: 0 });
  });

  it('are each tested', () => {
    const names = [...readFileSync(ALERTS, 'utf8').matchAll(/alert: (\w+)/g)].map(([, name]) => name!);
    const tests = readFileSync(deploy('prometheus/alerts.test.yml'), 'utf8');

    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !tests.includes(`alertname: ${name}`))).toEqual([]);
    // All of them at once, where a node is unwell.
    expect(tests).toContain(`value: ${names.length} `);
  });
});

describe('The dashboard', () => {
  it('asks in Prometheus’ language, of the data source that was chosen, once for each panel', async () => {
    const asked = expressions.map((expr) =>
      expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'parley').replaceAll('$instance', '.*'),
    );
    const rules = { groups: [{ name: 'dashboard', rules: asked.map((expr, n) => ({ record: `panel:${n}`, expr })) }] };
    const file = join(temporaryFolder(), 'rules.yml');
    writeFileSync(file, JSON.stringify(rules));

    expect(asked.length).toBeGreaterThan(20);
    expect(await promtool(['check', 'rules', file])).toMatchObject({ code: 0 });
    expect(asked.filter((expr) => expr.includes('$'))).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(dashboard.panels.filter(({ datasource }) => datasource.uid !== '${DS}')).toEqual([]);
  });

  it('asks, as the alerts do, for nothing that a node does not say', async () => {
    const said = new Set([...(await scrape(node)).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    const isSaid = (name: string) => said.has(name) || said.has(name.replace(/_(bucket|sum|count)$/, ''));
    const asked = metricsIn([...expressions, readFileSync(ALERTS, 'utf8')].join('\n'));

    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !isSaid(name))).toEqual([]);
    expect(metricsIn('parley_made_up').every(isSaid)).toBe(false);
  });

  it('asks, as the alerts do, by labels that those metrics have', async () => {
    const { ada, chat } = await groupChat(node);
    await ada.send(chat, 'one');
    const { key } = decodeGlobalId(chat.id)!;
    const following = await ada.follow(chat, { after: encodeCursor({ chatId: BigInt(key), seq: 1, mark: 12345 }) });
    await following.event('ResyncRequired');
    await uploaded(ada, Buffer.from('a file'));
    const said = new Map<string, Set<string>>();
    for (const [, name, labels] of (await scrape(node)).matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
      const names = [...(labels ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label!);
      // The job and the instance are Prometheus' own.
      said.set(name!, new Set([...(said.get(name!) ?? []), ...names, 'job', 'instance']));
    }
    const misnamed = (expr: string): string[] => {
      const selected = [...expr.matchAll(/\b((?:parley|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
      const matched = selected.flatMap(([, name, matchers = '']) =>
        [...matchers.matchAll(/(\w+)(?:=|!)/g)].filter(([, label]) => !said.get(name!)?.has(label!)),
      );
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(', '));
      const known = selected.flatMap(([, name]) => [...(said.get(name!) ?? [])]);
      return [...matched.map(([, label]) => label!), ...grouped.filter((label) => !known.includes(label))];
    };
    const rules = readFileSync(ALERTS, 'utf8').match(/^ +(?:expr: |histogram_quantile).+$/gm)!;

    expect(rules.length).toBeGreaterThan(8);
    for (const expr of [...expressions, ...rules]) expect(misnamed(expr), expr).toEqual([]);
    expect(misnamed('sum by (made_up) (parley_sends_total{kind="sent"})')).toEqual(['kind', 'made_up']);
  });
});
