/** Says on stderr what is going on and how long the rest will take, judged by the steps already done. */
export class Progress {
  private readonly start = performance.now();
  private done = 0;

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

  say(text: string): void {
    process.stderr.write(`[${this.title}] ${text}\n`);
  }
}

function said(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
