import { rulesOf, rulesQuotedIn } from './rule-coverage.js';

describe('rule coverage', () => {
  it('reads the rules from the headings, not from the list of what is not built', () => {
    expect(rulesOf('### R1 Integers\ntext R7\n### R20 The share\n- **R35** later')).toEqual(['R1', 'R20']);
  });

  it('counts a rule only when a test name opens with it', () => {
    const source = `it('R20: pays', f); it('pays as R21 says', f); it.each([1])('R3, R5: again', f); // R9: no`;
    expect([...rulesQuotedIn(source)].sort()).toEqual(['R20', 'R3', 'R5']);
  });
});
