import { openEmbeddedProduct } from "./open-product.ts";
import { describeOrderSystems } from "./order-systems.spec.ts";

describeOrderSystems("systems A and B on the embedded parts", "", openEmbeddedProduct);
