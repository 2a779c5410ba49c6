// Runs before anything is painted, so that a chosen theme does not flash as the other one. A classic script: it waits for
// nothing and shares nothing.
try {
  const chosen = localStorage.getItem("orderwire.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
} catch {
  // No storage, no choice: the system's theme holds.
}
