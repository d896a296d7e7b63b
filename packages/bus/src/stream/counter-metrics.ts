import { instruments } from '@switchyard/telemetry';
import type { StreamCounters } from './core/ports.js';

/**
 * Adds what the counters of a process have grown by to its metrics. The counters are plain numbers because some of them are touched
 * with every frame of a flood; the metrics follow with the heartbeats, and once more at the end.
 */
export class CounterMetrics {
  private told: StreamCounters;

  constructor(private readonly counters: StreamCounters) {
    this.told = { ...counters };
  }

  tell(): void {
    const before = this.told;
    this.told = { ...this.counters };
    const grown = (name: keyof StreamCounters, add: (growth: number) => void): void => {
      const growth = this.told[name] - before[name];
      if (growth > 0) add(growth);
    };
    grown('resumed', (growth) => instruments.busResumes.add(growth));
    grown('duplicates', (growth) => instruments.busDuplicates.add(growth));
    grown('late', (growth) => instruments.busLate.add(growth));
    grown('gaps', (growth) => instruments.busGaps.add(growth));
    grown('probesAlive', (growth) => instruments.busProbes.add(growth, { outcome: 'alive' }));
    grown('probesSuspect', (growth) => instruments.busProbes.add(growth, { outcome: 'suspect' }));
    grown('probesDead', (growth) => instruments.busProbes.add(growth, { outcome: 'dead' }));
  }
}
