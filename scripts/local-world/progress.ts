/** One line that is rewritten on a terminal; elsewhere (logs, pipes) only lasting lines are printed. */
export class Progress {
  private shown = false;

  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  /** A step that the next one replaces. */
  step(text: string): void {
    if (!this.out.isTTY) return;
    this.out.write(`\r\x1b[2K${text}`);
    this.shown = true;
  }

  /** A line that stays. */
  say(text: string): void {
    if (this.shown) this.out.write('\r\x1b[2K');
    this.shown = false;
    this.out.write(`${text}\n`);
  }
}
