// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.assignment.AssignmentConfigs;
import org.apache.kafka.streams.processor.assignment.ProcessId;
import org.apache.kafka.streams.processor.internals.assignment.ClientState;
import org.apache.kafka.streams.processor.internals.assignment.HighAvailabilityTaskAssignor;
import org.apache.kafka.streams.processor.internals.assignment.RackAwareTaskAssignor;

/**
 * Records what Kafka Streams' high-availability assignor answers for random groups. With the jars of
 * kafka-streams 4.4.0 and its dependencies in a folder:
 *
 *     java -cp 'jars/*' RecordAssignments.java > cases.txt
 *
 * A case begins with "case", its settings and its tasks, and has a line for each process. Then come
 * the first answer, and the last one, when all copies that were assigned have caught up and nothing
 * waits any more. Words of a line: threads:<n>, runs:, keeps: and lags: before an answer, active: and
 * standby: in it, each followed by tasks.
 */
public final class RecordAssignments {
    /** The lag of a process without state of a task. */
    private static final long ALL = 100_000;
    private static final long ACCEPTABLE = 1_000;

    private static final class Process {
        final ProcessId id;
        final int threads;
        final Set<TaskId> active = new TreeSet<>();
        final Set<TaskId> standby = new TreeSet<>();
        final Map<TaskId, Long> lags = new TreeMap<>();

        Process(int number, int threads) {
            id = new ProcessId(new UUID(0, number));
            this.threads = threads;
        }

        ClientState state(Set<TaskId> stateful) {
            Map<TaskId, Long> all = new HashMap<>();
            for (TaskId task : stateful) {
                // A running task reports the end of its changelog, which is less than any lag.
                all.put(task, active.contains(task) && lags.getOrDefault(task, ALL) == 0
                        ? -2 : lags.getOrDefault(task, ALL));
            }
            return new ClientState(new HashSet<>(active), new HashSet<>(standby), all, Map.of(),
                    threads, id);
        }
    }

    private final Random random;
    private final TreeMap<Integer, Process> processes = new TreeMap<>();
    private final Set<TaskId> tasks = new TreeSet<>();
    private final Set<TaskId> stateful = new TreeSet<>();
    private int standbys;
    private int warmUps;
    private int next = 1;

    private RecordAssignments(int seed) {
        random = new Random(seed);
    }

    private int pick(int from, int to) {
        return from + random.nextInt(to - from + 1);
    }

    private void addProcess() {
        processes.put(next, new Process(next, pick(1, 3)));
        next++;
    }

    private void removeProcess() {
        List<Integer> numbers = new ArrayList<>(processes.keySet());
        processes.remove(numbers.get(pick(0, numbers.size() - 1)));
    }

    private void make() {
        standbys = pick(0, 2);
        warmUps = pick(1, 3);
        for (int part = 0, parts = pick(1, 3); part < parts; part++) {
            boolean state = pick(0, 3) > 0;
            for (int partition = 0, count = pick(2, 12); partition < count; partition++) {
                TaskId task = new TaskId(part, partition);
                tasks.add(task);
                if (state) {
                    stateful.add(task);
                }
            }
        }
        for (int process = 0, count = pick(2, 5); process < count; process++) {
            addProcess();
        }
        if (pick(0, 2) == 0) {
            scatter();
        } else {  // A group at rest, that one joins or leaves.
            while (!follow(assign())) {
            }
            if (pick(0, 1) == 0 && processes.size() > 1) {
                removeProcess();
            } else {
                addProcess();
            }
        }
    }

    private void scatter() {
        List<Process> all = new ArrayList<>(processes.values());
        for (TaskId task : tasks) {
            boolean state = stateful.contains(task);
            for (Process process : all) {
                if (state && pick(0, 2) == 0) {
                    process.lags.put(task, (long) pick(0, 5_000));
                }
            }
            Process process = all.get(pick(0, all.size() - 1));
            if (pick(0, 3) > 0) {
                process.active.add(task);
                if (state) {
                    process.lags.put(task, 0L);
                }
            } else if (state) {
                process.standby.add(task);
                process.lags.put(task, (long) pick(0, 2_000));
            }
        }
    }

    private record Answer(TreeMap<ProcessId, ClientState> clients, boolean waits) {}

    private Answer assign() {
        TreeMap<ProcessId, ClientState> clients = new TreeMap<>();
        for (Process process : processes.values()) {
            clients.put(process.id, process.state(stateful));
        }
        AssignmentConfigs configs =
                new AssignmentConfigs(ACCEPTABLE, warmUps, standbys, 600_000L, List.of());
        RackAwareTaskAssignor racks = new RackAwareTaskAssignor(Cluster.empty(), Map.of(), Map.of(),
                Map.of(), Map.of(), null, configs, Time.SYSTEM);
        boolean waits = new HighAvailabilityTaskAssignor().assign(clients, tasks, stateful, racks,
                configs);
        return new Answer(clients, waits);
    }

    private boolean follow(Answer answer) {
        for (Process process : processes.values()) {
            ClientState state = answer.clients.get(process.id);
            process.active.clear();
            process.active.addAll(state.activeTasks());
            process.standby.clear();
            process.standby.addAll(state.standbyTasks());
            for (Set<TaskId> held : List.of(process.active, process.standby)) {
                for (TaskId task : held) {
                    if (stateful.contains(task)) {
                        process.lags.put(task, 0L);
                    }
                }
            }
        }
        return !answer.waits;
    }

    /** How many records the processes must read to have what is assigned to them. */
    private long toRestore(Answer answer) {
        long sum = 0;
        for (Process process : processes.values()) {
            ClientState state = answer.clients.get(process.id);
            Set<TaskId> held = new TreeSet<>(state.activeTasks());
            held.addAll(state.standbyTasks());
            held.retainAll(stateful);
            for (TaskId task : held) {
                sum += process.lags.getOrDefault(task, ALL);
            }
        }
        return sum;
    }

    private static String list(String name, Iterable<TaskId> tasks) {
        StringBuilder text = new StringBuilder(" " + name + ":");
        String separator = "";
        for (TaskId task : tasks) {
            text.append(separator).append(task);
            separator = ",";
        }
        return text.toString();
    }

    private void print(String what, Answer answer) {
        System.out.println(what);
        for (Process process : processes.values()) {
            ClientState state = answer.clients.get(process.id);
            System.out.println("p" + process.id.id().getLeastSignificantBits()
                    + list("active", new TreeSet<>(state.activeTasks()))
                    + list("standby", new TreeSet<>(state.standbyTasks())));
        }
    }

    private void record(int number) {
        make();
        System.out.println("case " + number + " standbys:" + standbys + " warmups:" + warmUps
                + " lag:" + ACCEPTABLE + list("stateful", stateful)
                + list("stateless", new TreeSet<>(tasks) {{ removeAll(stateful); }}));
        for (Process process : processes.values()) {
            StringBuilder lags = new StringBuilder(" lags:");
            String separator = "";
            for (Map.Entry<TaskId, Long> lag : process.lags.entrySet()) {
                lags.append(separator).append(lag.getKey()).append("=").append(lag.getValue());
                separator = ",";
            }
            System.out.println("p" + process.id.id().getLeastSignificantBits() + " threads:"
                    + process.threads + list("runs", process.active)
                    + list("keeps", process.standby) + lags);
        }
        Answer answer = assign();
        print("first waits:" + answer.waits, answer);
        int rounds = 0;
        long restored = 0;
        do {
            answer = assign();
            restored += toRestore(answer);
            rounds++;
        } while (!follow(answer) && rounds < 500);
        print("last rounds:" + rounds + " restored:" + restored, answer);
    }

    public static void main(String[] arguments) {
        for (int number = 0; number < 200; number++) {
            new RecordAssignments(number).record(number);
        }
    }
}
