// A console for a browser suite, in a process of its own: `bun test/console/console-product.ts <scene>` prints where it
// listens and serves until its standard input ends. Real scenes are the embedded product; staged ones are the contract
// over fixtures, for what a healthy product cannot be made to show.
import { stagedOrder } from "./staged-order.ts";
import { openRealScene } from "./real-scenes.ts";

const scene = process.argv[2] ?? "mixed";
const { url, cartUrl, close } = scene.startsWith("staged-") ? stagedOrder(scene) : await openRealScene(scene);
process.stdout.write(`${JSON.stringify({ url, cartUrl })}\n`);
for await (const _ of process.stdin) {
  // Whoever started this says nothing; the end of it is what counts.
}
await close();
process.exit(0);
