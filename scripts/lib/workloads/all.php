<?php
// Arrays, strings, files, processes, streams; prints only what is always the same.
$scale = (int)($argv[1] ?? 1);

$table = [];
for ($i = 0; $i < 200000 * $scale; $i++) {
    $table['k' . ($i * 7919 % 10007)][] = $i;
}
ksort($table);
echo 'array ', count($table), ' ', hash('sha256', json_encode($table)), "\n";

$text = implode(' ', range(1, 50000));
echo 'regex ', preg_match_all('/\b(\d)\d*\1\b/', $text), ' ',
    strlen(preg_replace_callback('/\d+/', fn($m) => dechex((int)$m[0]), $text)), "\n";

$file = tempnam('.', 'php');
for ($i = 0; $i < 2000 * $scale; $i++) {
    file_put_contents($file, "line $i\n", FILE_APPEND | LOCK_EX);
}
echo 'file ', filesize($file), ' ', count(file($file)), "\n";
echo 'missing ', var_export(@file_get_contents('no-such-file'), true), "\n";

for ($i = 0; $i < 10; $i++) {
    $process = proc_open(['/bin/sh', '-c', "cat; exit $i"], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    fwrite($pipes[0], "to child $i");
    fclose($pipes[0]);
    echo stream_get_contents($pipes[1]), ' ';
    fclose($pipes[1]);
    echo proc_close($process), "\n";
}
echo 'shell ', shell_exec('seq 1 1000 | wc -l');

$server = stream_socket_server('tcp://127.0.0.1:0');
$name = stream_socket_get_name($server, false);
$sum = '';
for ($i = 0; $i < 100; $i++) {
    $client = stream_socket_client("tcp://$name");
    $peer = stream_socket_accept($server, 5);
    fwrite($client, "hello $i\n");
    fwrite($peer, strrev(trim(fgets($peer))) . "\n");
    $sum .= fgets($client);
    fclose($client);
    fclose($peer);
}
echo 'sockets ', hash('sha256', $sum), "\n";
echo 'refused ', var_export(@stream_socket_client('tcp://127.0.0.1:1', $code, $message, 1), true),
    " $code\n";
usleep(20000);
exit(8);
