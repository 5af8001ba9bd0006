// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.assignment.AssignmentConfigs;
import org.apache.kafka.streams.processor.assignment.ProcessId;
import org.apache.kafka.streams.processor.internals.TopologyMetadata.Subtopology;
import org.apache.kafka.streams.processor.internals.assignment.ClientState;
import org.apache.kafka.streams.processor.internals.assignment.HighAvailabilityTaskAssignor;
import org.apache.kafka.streams.processor.internals.assignment.RackAwareTaskAssignor;

/**
 * Records what Kafka Streams' high-availability assignor answers for random groups in several racks.
 * With the jars of kafka-streams 4.4.0 and its dependencies in a folder:
 *
 *     java -cp 'jars/*' RecordRackAssignments.java > rack_cases.txt
 *
 * A case begins with "case", the strategy and the tasks. A line "racks" has the racks of the partition
 * of each task. Each process has one thread, and the state of all tasks, and a line with its rack, the
 * tasks that it runs before the answer, and those of the answer.
 */
public final class RecordRackAssignments {
    private final Random random;
    private final String strategy;
    private final TreeMap<TaskId, TreeSet<String>> racks = new TreeMap<>();
    private final Set<TaskId> stateful = new TreeSet<>();
    private final List<String> processes = new ArrayList<>();  // Their racks.
    private final Map<TaskId, Integer> owners = new HashMap<>();

    private RecordRackAssignments(int seed) {
        random = new Random(seed);
        strategy = seed % 2 == 0 ? "min_traffic" : "balance_subtopology";
    }

    private int pick(int from, int to) {
        return from + random.nextInt(to - from + 1);
    }

    private String pickRack() {
        return String.valueOf((char) ('a' + pick(0, 2)));
    }

    private void make() {
        for (int process = 0, count = pick(2, 6); process < count; process++) {
            processes.add(pickRack());
        }
        boolean runs = pick(0, 1) == 0;
        for (int part = 0, parts = pick(1, 3); part < parts; part++) {
            boolean state = pick(0, 2) > 0;
            for (int partition = 0, count = pick(2, 12); partition < count; partition++) {
                TaskId task = new TaskId(part, partition);
                TreeSet<String> of = new TreeSet<>();
                for (int replica = pick(1, 2); replica > 0; replica--) {
                    of.add(pickRack());
                }
                racks.put(task, of);
                if (state) {
                    stateful.add(task);
                }
                if (runs) {
                    owners.put(task, pick(0, processes.size() - 1));
                }
            }
        }
    }

    private static ProcessId id(int process) {
        return new ProcessId(new UUID(0, process + 1));
    }

    private static TopicPartition partition(TaskId task) {
        return new TopicPartition("t" + task.subtopology(), task.partition());
    }

    private RackAwareTaskAssignor rackAssignor(AssignmentConfigs configs) {
        List<PartitionInfo> infos = new ArrayList<>();
        List<Node> nodes = new ArrayList<>();
        Map<TaskId, Set<TopicPartition>> partitions = new HashMap<>();
        Map<Subtopology, Set<TaskId>> parts = new HashMap<>();
        Map<ProcessId, Map<String, Optional<String>>> clients = new HashMap<>();
        racks.forEach((task, of) -> {
            List<Node> replicas = of.stream()
                    .map(rack -> new Node(rack.charAt(0), rack, 1, rack)).collect(Collectors.toList());
            nodes.addAll(replicas);
            Node[] array = replicas.toArray(new Node[0]);
            infos.add(new PartitionInfo(partition(task).topic(), task.partition(), array[0], array, array));
            partitions.put(task, Set.of(partition(task)));
            parts.computeIfAbsent(new Subtopology(task.subtopology(), null), part -> new HashSet<>())
                    .add(task);
        });
        for (int process = 0; process < processes.size(); process++) {
            clients.put(id(process), Map.of("consumer", Optional.of(processes.get(process))));
        }
        return new RackAwareTaskAssignor(
                new Cluster("cluster", new HashSet<>(nodes), infos, Set.of(), Set.of()), partitions,
                Map.of(), parts, clients, null, configs, Time.SYSTEM);
    }

    private TreeMap<ProcessId, ClientState> assign() {
        TreeMap<ProcessId, ClientState> clients = new TreeMap<>();
        for (int process = 0; process < processes.size(); process++) {
            Set<TaskId> active = new HashSet<>();
            Map<TaskId, Long> lags = new HashMap<>();
            for (TaskId task : racks.keySet()) {
                boolean runs = owners.getOrDefault(task, -1) == process;
                if (runs) {
                    active.add(task);
                }
                if (stateful.contains(task)) {
                    lags.put(task, runs ? -2L : 0L);
                }
            }
            clients.put(id(process),
                    new ClientState(active, new HashSet<>(), lags, Map.of(), 1, id(process)));
        }
        AssignmentConfigs configs = new AssignmentConfigs(1_000L, 2, 0, 600_000L, List.of(),
                OptionalInt.empty(), OptionalInt.empty(), strategy);
        new HighAvailabilityTaskAssignor().assign(clients, racks.keySet(), stateful,
                rackAssignor(configs), configs);
        return clients;
    }

    private static String list(String name, Iterable<TaskId> tasks) {
        List<String> words = new ArrayList<>();
        tasks.forEach(task -> words.add(task.toString()));
        return " " + name + ":" + String.join(",", words);
    }

    private void record(int number) {
        make();
        System.out.println("case " + number + " strategy:" + strategy + list("stateful", stateful)
                + list("stateless", new TreeSet<>(racks.keySet()) {{ removeAll(stateful); }}));
        System.out.println("racks of:" + racks.entrySet().stream()
                .map(each -> each.getKey() + "=" + String.join("+", each.getValue()))
                .collect(Collectors.joining(",")));
        TreeMap<ProcessId, ClientState> answer = assign();
        for (int process = 0; process < processes.size(); process++) {
            int which = process;
            System.out.println("p" + (process + 1) + " rack:" + processes.get(process)
                    + list("runs", racks.keySet().stream()
                            .filter(task -> owners.getOrDefault(task, -1) == which).toList())
                    + list("active", new TreeSet<>(answer.get(id(process)).activeTasks())));
        }
    }

    public static void main(String[] arguments) {
        for (int number = 0; number < 100; number++) {
            new RecordRackAssignments(number).record(number);
        }
    }
}
