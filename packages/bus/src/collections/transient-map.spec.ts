import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { TransientMap } from './transient-map.js';

describe('a map of what passes through', () => {
  it('holds, replaces and forgets, in the order of a Map', () => {
    const map = new TransientMap<string, number>();
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 0);
    expect([map.size, map.get('a'), map.get('x')]).toEqual([3, 3, undefined]);
    expect([...map]).toEqual([
      ['a', 3],
      ['b', 2],
      ['c', 0],
    ]);
    expect([map.delete('b'), map.delete('b'), map.size]).toEqual([true, false, 2]);
    expect([...map.values()]).toEqual([3, 0]);
  });

  it('may lose what it holds, and what comes next, while it is looked through', () => {
    const map = new TransientMap<number, string>();
    for (const key of [1, 2, 3, 4]) map.set(key, `value ${key}`);
    const seen: string[] = [];
    for (const [key, value] of map) {
      seen.push(value);
      map.delete(key);
      map.delete(3);
    }
    expect([seen, map.size]).toEqual([['value 1', 'value 2', 'value 4'], 0]);
  });

  it('lets go of what was in it, where a Map drags it along', () => {
    const script = path.join(import.meta.dirname, 'testing', 'survivors.mjs');
    const survivorsMb = (kind: string) => {
      const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--no-warnings', script, kind], {
        encoding: 'utf8',
      });
      const megabytes = Number(stdout);
      if (!(megabytes >= 0)) throw new Error(stderr);
      return megabytes;
    };
    const [plain, transient] = [survivorsMb('map'), survivorsMb('transient')];
    expect(transient).toBeLessThan(plain / 4);
  }, 60_000);
});
