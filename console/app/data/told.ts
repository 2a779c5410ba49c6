// What the client answers, as it is told over JSON: a field of any type may be missing there.
import type { orderClient } from "./order-client.ts";

type Answer<Call extends (...input: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>;

export type LetterDetails = Answer<typeof orderClient.dlq.get.query>;
export type ParkedEvent = Answer<typeof orderClient.parked.list.query>["parked"][number];
export type ReplayJob = Answer<typeof orderClient.replays.get.query>;
export type ReplayItem = Answer<typeof orderClient.replays.items.query>["items"][number];
export type ReplayPreview = Answer<typeof orderClient.replays.preview.query>;
export type LetterGroup = Answer<typeof orderClient.dlq.groups.query>["groups"][number];
export type LetterReplay = LetterDetails["history"][number];
export type PartitionRow = Answer<typeof orderClient.topics.partitions.query>["partitions"][number];
export type SagaDetails = Answer<typeof orderClient.sagas.get.query>;
