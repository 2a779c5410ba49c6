// What the client answers, as it is told over JSON: a field of any type may be missing there.
import type { orderClient } from "./order-client.ts";

type Answer<Call extends (...input: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>;

export type LetterDetails = Answer<typeof orderClient.dlq.get.query>;
export type ParkedEvent = Answer<typeof orderClient.parked.list.query>["parked"][number];
