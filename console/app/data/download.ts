// Hands a file to the person in front of the screen. Its name is ours, whatever strangers called their orders.

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 120);
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** `dead-letters-2026-03-02T093007Z` */
export function fileStamp(name: string): string {
  return `${name}-${new Date().toISOString().replace(/[:]|\.\d+/g, "")}`;
}
