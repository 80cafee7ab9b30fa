// A piece of work that a form or a button starts: runs once at a time, remembers its failure for display.

export class Task {
  busy = $state(false);
  error = $state.raw<unknown>(null);

  /** Runs the work unless it is running already. True when it succeeded. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
