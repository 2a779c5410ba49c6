// tRPC's view of an input schema: the same types as the zod schema, with this product's own sentences when the
// input does not fit. Standard Schema is what tRPC accepts from any validator.
import type { z } from "zod";
import { readInput } from "./problems.ts";

interface StandardSchema<Input, Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => { readonly value: Output } | { readonly issues: readonly { readonly message: string }[] };
    /** Never there at run time: it tells TypeScript what goes in and what comes out. */
    readonly types?: { readonly input: Input; readonly output: Output };
  };
}

export function validatedInput<Output, Input>(
  schema: z.ZodType<Output, Input>,
): StandardSchema<Input, Output> {
  return {
    "~standard": {
      version: 1,
      vendor: "orderwire",
      validate(value) {
        const result = readInput(schema, value, "body");
        if (result.ok) return { value: result.value };
        return { issues: (result.failure.problems ?? []).map((message) => ({ message })) };
      },
    },
  };
}
