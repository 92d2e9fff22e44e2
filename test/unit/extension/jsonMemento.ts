/** VS Code's own Memento keeps JSON, so what does not survive JSON is lost here too. */
export class JsonMemento {
  readonly #entries = new Map<string, string>();
  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }
  get(key: string): never {
    const text = this.#entries.get(key);
    return (text === undefined ? undefined : JSON.parse(text)) as never;
  }
  async update(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, JSON.stringify(value));
  }
}
