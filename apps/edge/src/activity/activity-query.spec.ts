import { GatewayError } from '@switchyard/contracts';
import { activityQuery } from './activity-query.js';

const NOW = Date.UTC(2026, 2, 1, 0, 0, 1);

describe('the query of activity', () => {
  it('means the last 30 completed UTC days when it says nothing', () => {
    expect(activityQuery({}, NOW)).toMatchObject({
      fromDay: '2026-01-30',
      toDay: '2026-02-28',
      keyHash: null,
      groupByWorkspace: false,
    });
  });

  it('takes one day of them, and the running one', () => {
    for (const date of ['2026-01-30', '2026-02-28', '2026-03-01'])
      expect(activityQuery({ date }, NOW)).toMatchObject({ fromDay: date, toDay: date });
  });

  it.each([
    ['date', '2026-01-29'],
    ['date', '2026-03-02'],
    ['date', '2026-02-30'],
    ['date', '22.11.2026'],
    ['api_key_hash', "' OR '1'='1"],
    ['workspace_id', '../x'],
    ['group_by', 'user'],
    ['user_id', ''],
  ])('refuses %s %p and names it', (name, value) => {
    let error: unknown;
    try {
      activityQuery({ [name]: value }, NOW);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(GatewayError);
    expect((error as GatewayError).message).toContain(name);
  });
});
