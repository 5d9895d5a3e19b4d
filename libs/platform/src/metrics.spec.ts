import { Metrics } from './metrics.js';

describe('Metrics', () => {
  it('renders counters, gauges and histograms with the app as a label', async () => {
    const metrics = new Metrics({ app: 'spec' });
    metrics.counter('credits_total', 'Credits sent', ['token']).inc({ token: 'BNB' }, 2);
    metrics.gauge('lag_blocks', 'Blocks behind').set(3);
    metrics.histogram('step_seconds', 'Time of a step', ['step']).observe({ step: 'split' }, 0.2);
    const text = await metrics.render();
    expect(text).toContain('credits_total{token="BNB",app="spec"} 2');
    expect(text).toContain('lag_blocks{app="spec"} 3');
    expect(text).toMatch(/step_seconds_bucket\{le="0.25",app="spec",step="split"\} 1/);
  });

  it('gives the same instrument for the same name and refuses another kind', () => {
    const metrics = new Metrics({ app: 'spec' });
    expect(metrics.counter('a_total', 'a')).toBe(metrics.counter('a_total', 'a'));
    expect(() => metrics.gauge('a_total', 'a')).toThrow('another kind');
  });
});
