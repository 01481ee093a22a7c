// A case for each thing of the JVM's that ends in a call libstrong hooks; a line for each: "ok NAME" or "not ok NAME: why".
// Longer than other files: what it holds is a list of short cases, in one class so that it is one command to run.
import java.io.*;
import java.lang.management.*;
import java.net.*;
import java.net.http.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;
import java.util.zip.*;
import com.sun.net.httpserver.HttpServer;

public class Smoke {
    interface Body {
        void run() throws Exception;
    }

    static final Map<String, Body> cases = new LinkedHashMap<>();
    static final InetAddress here = InetAddress.getLoopbackAddress();
    static Path folder;

    static void same(Object expected, Object found) {
        if (!Objects.equals(expected, found))
            throw new AssertionError(expected + " expected, found " + found);
    }

    static void fails(Class<? extends Throwable> kind, Body body) throws Exception {
        try {
            body.run();
        } catch (Throwable thrown) {
            if (kind.isInstance(thrown))
                return;
            throw new AssertionError(kind.getName() + " expected, thrown was " + thrown);
        }
        throw new AssertionError(kind.getName() + " expected, nothing was thrown");
    }

    /** What blocks in one thread is ended, with an exception, by a close in another. */
    static void endsByClose(Closeable socket, Body blocks) throws Exception {
        Future<?> waiter = ForkJoinPool.commonPool().submit(() -> {
            fails(SocketException.class, blocks);
            return null;
        });
        Thread.sleep(50);
        socket.close();
        waiter.get(10, TimeUnit.SECONDS);
    }

    static Process java(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx64m", "-XX:+UseSerialGC", "-cp",
            System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    static String all(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** A server whose connections each get a thread of their own. */
    static class Server implements AutoCloseable {
        interface Talk {
            void run(Socket socket) throws Exception;
        }

        final ServerSocket socket = new ServerSocket(0, 50, here);

        Server(Talk talk) throws IOException {
            Thread thread = new Thread(() -> {
                try {
                    while (true) {
                        Socket one = socket.accept();
                        new Thread(() -> {
                            try (one) {
                                talk.run(one);
                            } catch (Exception ignored) {
                                // its client says what went wrong
                            }
                        }).start();
                    }
                } catch (IOException closed) {
                    // the end
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        Socket connect() throws IOException {
            return new Socket(here, socket.getLocalPort());
        }

        public void close() throws IOException {
            socket.close();
        }
    }

    static void sockets() {
        cases.put("a connection for every exchange", () -> {
            try (Server server = new Server(one -> one.getOutputStream().write(one.getInputStream().readNBytes(7)))) {
                for (int i = 0; i < 500; i++)
                    try (Socket socket = server.connect()) {
                        String text = String.format("ask %03d", i);
                        socket.getOutputStream().write(text.getBytes());
                        same(text, all(socket.getInputStream()));
                    }
            }
        });
        cases.put("connections from many threads", () -> {
            try (Server server = new Server(one -> one.getOutputStream().write(one.getInputStream().readNBytes(7)))) {
                ExecutorService pool = Executors.newFixedThreadPool(8);
                List<Future<String>> answers = new ArrayList<>();
                for (int i = 0; i < 400; i++) {
                    String text = String.format("ask %03d", i);
                    answers.add(pool.submit(() -> {
                        try (Socket socket = server.connect()) {
                            socket.getOutputStream().write(text.getBytes());
                            return all(socket.getInputStream());
                        }
                    }));
                }
                for (int i = 0; i < 400; i++)
                    same(String.format("ask %03d", i), answers.get(i).get());
                pool.shutdown();
            }
        });
        cases.put("half-closed connections", () -> {
            try (Server server = new Server(one -> one.getOutputStream().write(all(one.getInputStream()).toUpperCase().getBytes()))) {
                for (int i = 0; i < 50; i++)
                    try (Socket socket = server.connect()) {
                        socket.getOutputStream().write(("half " + i).getBytes());
                        socket.shutdownOutput();
                        same("HALF " + i, all(socket.getInputStream()));
                    }
            }
        });
        cases.put("time runs out", () -> {
            try (Server server = new Server(one -> one.getInputStream().read()); Socket socket = server.connect()) {
                socket.setSoTimeout(30);
                fails(SocketTimeoutException.class, () -> socket.getInputStream().read());
                fails(SocketTimeoutException.class, () -> {
                    try (ServerSocket other = new ServerSocket(0, 1, here)) {
                        other.setSoTimeout(30);
                        other.accept();
                    }
                });
            }
        });
        cases.put("a port where nobody listens", () -> {
            int port;
            try (ServerSocket one = new ServerSocket(0, 1, here)) {
                port = one.getLocalPort();
            }
            fails(ConnectException.class, () -> new Socket(here, port));
        });
        cases.put("a socket closed under its reader", () -> {
            try (Server server = new Server(one -> one.getInputStream().read())) {
                Socket socket = server.connect();
                endsByClose(socket, () -> socket.getInputStream().read());
            }
        });
        cases.put("accept ended by a close", () -> {
            ServerSocket one = new ServerSocket(0, 1, here);
            endsByClose(one, one::accept);
        });
        cases.put("datagrams", () -> {
            try (DatagramSocket one = new DatagramSocket(0, here); DatagramSocket other = new DatagramSocket(0, here)) {
                one.setSoTimeout(5000);
                for (int i = 0; i < 50; i++) {
                    byte[] text = ("datagram " + i).getBytes();
                    other.send(new DatagramPacket(text, text.length, here, one.getLocalPort()));
                    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
                    one.receive(packet);
                    same("datagram " + i, new String(packet.getData(), 0, packet.getLength()));
                }
            }
        });
        cases.put("names", () -> {
            for (int i = 0; i < 20; i++)
                same(true, InetAddress.getAllByName("localhost").length > 0);
            fails(UnknownHostException.class, () -> InetAddress.getByName("no-such-name.invalid"));
        });
    }

    static void channels() {
        cases.put("a selector with many channels", () -> {
            try (Selector selector = Selector.open(); ServerSocketChannel listening = ServerSocketChannel.open()) {
                listening.bind(new InetSocketAddress(here, 0)).configureBlocking(false);
                listening.register(selector, SelectionKey.OP_ACCEPT);
                int port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
                Thread thread = new Thread(() -> {
                    try {
                        while (selector.isOpen() && selector.select(2000) >= 0) {
                            for (SelectionKey key : selector.selectedKeys()) {
                                if (key.isAcceptable()) {
                                    SocketChannel one = listening.accept();
                                    one.configureBlocking(false);
                                    one.register(selector, SelectionKey.OP_READ);
                                } else {
                                    ByteBuffer buffer = ByteBuffer.allocate(100);
                                    SocketChannel one = (SocketChannel) key.channel();
                                    if (one.read(buffer) < 0) {
                                        one.close();
                                        continue;
                                    }
                                    one.write(buffer.flip());
                                }
                            }
                            selector.selectedKeys().clear();
                        }
                    } catch (IOException | ClosedSelectorException closed) {
                        // the end
                    }
                });
                thread.start();
                for (int round = 0; round < 10; round++) {
                    List<SocketChannel> channels = new ArrayList<>();
                    for (int i = 0; i < 40; i++)
                        channels.add(SocketChannel.open(new InetSocketAddress(here, port)));
                    for (int i = 0; i < 40; i++)
                        channels.get(i).write(ByteBuffer.wrap(("c " + i).getBytes()));
                    for (int i = 0; i < 40; i++) {
                        ByteBuffer buffer = ByteBuffer.allocate(100);
                        channels.get(i).read(buffer);
                        same("c " + i, new String(buffer.array(), 0, buffer.position()));
                        channels.get(i).close();
                    }
                }
                selector.close();
                thread.join(10000);
                same(false, thread.isAlive());
            }
        });
        cases.put("a selector that is woken", () -> {
            try (Selector selector = Selector.open()) {
                Future<?> waiter = ForkJoinPool.commonPool().submit(() -> selector.select(20000));
                Thread.sleep(50);
                selector.wakeup();
                same(0, waiter.get(10, TimeUnit.SECONDS));
            }
        });
        cases.put("a thread interrupted in a channel", () -> {
            try (ServerSocketChannel one = ServerSocketChannel.open().bind(new InetSocketAddress(here, 0))) {
                AtomicReference<Object> thrown = new AtomicReference<>();
                Thread thread = new Thread(() -> {
                    try {
                        one.accept();
                    } catch (IOException error) {
                        thrown.set(error.getClass());
                    }
                });
                thread.start();
                Thread.sleep(50);
                thread.interrupt();
                thread.join(10000);
                same(ClosedByInterruptException.class, thrown.get());
            }
        });
        cases.put("channels by path", () -> {
            Path where = folder.resolve("socket");
            try (ServerSocketChannel one = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                one.bind(UnixDomainSocketAddress.of(where));
                try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(where)); SocketChannel taken = one.accept()) {
                    client.write(ByteBuffer.wrap("by path".getBytes()));
                    ByteBuffer buffer = ByteBuffer.allocate(20);
                    taken.read(buffer);
                    same("by path", new String(buffer.array(), 0, buffer.position()));
                }
            }
        });
        cases.put("asynchronous channels", () -> {
            try (AsynchronousServerSocketChannel one = AsynchronousServerSocketChannel.open().bind(new InetSocketAddress(here, 0));
                 AsynchronousSocketChannel client = AsynchronousSocketChannel.open()) {
                Future<AsynchronousSocketChannel> accepted = one.accept();
                client.connect(one.getLocalAddress()).get(5, TimeUnit.SECONDS);
                try (AsynchronousSocketChannel taken = accepted.get(5, TimeUnit.SECONDS)) {
                    client.write(ByteBuffer.wrap("async".getBytes())).get(5, TimeUnit.SECONDS);
                    ByteBuffer buffer = ByteBuffer.allocate(20);
                    same(5, taken.read(buffer).get(5, TimeUnit.SECONDS));
                }
            }
        });
    }

    static void web() {
        cases.put("HTTP by HttpURLConnection and HttpClient", () -> {
            HttpServer server = HttpServer.create(new InetSocketAddress(here, 0), 50);
            ExecutorService pool = Executors.newFixedThreadPool(4);
            server.setExecutor(pool);
            server.createContext("/", exchange -> {
                byte[] text = (exchange.getRequestURI() + " " + exchange.getRequestBody().readAllBytes().length).getBytes();
                exchange.sendResponseHeaders(200, text.length);
                exchange.getResponseBody().write(text);
                exchange.close();
            });
            server.start();
            String base = "http://" + here.getHostAddress() + ":" + server.getAddress().getPort();
            for (String kept : new String[] {"keep-alive", "close"})
                for (int i = 0; i < 100; i++) {
                    HttpURLConnection connection = (HttpURLConnection) new URL(base + "/" + i).openConnection();
                    connection.setRequestProperty("Connection", kept);
                    same("/" + i + " 0", all(connection.getInputStream()));
                }
            HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 200; i++)
                answers.add(client.sendAsync(HttpRequest.newBuilder(URI.create(base + "/" + i)).timeout(Duration.ofSeconds(20))
                    .POST(HttpRequest.BodyPublishers.ofString("p".repeat(i))).build(), HttpResponse.BodyHandlers.ofString()));
            for (int i = 0; i < 200; i++)
                same("/" + i + " " + i, answers.get(i).get().body());
            server.stop(0);
            pool.shutdown();
        });
    }

    static void files() {
        cases.put("files", () -> {
            for (int i = 0; i < 300; i++)
                Files.writeString(folder.resolve("f" + i), "x".repeat(i));
            try (Stream<Path> list = Files.list(folder)) {
                same(300L, list.filter(path -> path.getFileName().toString().startsWith("f")).count());
            }
            for (int i = 0; i < 300; i++)
                same((long) i, Files.size(folder.resolve("f" + i)));
            fails(NoSuchFileException.class, () -> Files.readString(folder.resolve("missing")));
            fails(FileAlreadyExistsException.class, () -> Files.createFile(folder.resolve("f1")));
        });
        cases.put("a file at places, mapped, locked and sent", () -> {
            Path path = folder.resolve("places");
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[1 << 20]));
                channel.write(ByteBuffer.wrap("here".getBytes()), 5000);
                MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
                same((byte) 'h', mapped.get(5000));
                mapped.put(5000, (byte) 'H');
                mapped.force();
                ByteBuffer buffer = ByteBuffer.allocate(4);
                channel.read(buffer, 5000);
                same("Here", new String(buffer.array()));
                try (FileLock lock = channel.lock()) {
                    fails(OverlappingFileLockException.class, () -> channel.tryLock());
                }
                try (FileChannel to = FileChannel.open(folder.resolve("sent"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                    same((long) (1 << 20), channel.transferTo(0, 1 << 20, to));
                }
                channel.truncate(10);
                same(10L, channel.size());
            }
            fails(ClosedChannelException.class, () -> {
                FileChannel closed = FileChannel.open(path);
                closed.close();
                closed.size();
            });
        });
        cases.put("streams through gzip", () -> {
            byte[] data = new byte[4 << 20];
            new Random(1).nextBytes(data);
            Path path = folder.resolve("packed");
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
                out.write(data);
            }
            try (InputStream in = new GZIPInputStream(Files.newInputStream(path))) {
                same(true, Arrays.equals(data, in.readAllBytes()));
            }
        });
        cases.put("a folder that is watched", () -> {
            try (WatchService watcher = FileSystems.getDefault().newWatchService()) {
                folder.register(watcher, StandardWatchEventKinds.ENTRY_CREATE);
                Files.createFile(folder.resolve("watched"));
                same(true, watcher.poll(10, TimeUnit.SECONDS) != null);
            }
        });
    }

    static void threads() {
        cases.put("threads that come and go", () -> {
            AtomicInteger count = new AtomicInteger();
            for (int round = 0; round < 20; round++) {
                List<Thread> threads = IntStream.range(0, 100).mapToObj(i -> new Thread(count::incrementAndGet)).collect(Collectors.toList());
                threads.forEach(Thread::start);
                for (Thread thread : threads)
                    thread.join();
            }
            same(2000, count.get());
        });
        cases.put("locks and conditions", () -> {
            ReentrantLock lock = new ReentrantLock();
            Condition changed = lock.newCondition();
            int[] turn = {0};
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int number = i;
                threads.add(new Thread(() -> {
                    for (int round = 0; round < 200; round++) {
                        lock.lock();
                        try {
                            while (turn[0] % 4 != number)
                                changed.awaitUninterruptibly();
                            turn[0]++;
                            changed.signalAll();
                        } finally {
                            lock.unlock();
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads)
                thread.join(20000);
            same(800, turn[0]);
        });
        cases.put("monitors with waits that run out", () -> {
            Object monitor = new Object();
            long begin = System.nanoTime();
            synchronized (monitor) {
                monitor.wait(30);
            }
            same(true, System.nanoTime() - begin >= 29_000_000);
            Thread thread = new Thread(() -> LockSupport.parkNanos(20_000_000_000L));
            thread.start();
            LockSupport.unpark(thread);
            thread.join(10000);
            same(false, thread.isAlive());
        });
        cases.put("interrupted sleep", () -> {
            AtomicBoolean woken = new AtomicBoolean();
            Thread thread = new Thread(() -> {
                try {
                    Thread.sleep(20000);
                } catch (InterruptedException expected) {
                    woken.set(true);
                }
            });
            thread.start();
            Thread.sleep(30);
            thread.interrupt();
            thread.join(10000);
            same(true, woken.get());
        });
        cases.put("a parallel sum", () -> same(49999995000000L, LongStream.range(0, 10_000_000).parallel().sum()));
        cases.put("scheduled tasks", () -> {
            ScheduledExecutorService pool = Executors.newScheduledThreadPool(2);
            CountDownLatch latch = new CountDownLatch(20);
            pool.scheduleAtFixedRate(latch::countDown, 1, 1, TimeUnit.MILLISECONDS);
            same(true, latch.await(10, TimeUnit.SECONDS));
            pool.shutdownNow();
            same(true, pool.awaitTermination(5, TimeUnit.SECONDS));
        });
        cases.put("a deep stack", () -> {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            for (int i = 0; i < 5; i++) {
                Thread thread = new Thread(null, () -> {
                    try {
                        down(0);
                    } catch (StackOverflowError error) {
                        thrown.set(error);
                    }
                }, "deep", 1 << 20);
                thread.start();
                thread.join();
                same(true, thrown.getAndSet(null) != null);  // a fault in a guard page, turned into this by the JVM's handler
            }
        });
        cases.put("pointers that are null", () -> {
            int caught = 0;
            for (int i = 0; i < 200_000; i++)
                try {
                    caught += length(i % 2 == 0 ? null : "x");
                } catch (NullPointerException expected) {
                    caught++;  // in compiled code: a fault as well
                }
            same(200_000, caught);
        });
        cases.put("stacks of all threads", () -> {
            for (int i = 0; i < 20; i++)
                same(true, ManagementFactory.getThreadMXBean().dumpAllThreads(true, true).length > 2);
        });
    }

    static int down(int depth) {
        return down(depth + 1) + 1;
    }

    static int length(String text) {
        return text.length();
    }

    static void memory() {
        cases.put("garbage", () -> {
            Map<Integer, byte[]> kept = new HashMap<>();
            for (int i = 0; i < 400_000; i++)
                kept.put(i % 5000, new byte[1000 + i % 100]);
            System.gc();
            same(5000, kept.size());
        });
        cases.put("memory outside the heap", () -> {
            for (int i = 0; i < 200; i++) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
                buffer.putInt(1 << 19, i);
                same(i, buffer.getInt(1 << 19));
            }
        });
        cases.put("memory that does not suffice", () -> {
            Process process = java("Smoke", "exhaust");
            same("caught OutOfMemoryError\n", all(process.getInputStream()));
            same(0, process.waitFor());
        });
    }

    static void processes() {
        cases.put("exit codes", () -> {
            for (int i = 0; i < 40; i++)
                same(i, new ProcessBuilder("sh", "-c", "exit " + i).start().waitFor());
            fails(IOException.class, () -> new ProcessBuilder("/no/such/program").start());
        });
        cases.put("what children read and print", () -> {
            Process process = new ProcessBuilder("tr", "a-z", "A-Z").start();
            Thread writer = new Thread(() -> {
                try (OutputStream out = process.getOutputStream()) {
                    out.write("text\n".repeat(20000).getBytes());
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            });
            writer.start();
            same("TEXT\n".repeat(20000), all(process.getInputStream()));
            same(0, process.waitFor());
        });
        cases.put("children at once, and ended", () -> {
            List<Process> processes = new ArrayList<>();
            for (int i = 0; i < 20; i++)
                processes.add(new ProcessBuilder("sleep", "30").start());
            processes.forEach(Process::destroy);
            for (Process process : processes)
                same(143, process.waitFor());
        });
        cases.put("a shutdown hook at exit and at a signal", () -> {
            Process process = java("Smoke", "hook");
            same("hook\n", all(process.getInputStream()));
            same(6, process.waitFor());
            process = java("Smoke", "wait");
            BufferedReader reader = process.inputReader();
            same("waits", reader.readLine());
            process.toHandle().destroy();  // which leaves its streams open
            same("hook", reader.readLine());
            same(143, process.waitFor());
        });
        cases.put("a JVM by every garbage collector", () -> {
            for (String collector : new String[] {"Serial", "Parallel", "G1", "Z", "Shenandoah"}) {
                Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx128m", "-XX:+IgnoreUnrecognizedVMOptions",
                    "-XX:+Use" + collector + "GC", "-cp", System.getProperty("java.class.path"), "Smoke", "hook").redirectErrorStream(true).start();
                same(collector + ": hook\n", collector + ": " + all(process.getInputStream()));
                same(6, process.waitFor());
            }
        });
    }

    public static void main(String[] arguments) throws Exception {
        String role = arguments.length > 0 ? arguments[0] : "all";
        if (!role.equals("all")) {
            if (role.equals("exhaust")) {
                try {
                    same(0, new long[1 << 28].length);
                } catch (OutOfMemoryError expected) {
                    System.out.println("caught OutOfMemoryError");
                }
                return;
            }
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
            if (role.equals("hook"))
                System.exit(6);
            System.out.println("waits");
            Thread.sleep(60000);
            return;
        }
        folder = Files.createTempDirectory("smoke-");
        sockets();
        channels();
        web();
        files();
        threads();
        memory();
        processes();
        for (Map.Entry<String, Body> one : cases.entrySet()) {
            FutureTask<Void> task = new FutureTask<>(() -> {
                one.getValue().run();
                return null;
            });
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.start();
            try {
                task.get(40, TimeUnit.SECONDS);
                System.out.println("ok " + one.getKey());
            } catch (ExecutionException | TimeoutException error) {
                String why = String.valueOf(error.getCause() == null ? "did not end" : error.getCause());
                System.out.println("not ok " + one.getKey() + ": " + why.replace('\n', ' '));
            }
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
        System.out.println("ok end");
        System.exit(0);
    }
}
