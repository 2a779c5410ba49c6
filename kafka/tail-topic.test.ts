// Looking at the end of a topic on the embedded cluster.
import { openEmbeddedTestCluster } from "./client-fixtures.ts";
import { describeTailTopic } from "./tail-topic.spec.ts";

describeTailTopic("the embedded cluster", openEmbeddedTestCluster);
