// The schemas behind the topics, as the registry has them: every version of the subjects that order reads or writes.
import { z } from "zod";

export const subjectSchema = z.string().min(1).max(500);

export const subjectsSchema = z.object({
  subjects: z.array(
    z.object({
      subject: z.string(),
      topic: z.string(),
      /** The record's full name. */
      recordName: z.string(),
      /** Of the newest last; empty when the registry does not have the subject yet. */
      versions: z.array(z.int().min(1)),
    }),
  ),
});
export type Subjects = z.infer<typeof subjectsSchema>;

export const schemaVersionQuerySchema = z.strictObject({
  subject: subjectSchema,
  version: z.int().min(1),
});
export type SchemaVersionQuery = z.infer<typeof schemaVersionQuerySchema>;

export const schemaVersionSchema = z.object({
  subject: z.string(),
  version: z.int().min(1),
  schemaId: z.int().min(0),
  schemaType: z.enum(["AVRO", "JSON", "PROTOBUF"]),
  /** As the registry has it. */
  definition: z.string(),
  /** Whether it is the one that this release of order writes. */
  isOurs: z.boolean(),
});
export type SchemaVersion = z.infer<typeof schemaVersionSchema>;
