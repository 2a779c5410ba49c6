// An .avsc file is JSON; Bun and bundlers load it with `with { type: "json" }`.
declare module "*.avsc" {
  import type { schema } from "avsc";
  const definition: schema.RecordType & { readonly namespace: string };
  export default definition;
}
