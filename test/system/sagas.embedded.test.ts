import { runOnEmbeddedParts } from "./run-on-parts.ts";
import { describeSagas, sagaSettings } from "./sagas.spec.ts";

runOnEmbeddedParts("system C", describeSagas, sagaSettings);
