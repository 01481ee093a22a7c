// Threads, locks, sockets, files, processes, garbage; prints only what is always the same.
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class All {
    public static void main(String[] args) throws Exception {
        int scale = Integer.parseInt(args[0]);
        threads(scale);
        sockets(scale);
        files(scale);
        processes();
        garbage(scale);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("shutdown hook")));
        System.exit(6);
    }

    static void threads(int scale) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(6);
        AtomicLong sum = new AtomicLong();
        Map<Integer, Integer> shared = new HashMap<>();
        List<Future<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < 2000 * scale; i++) {
            int number = i;
            futures.add(pool.submit(() -> {
                sum.addAndGet(number);
                synchronized (shared) {
                    shared.merge(number % 31, 1, Integer::sum);
                }
                return number % 7;
            }));
        }
        int total = 0;
        for (Future<Integer> future : futures) {
            total += future.get();
        }
        pool.shutdown();
        System.out.println("threads " + sum + " " + total + " " + shared.size() + " "
            + pool.awaitTermination(5, TimeUnit.SECONDS));
        CountDownLatch latch = new CountDownLatch(200);
        for (int i = 0; i < 200; i++) {
            new Thread(latch::countDown).start();
        }
        System.out.println("latch " + latch.await(20, TimeUnit.SECONDS));
    }

    static void sockets(int scale) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            int rounds = 100 * scale;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < rounds; i++) {
                    try (Socket peer = server.accept()) {
                        BufferedReader in = new BufferedReader(
                            new InputStreamReader(peer.getInputStream()));
                        String line = in.readLine();
                        peer.getOutputStream().write((line.toUpperCase() + "\n").getBytes());
                    } catch (IOException error) {
                        System.out.println("server " + error);
                    }
                }
            });
            thread.start();
            int hash = 0;
            for (int i = 0; i < rounds; i++) {
                try (Socket client = new Socket("127.0.0.1", server.getLocalPort())) {
                    client.getOutputStream().write(("line " + i + "\n").getBytes());
                    hash = 31 * hash + new BufferedReader(
                        new InputStreamReader(client.getInputStream())).readLine().hashCode();
                }
            }
            thread.join();
            System.out.println("sockets " + hash);
        }
        try {
            new Socket("127.0.0.1", 1).close();
        } catch (ConnectException error) {
            System.out.println("refused");
        }
    }

    static void files(int scale) throws Exception {
        Path folder = Files.createTempDirectory(Path.of("."), "java");
        for (int i = 0; i < 200 * scale; i++) {
            Files.writeString(folder.resolve("f" + i), "x".repeat(i));
        }
        try (Stream<Path> list = Files.list(folder)) {
            System.out.println("files " + list.mapToLong(path -> path.toFile().length()).sum());
        }
        try {
            Files.readString(Path.of("no-such-file"));
        } catch (NoSuchFileException error) {
            System.out.println("missing");
        }
    }

    static void processes() throws Exception {
        for (int i = 0; i < 5; i++) {
            Process process = new ProcessBuilder("/bin/sh", "-c", "cat; exit " + i).start();
            process.getOutputStream().write("through cat".getBytes());
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(),
                StandardCharsets.UTF_8);
            System.out.println("process " + text + " " + process.waitFor());
        }
    }

    static void garbage(int scale) {
        long length = 0;
        for (int i = 0; i < 300 * scale; i++) {
            List<String> strings = IntStream.range(0, 1000).mapToObj(n -> "s" + n)
                .collect(Collectors.toList());
            length += String.join("", strings).length();
        }
        System.gc();
        System.out.println("garbage " + length);
    }
}
