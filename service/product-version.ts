// Of the whole product: what the OpenAPI documents and reports carry.
import manifest from "../package.json" with { type: "json" };

export const productVersion: string = manifest.version;
