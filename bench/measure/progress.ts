const SAY_EVERY_MS = 10_000;

/** Says on stderr what is going on and how long the rest will take, judged by the steps already done. */
export class Progress {
  private readonly start = performance.now();
  private done = 0;
  private current = '';
  private share = 0;
  private since = 0;
  private said = 0;

  constructor(
    private readonly title: string,
    private readonly steps: number,
  ) {}

  /** Before a step; steps are taken to be about as long as each other. */
  step(what: string): void {
    const elapsed = (performance.now() - this.start) / 1000;
    const left = this.done === 0 ? '' : `, about ${said((elapsed / this.done) * (this.steps - this.done))} left`;
    this.say(`${this.done + 1}/${this.steps} ${what} (${said(elapsed)} so far${left})`);
    this.done += 1;
  }

  /** Within a step, as often as you like: it is said every ten seconds. @param share 0 to 1, of this part */
  part(what: string, share: number): void {
    const now = performance.now();
    // The same words from the beginning again are another part.
    if (what !== this.current || share < this.share) [this.current, this.since, this.said] = [what, now, now];
    this.share = share;
    if (now - this.said < SAY_EVERY_MS || share <= 0) return;
    this.said = now;
    const left = ((now - this.since) / 1000) * (1 / share - 1);
    this.say(`  ${what}: ${Math.floor(share * 100)} %, about ${said(left)} left`);
  }

  say(text: string): void {
    process.stderr.write(`[${this.title}] ${text}\n`);
  }
}

function said(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
