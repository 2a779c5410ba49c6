export async function writeReports(): Promise<readonly string[]> {
  return [];
}
