// What list a message was opened from, so that j and k go on through it and Esc leads back to the same row.

export interface LetterListMemory {
  /** Of the list. */
  readonly href: string;
  readonly ids: readonly string[];
  readonly asOfMs: number;
}

let memory: LetterListMemory | undefined;
let lastOpened: string | undefined;

export function rememberList(list: LetterListMemory): void {
  memory = list;
}

export function rememberedList(): LetterListMemory | undefined {
  return memory;
}

export function rememberOpened(id: string): void {
  lastOpened = id;
}

/** Asked once by the list that comes back. */
export function takeOpened(): string | undefined {
  const id = lastOpened;
  lastOpened = undefined;
  return id;
}
