// System C's join as a Kafka Streams program: payment and stock decisions by order id within a window, result to `orders`,
// exactly_once_v2, state in RocksDB with changelog topics. Everything that is not an argument is Streams' default.
//
// Settings by environment: BROKERS, APPLICATION_ID, PAYMENT_TOPIC, STOCK_TOPIC, ORDERS_TOPIC, STATE_DIR, THREADS; optional:
// COMMIT_INTERVAL_MS (exactly_once_v2's default is 100), JDBC_URL (each result also updates its row in `orders` there, one
// statement and one commit a result).
// Writes `RUNNING` to standard output when its partitions are assigned.
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

public final class SagaJoin {
    public record Item(String productId, int quantity, BigDecimal price) {}

    public record Order(long orderId, String customerId, String status, String source, List<Item> items) {
        Order settled(String status, String source) {
            return new Order(orderId, customerId, status, source, items);
        }
    }

    private static final ObjectMapper json = new ObjectMapper();

    public static void main(String[] arguments) {
        Serde<String> keys = Serdes.String();
        Serde<Order> orders = Serdes.serdeFrom((topic, order) -> write(order), (topic, bytes) -> read(bytes));
        Consumed<String, Order> consumed = Consumed.with(keys, orders);
        // The 24 h within which a late decision is still looked at are what `JoinWindows.of` used to have.
        JoinWindows window = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofHours(24));

        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Order> payment = builder.stream(setting("PAYMENT_TOPIC"), consumed);
        KStream<String, Order> stock = builder.stream(setting("STOCK_TOPIC"), consumed);
        KStream<String, Order> results =
            payment.join(stock, SagaJoin::settle, window, StreamJoined.with(keys, orders, orders));
        String jdbcUrl = System.getenv("JDBC_URL");
        if (jdbcUrl != null) {
            ThreadLocal<ResultTable> tables = ThreadLocal.withInitial(() -> new ResultTable(jdbcUrl));
            results = results.peek((key, order) -> tables.get().update(order));
        }
        results.to(setting("ORDERS_TOPIC"), Produced.with(keys, orders));

        KafkaStreams streams = new KafkaStreams(builder.build(), properties());
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) System.out.println("RUNNING");
        });
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
        streams.start();
    }

    private static Order settle(Order payment, Order stock) {
        boolean isPaid = payment.status().equals("ACCEPT");
        boolean isInStock = stock.status().equals("ACCEPT");
        if (isPaid && isInStock) return payment.settled("CONFIRMED", null);
        if (!isPaid && !isInStock) return payment.settled("REJECTED", stock.source());
        return payment.settled("ROLLBACK", isPaid ? "INVENTORY" : "PAYMENT");
    }

    private static Properties properties() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, setting("APPLICATION_ID"));
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, setting("BROKERS"));
        properties.put(StreamsConfig.STATE_DIR_CONFIG, setting("STATE_DIR"));
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, setting("THREADS"));
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        String commitIntervalMs = System.getenv("COMMIT_INTERVAL_MS");
        if (commitIntervalMs != null) properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitIntervalMs);
        return properties;
    }

    private static final class ResultTable {
        private final PreparedStatement update;

        ResultTable(String url) {
            try {
                Connection connection = DriverManager.getConnection(url);
                update = connection.prepareStatement("update orders set status = ?, source = ? where order_id = ?");
            } catch (SQLException error) {
                throw new IllegalStateException(error);
            }
        }

        void update(Order order) {
            try {
                update.setString(1, order.status());
                update.setString(2, order.source());
                update.setLong(3, order.orderId());
                if (update.executeUpdate() != 1) throw new IllegalStateException("no order " + order.orderId());
            } catch (SQLException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    private static String setting(String name) {
        String value = System.getenv(name);
        if (value == null) throw new IllegalArgumentException(name + " is not set");
        return value;
    }

    private static byte[] write(Order order) {
        try {
            return json.writeValueAsBytes(order);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Order read(byte[] bytes) {
        try {
            return bytes == null ? null : json.readValue(bytes, Order.class);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
