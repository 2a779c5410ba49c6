import { runOnRealParts } from "./run-on-parts.ts";
import { describeSagas, sagaSettings } from "./sagas.spec.ts";

runOnRealParts("system C", describeSagas, sagaSettings);
